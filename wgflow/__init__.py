"""wgflow: density equations that are gradient flows, solved by finite volumes.

The main object is the equation ∂t rho = s(t) ∇·(rho ∇ δF/δrho) for a probability density on
a box, among them the distributional dynamics of wide neural networks.

Examples
--------
>>> import numpy as np
>>> import wgflow as wg
>>> problem = wg.Problem(
...     domain=wg.Box((-6, 6)),
...     energy=wg.Confinement(1.0) + wg.Entropy(temperature=0.5),
...     initial=lambda x: np.exp(-((x - 1) ** 2)),
... )
>>> solution = wg.solve(problem, cells=200, until=1.0)
>>> solution.status
'finished'
"""

from wgflow._typing import Array
from wgflow._version import __version__
from wgflow.concentration import Concentration
from wgflow.convergence import ConvergenceTable, Reference, convergence
from wgflow.domain import Axis, Box, Clustered, Tabulated
from wgflow.energies import (
    Confinement,
    Entropy,
    FeatureInteraction,
    Interaction,
    PolynomialInteraction,
    Potential,
    PowerLaw,
    Risk,
)
from wgflow.errors import (
    ConcentrationError,
    DivergenceError,
    InputError,
    Interrupted,
    SolverError,
    StabilityError,
    WgflowError,
)
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import MUSCL, BailoCarrilloHu, ScharfetterGummel, Upwind
from wgflow.follow import Follow
from wgflow.grid import Grid
from wgflow.io import Checkpoint
from wgflow.mesh import Mesh, Region
from wgflow.observers import Observer
from wgflow.problem import Problem
from wgflow.progress import Callback, Progress
from wgflow.solution import Solution
from wgflow.solve import solve
from wgflow.steppers import RKL2, SDIRK2, SSPRK2, SSPRK3, ImplicitEuler
from wgflow.stored import load

__all__ = [
    "MUSCL",
    "RKL2",
    "SDIRK2",
    "SSPRK2",
    "SSPRK3",
    "Array",
    "Axis",
    "BailoCarrilloHu",
    "Box",
    "Callback",
    "Checkpoint",
    "Clustered",
    "Concentration",
    "ConcentrationError",
    "Confinement",
    "ConvergenceTable",
    "DivergenceError",
    "Entropy",
    "FeatureInteraction",
    "FiniteVolume",
    "Follow",
    "Grid",
    "ImplicitEuler",
    "InputError",
    "Interaction",
    "Interrupted",
    "Mesh",
    "Observer",
    "PolynomialInteraction",
    "Potential",
    "PowerLaw",
    "Problem",
    "Progress",
    "Reference",
    "Region",
    "Risk",
    "ScharfetterGummel",
    "Solution",
    "SolverError",
    "StabilityError",
    "Tabulated",
    "Upwind",
    "WgflowError",
    "__version__",
    "convergence",
    "load",
    "solve",
]
