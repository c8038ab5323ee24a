"""Array types shared by every room of the package."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
# What a checkpoint keeps of one object; arrays of a stepper have the grid's shape unless it
# says otherwise, those of an observer are the same on all ranks.
Values = dict[str, float | int | Array | None]
