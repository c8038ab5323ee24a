"""What is measured between two of the coupled dynamics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.particles.trajectory import Trajectory

__all__ = ["EXPECTED", "NORMS", "Errors", "columns", "distance", "in_columns"]

EXPECTED = {"rho-ND": -0.5, "ND-PD": -0.5, "PD-GD": 1.0, "GD-SGD": 0.5}
"""Slopes of the theorems: the first two in N, the others in the step."""

NORMS = {
    "rho-ND": ("pred", "risk"),
    "ND-PD": ("rms", "max", "risk"),
    "PD-GD": ("rms", "max", "risk"),
    "GD-SGD": ("rms", "max", "risk"),
}
"""Norms measured for each pair; the first is the one in which the slope is claimed."""

Errors = dict[tuple[str, str], float]


def columns(name: str) -> list[tuple[str, str]]:
    """List the pairs and norms that are measured against N, or against the step."""
    return [
        (pair, norm)
        for pair, norms in NORMS.items()
        for norm in norms
        if (EXPECTED[pair] < 0) == (name == "N")
    ]


def in_columns(errors: Sequence[Errors], name: str) -> Array:
    """Give an array (levels, columns), which a study can keep."""
    return np.array([[level[key] for key in columns(name)] for level in errors])


def distance(pair: str, one: Trajectory, other: Trajectory) -> Errors:
    """Sup over times of the distance of two runs in the three norms."""
    apart = np.sum((one.theta - other.theta) ** 2, axis=2)  # (T, N)
    return {
        (pair, "rms"): math.sqrt(float(apart.mean(axis=1).max())),
        (pair, "max"): math.sqrt(float(apart.max())),
        (pair, "risk"): float(np.max(np.abs(one.risk - other.risk))),
    }
