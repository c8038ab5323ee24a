"""The file of the neurons of finite networks beside a density."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.io.files import atomically
from wgflow.plots.neurons import Neurons

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["load_neurons", "save_neurons"]

NAME = "particles.h5"
LARGEST = 2**23  # bytes before packing; networks beyond it are left out, but not the first

logger = logging.getLogger(__name__)


def save_neurons(directory: Path, solution: Solution, coordinates: Array) -> None:
    """Write particles.h5: as many networks as fit into 8 MiB, in single precision.

    Parameters
    ----------
    directory : Path
    solution : Solution
        The density beside which they were run.
    coordinates : (S, M, D, N) array
        Of M networks of N neurons at the times of its S snapshots.
    """
    import h5py

    one = coordinates[:, 0].size * np.dtype("f4").itemsize
    kept = coordinates[:, : max(1, LARGEST // max(1, one))]

    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            file["time"] = solution.times
            data = file.create_dataset(
                "coordinates", data=kept.astype("f4"), compression="gzip", shuffle=True
            )
            data.attrs["axes"] = ["time", "network", "coordinate", "neuron"]
            data.attrs["names"] = list(solution.grid.box.names)
            data.attrs["networks"] = coordinates.shape[1]  # that were run
            data.attrs["energy"] = _mark(solution)

    atomically(directory / NAME, write)


def load_neurons(directory: Path, solution: Solution) -> Neurons | None:
    """Read particles.h5.

    Returns
    -------
    Neurons or None
        None if there is none, and, with a warning, if it is of another density: a run may have
        overwritten the one that the networks were compared with.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    path = directory / NAME
    if not path.exists():
        return None
    import h5py

    try:
        with h5py.File(path) as file:
            if file["coordinates"].attrs["energy"] != _mark(solution):
                logger.warning("%s is of an earlier result and is not drawn: remove it", path)
                return None
            return Neurons(file["time"][()], file["coordinates"][()])
    except (OSError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read ({reason}): remove it, or run again") from None


def _mark(solution: Solution) -> float:
    """Give what tells one density from another: its last energy, to the last digit."""
    return float(solution.history["energy"][-1])
