"""What the scaling benchmark measures, at which sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "CHECKED",
    "COUNTED",
    "EXCHANGES",
    "FITTED",
    "MEMORY_RANKS",
    "REDUCTIONS",
    "TIMED",
    "Timed",
]

TRIAD = 1 << 24  # numbers: 128 MiB an array


@dataclass(frozen=True)
class Timed:
    """A case that is timed in serial, on one rank, on two, and on two with twice the cells."""

    label: str
    case: str
    words: dict[str, Any]
    weak: dict[str, Any]
    unit: str
    goal: str = ""


def _plane(
    label: str, case: str, n: int, unit: str, goal: str = "", widened: bool = True, **more: Any
) -> Timed:
    """A case on n² cells; with twice the cells the domain is twice as wide, its cells the same."""
    stretch = {"stretch": 2.0} if widened else {}
    words = {"cells": [n, n], **more}
    return Timed(label, case, words, {"cells": [2 * n, n], **stretch, **more}, unit, goal)


TIMED = (
    Timed("triad", "triad", {"cells": TRIAD}, {"cells": 2 * TRIAD}, "pass"),
    _plane("explicit, 1024²", "rkl2", 1024, "stage", "explicit"),
    _plane("explicit, 2048²", "rkl2", 2048, "stage", "explicit"),
    _plane("explicit muscl, 1024²", "muscl", 1024, "stage", "explicit"),
    _plane("implicit, 512²", "implicit", 512, "step", "implicit"),
    _plane("implicit, 1024²", "implicit", 1024, "step", "implicit"),
    _plane("features, K = 20, 1000²", "features", 1000, "pass", "memory", False, rank=20),
    _plane("features, K = 64, 1000²", "features", 1000, "pass", "memory", False, rank=64),
    _plane("FFT, 1024²", "fft", 1024, "convolution", "", False),
)

# compared between serial, two and four ranks
CHECKED = (
    ("explicit", "rkl2", {"cells": [256, 250]}),
    ("explicit muscl", "muscl", {"cells": [256, 250]}),
    ("implicit", "implicit", {"cells": [256, 250]}),
    ("features", "features", {"cells": [256, 250], "rank": 20}),
    ("FFT", "fft", {"cells": [256, 250]}),
)

# on one rank, from small to large: what a call costs, and what a cell
FITTED: dict[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    "explicit, 2-D": ("rkl2", tuple({"cells": [n, n]} for n in (16, 64, 256, 1024))),
    "explicit, 3-D": ("rkl2", tuple({"cells": [n] * 3} for n in (8, 32, 128))),
    "explicit, 4-D": ("rkl2", tuple({"cells": [n] * 4} for n in (6, 16, 32))),
    "implicit, 2-D": ("implicit", tuple({"cells": [n, n]} for n in (16, 256, 1024))),
    "implicit, 3-D": ("implicit", tuple({"cells": [n] * 3} for n in (8, 40, 80))),
    "features, K = 20": ("features", tuple({"cells": [n, n], "rank": 20} for n in (16, 128, 1000))),
    "FFT, 2-D": ("fft", tuple({"cells": [n, n]} for n in (16, 128, 1024))),
    "FFT, 3-D": ("fft", tuple({"cells": [n] * 3} for n in (8, 32, 128))),
    "FFT, 4-D": ("fft", tuple({"cells": [n] * 4} for n in (6, 16, 32))),
}

EXCHANGES = tuple({"cells": [8, n]} for n in (16, 256, 4096, 65536))
REDUCTIONS = tuple({"numbers": n} for n in (1, 64, 4096))

# collectives a unit, and iterations, by the number of ranks
COUNTED = (
    ("explicit", "rkl2", {"cells": [256, 256]}),
    ("explicit muscl", "muscl", {"cells": [256, 256]}),
    ("implicit", "implicit", {"cells": [512, 512]}),
    ("implicit, 3-D", "implicit", {"cells": [40, 40, 40]}),
    ("features", "features", {"cells": [256, 256], "rank": 20}),
    ("FFT", "fft", {"cells": [256, 256]}),
)

MEMORY_RANKS = (20, 64, 128)  # features of the run in four dimensions
