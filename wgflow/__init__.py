"""wgflow: density equations that are gradient flows, solved by finite volumes.

It solves the equation ∂t rho = s(t) ∇·(rho ∇ δF/δrho) for a probability density on a box or a
mesh; the distributional dynamics of wide neural networks is one example.

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

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wgflow._version import __version__ as __version__

if TYPE_CHECKING:
    from wgflow._typing import Array as Array
    from wgflow.concentration import Concentration as Concentration
    from wgflow.convergence import ConvergenceTable as ConvergenceTable
    from wgflow.convergence import Reference as Reference
    from wgflow.convergence import convergence as convergence
    from wgflow.domain import Axis as Axis
    from wgflow.domain import Box as Box
    from wgflow.domain import Clustered as Clustered
    from wgflow.domain import Tabulated as Tabulated
    from wgflow.energies import Confinement as Confinement
    from wgflow.energies import Entropy as Entropy
    from wgflow.energies import FeatureInteraction as FeatureInteraction
    from wgflow.energies import Interaction as Interaction
    from wgflow.energies import PolynomialInteraction as PolynomialInteraction
    from wgflow.energies import Potential as Potential
    from wgflow.energies import PowerLaw as PowerLaw
    from wgflow.energies import Risk as Risk
    from wgflow.errors import ConcentrationError as ConcentrationError
    from wgflow.errors import DivergenceError as DivergenceError
    from wgflow.errors import InputError as InputError
    from wgflow.errors import Interrupted as Interrupted
    from wgflow.errors import SolverError as SolverError
    from wgflow.errors import StabilityError as StabilityError
    from wgflow.errors import WgflowError as WgflowError
    from wgflow.finite_volume import FiniteVolume as FiniteVolume
    from wgflow.fluxes import MUSCL as MUSCL
    from wgflow.fluxes import BailoCarrilloHu as BailoCarrilloHu
    from wgflow.fluxes import ScharfetterGummel as ScharfetterGummel
    from wgflow.fluxes import Upwind as Upwind
    from wgflow.follow import Follow as Follow
    from wgflow.grid import Grid as Grid
    from wgflow.io import Checkpoint as Checkpoint
    from wgflow.mesh import Mesh as Mesh
    from wgflow.mesh import Region as Region
    from wgflow.observers import Observer as Observer
    from wgflow.problem import Problem as Problem
    from wgflow.progress import Callback as Callback
    from wgflow.progress import Progress as Progress
    from wgflow.solution import Solution as Solution
    from wgflow.solve import solve as solve
    from wgflow.steppers import RKL2 as RKL2
    from wgflow.steppers import SDIRK2 as SDIRK2
    from wgflow.steppers import SSPRK2 as SSPRK2
    from wgflow.steppers import SSPRK3 as SSPRK3
    from wgflow.steppers import ImplicitEuler as ImplicitEuler
    from wgflow.stored import load as load

# What the package offers, by the room it is in: loaded when it is first asked for, since a
# command such as `wgflow --help` needs none of it.
_ROOMS = {
    "_typing": "Array",
    "concentration": "Concentration",
    "convergence": "ConvergenceTable Reference convergence",
    "domain": "Axis Box Clustered Tabulated",
    "energies": "Confinement Entropy FeatureInteraction Interaction PolynomialInteraction "
    "Potential PowerLaw Risk",
    "errors": "ConcentrationError DivergenceError InputError Interrupted SolverError "
    "StabilityError WgflowError",
    "finite_volume": "FiniteVolume",
    "fluxes": "MUSCL BailoCarrilloHu ScharfetterGummel Upwind",
    "follow": "Follow",
    "grid": "Grid",
    "io": "Checkpoint",
    "mesh": "Mesh Region",
    "observers": "Observer",
    "problem": "Problem",
    "progress": "Callback Progress",
    "solution": "Solution",
    "solve": "solve",
    "steppers": "RKL2 SDIRK2 SSPRK2 SSPRK3 ImplicitEuler",
    "stored": "load",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}

__all__ = ["__version__", *_HOMES]


class _Package(ModuleType):
    """The package: it loads names late, and a room never hides a function of the same name."""

    def __getattr__(self, name: str) -> Any:
        if name in _HOMES:
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
            setattr(self, name, value)
            return value
        room = f"{__name__}.{name}"
        try:
            return import_module(room)  # wgflow.catalog needs no import of its own
        except ModuleNotFoundError as missing:
            if missing.name != room:
                raise
        known = [*_HOMES, "catalog", "distances", "networks", "particles", "stationary"]
        nearest = import_module(f"{__name__}.errors").nearest_first(name, known)
        listed = "" if name.startswith("_") else f": nearest are {', '.join(nearest[:3])}"
        raise AttributeError(
            f"module '{__name__}' has no attribute '{name}'{listed}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: object) -> None:
        # importing wgflow.solve would bind the room where `wgflow.solve` is the function
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_HOMES})


sys.modules[__name__].__class__ = _Package
import_module(f"{__name__}._compiled").keep_compiled()
import_module(f"{__name__}._compiled").keep_fonts()
