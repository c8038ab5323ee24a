"""Norms and Wasserstein distances of two densities on one grid."""

from wgflow.called import answer_all
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
from wgflow.distances.samples import first_marginal, sample_wasserstein1

__all__ = [
    "DIRECTIONS",
    "NORMS",
    "available",
    "directions",
    "distance",
    "first_marginal",
    "l1",
    "l2",
    "linf",
    "sample_wasserstein1",
    "wasserstein1",
    "wasserstein2",
]

answer_all(globals())
