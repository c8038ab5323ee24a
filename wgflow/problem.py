"""The continuous problem: domain, free energy, time scale, initial density, known solutions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.asked import Asked
from wgflow.called import answered
from wgflow.domain import Box
from wgflow.energies import Energy, Term
from wgflow.equation import equation, free_energy
from wgflow.errors import InputError, finite
from wgflow.fitting import shown
from wgflow.mesh import Region
from wgflow.networks.data import EmpiricalData
from wgflow.networks.network import Network
from wgflow.networks.units import Standardized
from wgflow.shown import number, page

__all__ = ["Problem"]


@answered
@dataclass(frozen=True)
class Problem:
    """The equation ∂t rho = s(t) ∇·(rho ∇ δF/δrho) with its initial density.

    Parameters
    ----------
    domain : Box or Region
        Where the density is defined; no flux passes through bounds that are not periodic.
    energy : Energy or Term
        The free energy F.
    initial : callable or array
        Density at time 0: a function of coordinate arrays, or cell averages of the grid's
        shape. It is normalized to mass 1; the factor is logged.
    time_scale : float or callable
        s(t), positive.
    exact : callable, optional
        ``exact(t, x, y, ...)``: the exact density, or a reference.
    reference : mapping of name to callable, optional
        ``reference[name](t)`` gives exact values of a recorded quantity, such as the risk.
    until : float
        Default final time of a run.
    network : Network, optional
        The finite network whose limit this is, for the particle dynamics.
    blows_up : bool
        Whether the density may collapse to a point in finite time. A run then stops with a
        ConcentrationError once most of the mass occupies a few cells.

    Raises
    ------
    InputError
        If the domain or the energy is of the wrong type, or the final time or a constant time
        scale is not positive.
    """

    domain: Box | Region
    energy: Energy | Term
    initial: Callable[..., Array] | Array
    time_scale: float | Callable[[float], float] = 1.0
    exact: Callable[..., Array] | None = None
    reference: Mapping[str, Callable[[float], float]] = field(default_factory=dict)
    until: float = 1.0
    network: Network | None = None
    blows_up: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.domain, Box | Region):
            raise InputError(
                f"the domain is {shown(self.domain)}: give a Box, such as Box((-1, 1)), or a Region"
            )
        if not isinstance(self.energy, Energy | Term):
            made = f"{self.energy.__name__}(...)" if isinstance(self.energy, type) else ""
            raise InputError(
                f"the energy is {shown(self.energy)}: give "
                f"{made or 'a term, such as Potential(...)'}, or a sum of terms"
            )
        if not (finite(self.until) and self.until > 0):
            raise InputError(f"final time {self.until!r}: give a finite number > 0")
        if not callable(self.time_scale):
            self._checked_scale(self.time_scale, 0.0)

    @property
    def box(self) -> Box:
        """The domain, which must be a box here.

        Raises
        ------
        InputError
            If it is a region.
        """
        if isinstance(self.domain, Region):
            raise InputError(f"the domain is {self.domain!r}, which has no axes: this needs a Box")
        return self.domain

    @property
    def equation(self) -> str:
        r"""The equation in LaTeX, on one line, with its numbers and the meaning of its symbols.

        Examples
        --------
        >>> from wgflow import Entropy, Potential
        >>> print(Problem(Box((-1, 1)), Potential(abs) + Entropy(0.5), abs).equation)
        \partial_t \rho = \partial_x(\rho\,\partial_x V) + 0.5\,\partial_x^2 \rho
        """
        return equation(self.domain, self.energy, self.time_scale)

    @property
    def free_energy(self) -> str:
        """The free energy in LaTeX, on one line."""
        return free_energy(self.domain, self.energy)

    @property
    def samples(self) -> dict[str, Any]:
        """Number and digest of the samples the network is trained on; empty without any.

        With :class:`~wgflow.networks.Standardized` neurons, also their centre and scale.
        """
        if self.network is None or not isinstance(self.network.data, EmpiricalData):
            return {}
        data = self.network.data
        marks: dict[str, Any] = {"count": len(data.y), "digest": data.digest}
        if isinstance(self.network.unit, Standardized):
            unit = self.network.unit
            marks |= {"centre": list(unit.centre), "scale": list(unit.scale)}
        return marks

    def scale(self, time: float) -> float:
        """Time scale s(t).

        Raises
        ------
        InputError
            If it is not a positive number.
        """
        value: Any = self.time_scale
        if callable(value):
            value = Asked(value, "the time scale", "the time").raw(time)
        return self._checked_scale(value, time)

    def __str__(self) -> str:
        """Give the equation, the energy and the domain in Unicode."""
        from wgflow.formulas import formula

        where = (
            ", ".join(f"{name} in {text}" for name, text in self.domain.lines)
            if isinstance(self.domain, Box)
            else repr(self.domain)
        )
        return f"{formula(self.equation)}\n{formula(self.free_energy)}\non {where}"

    def _repr_html_(self) -> str:
        terms = self.energy.terms if isinstance(self.energy, Energy) else (self.energy,)
        domain = [repr(self.domain)]
        if isinstance(self.domain, Box):
            domain = [f"{name} in {text}" for name, text in self.domain.lines]
        known = ["density"] if self.exact is not None else []
        rows = [
            ("equation", f"${self.equation}$"),
            ("free energy", f"${self.free_energy}$"),
            ("domain", "\n".join(domain)),
            ("energy", " + ".join(map(_in_words, terms))),
            ("time scale", "s(t)" if callable(self.time_scale) else number(self.time_scale)),
            ("until", number(self.until)),
            ("exact", ", ".join([*known, *self.reference])),
            ("network", "" if self.network is None else type(self.network.unit).__name__),
            ("blows up", "it may" if self.blows_up else ""),
        ]
        return page("Problem", rows)

    @staticmethod
    def _checked_scale(value: float, time: float) -> float:
        number = isinstance(value, int | float | np.number) or getattr(value, "shape", None) == ()
        if not (number and np.isfinite(value) and value > 0):
            raise InputError(f"time scale s({time:.6g}) = {value}: it must be finite and > 0")
        return float(value)


def _in_words(term: Term) -> str:
    """Name a term of the energy with its numbers; functions and tables are left out."""
    values: list[tuple[str, Any]] = []
    if is_dataclass(term):
        values = [(f.name, getattr(term, f.name)) for f in fields(term)]
    told = [f"{n}={v:.6g}" for n, v in values if isinstance(v, float)]
    return f"{type(term).__name__}({', '.join(told)})" if told else type(term).__name__
