"""Particle references for the density equation: nonlinear, particle, gradient-descent and SGD.

The four dynamics start from common draws and differ by one approximation each; see
:mod:`wgflow.particles.dynamics` and :func:`coupling_errors`.

**Compiled** (Numba, `_kernels`, `_activations`): steps of SGD of neurons a σ(<w, x> + b), with a
and b trained or fixed, σ piecewise linear, tanh, erf or logistic, any loss of the package, with and
without noise; and of cosine neurons with the square loss. Batches of more than `_advances.LARGE`
numbers, and all other neurons, go by matrix products of NumPy, from the same samples and to the
same numbers but for roundoff. The other dynamics are vectorized: their cost is in the features.
With noise most of the time is in drawing it.

**Resumable**: each of the four dynamics takes a :class:`Keeper`, which may keep its state between
two steps, and goes on from what it gives, bit for bit. The studies of regimes and of widths keep no
states: they ask for their networks by number, ``share(task, count)``, and whoever gives that
function (`wgflow.compare.KeptResults`) may keep what a finished one has given.

**Shared over ranks**: networks, never neurons. A study runs each network on one rank, with a
generator seeded by the study's seed and the network's own numbers, so that results depend neither
on the number of ranks nor on their order. Nothing here speaks to MPI: `wgflow.compare.Team` does.
"""

from __future__ import annotations

from wgflow.called import answer_all
from wgflow.particles.brownian import Brownian
from wgflow.particles.cosine import cosine_moments
from wgflow.particles.coupling import coupling_errors
from wgflow.particles.coupling_table import CouplingRow, CouplingSlope, CouplingTable
from wgflow.particles.dynamics import gradient_descent, nonlinear, particle
from wgflow.particles.keeping import Keeper
from wgflow.particles.lazy import LazyRun, lazy_run
from wgflow.particles.lazy_study import LazyTable, lazy_training
from wgflow.particles.schedule import Progress, Schedule
from wgflow.particles.sgd import stochastic_gradient_descent
from wgflow.particles.teacher_student import TeacherTable, teacher_student
from wgflow.particles.three_layer import Layers, ThreeLayerRun, index_spaces, three_layer_run
from wgflow.particles.three_layer_study import ThreeLayerTable, three_layer
from wgflow.particles.trajectory import Trajectory
from wgflow.particles.width import WidthTable, width_errors

__all__ = [
    "Brownian",
    "CouplingRow",
    "CouplingSlope",
    "CouplingTable",
    "Keeper",
    "Layers",
    "LazyRun",
    "LazyTable",
    "Progress",
    "Schedule",
    "TeacherTable",
    "ThreeLayerRun",
    "ThreeLayerTable",
    "Trajectory",
    "WidthTable",
    "cosine_moments",
    "coupling_errors",
    "gradient_descent",
    "index_spaces",
    "lazy_run",
    "lazy_training",
    "nonlinear",
    "particle",
    "stochastic_gradient_descent",
    "teacher_student",
    "three_layer",
    "three_layer_run",
    "width_errors",
]

answer_all(globals())
