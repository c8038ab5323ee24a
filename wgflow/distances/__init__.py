"""Norms and Wasserstein distances of two densities on one grid."""

from wgflow.distances.norms import (
    DIRECTIONS,
    NORMS,
    available,
    directions,
    distance,
    l1,
    l2,
    linf,
    wasserstein1,
    wasserstein2,
)

__all__ = [
    "DIRECTIONS",
    "NORMS",
    "available",
    "directions",
    "distance",
    "l1",
    "l2",
    "linf",
    "wasserstein1",
    "wasserstein2",
]
