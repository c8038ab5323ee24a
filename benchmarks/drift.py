"""Nonlocal drifts: features against the machine's bandwidth, and FFT convolution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import wgflow as wg
from wgflow.energies import DiscreteEnergy
from wgflow.networks import Features

from ._measure import Record, at_least, at_most, median_seconds, triad_bandwidth

NAME = "drift"
RANK, CELLS = 20, 1000  # features and cells an axis: n = 1e6
FFT_CELLS = 1024


def run() -> Iterator[Record]:
    bandwidth = triad_bandwidth()
    yield Record(
        NAME,
        "triad a = b + s c",
        bandwidth / 1e9,
        "GB/s",
        "numba, one thread, 128 MiB an array, 24 bytes a number counted",
    )
    box = wg.Box((-1.0, 1.0), (-1.0, 1.0))
    grid = wg.Grid(box, CELLS)
    energy = DiscreteEnergy(wg.Risk(_features()), grid)
    density = np.full(grid.shape, 0.25)
    seconds = median_seconds(lambda: energy.drift(density, 0.0), repeats=9)
    read = 2 * RANK * grid.size * 8  # once for the moments, once for the potential
    yield Record(
        NAME,
        f"features drift, K = {RANK}, n = 1e6",
        100 * read / seconds / bandwidth,
        "% of triad",
        f"two passes over {RANK * grid.size * 8 / 1e6:.0f} MB of features in "
        f"{seconds * 1e3:.1f} ms; only their reading is counted",
        **at_least(60, 100 * read / seconds / bandwidth, "% of triad"),
    )
    grid = wg.Grid(box, FFT_CELLS)
    kernel = wg.Interaction(lambda x, y: np.exp(-(x**2 + y**2)))
    energy = DiscreteEnergy(kernel, grid)
    density = np.full(grid.shape, 0.25)
    cost = median_seconds(lambda: energy.drift(density, 0.0)) / grid.size * 1e9
    yield Record(
        NAME,
        f"FFT interaction at {FFT_CELLS}²",
        cost,
        "ns/cell",
        "zero-padded convolution W * rho, forward and back, transform of W kept",
        **at_most(250, cost, "ns/cell"),
    )


def _features() -> Features:
    waves = np.arange(1, RANK + 1)

    def functions(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(k * x + y) for k in waves])

    def gradient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.stack(
            [
                np.stack([-k * np.sin(k * x + y) for k in waves]),
                np.stack([-np.sin(k * x + y) for k in waves]),
            ]
        )

    return Features(functions, gradient, np.ones(RANK) / RANK, np.ones(RANK), 1.0)
