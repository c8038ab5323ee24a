"""External potentials: the term ∫ V rho."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from wgflow._typing import Array
from wgflow.asked import AXES, TIME_FIRST, Asked, Multiple
from wgflow.domain import Box
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula, times
from wgflow.errors import DivergenceError, InputError
from wgflow.grid import Grid

__all__ = ["Confinement", "Potential"]

logger = logging.getLogger(__name__)

JUMP = 0.1  # of the range of a potential, between the ends of a periodic axis


@dataclass(frozen=True)
class Potential(Term):
    """The term ∫ V rho.

    Parameters
    ----------
    function : callable
        ``V(x, y, ...)`` on arrays of coordinates; ``V(t, x, y, ...)`` if it depends on time.
    time_dependent : bool
        Whether the first argument of the function is the time.

    Examples
    --------
    >>> from wgflow import Box, Grid
    >>> term = Potential(lambda x: x**2 / 2).discretize(Grid(Box((-1, 1)), 4))
    >>> [float(v) for v in term.first_variation(None, 0.0)]
    [0.28125, 0.03125, 0.03125, 0.28125]
    """

    function: Callable[..., Array]
    time_dependent: bool = False

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Evaluate the potential at the cell centres."""
        return _DiscretePotential(self, grid)

    def scaled(self, factor: float) -> Potential:
        """Return the term multiplied by a number."""
        return Potential(Multiple(self.function, factor), self.time_dependent)

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        name = f"V{letters.label}"
        at = rf"{name}(t, \cdot)" if self.time_dependent else name
        factor = Multiple.in_front(self.function)
        if factor == 0:
            return TermFormula("")
        return TermFormula(times(factor, rf"\int {at}\,\rho"), times(factor, at), letter="V")


@dataclass(frozen=True)
class Confinement(Term):
    """The term λ/2 ∫ |theta|² rho, the weight decay of a network.

    Parameters
    ----------
    strength : float
        λ, at least 0.
    axes : tuple of int, optional
        Coordinates that decay; all if omitted. A periodic coordinate must not decay.

    Raises
    ------
    InputError
        If the strength is negative or not finite.
    """

    strength: float
    axes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.strength) and self.strength >= 0):
            raise InputError(f"confinement strength {self.strength}: give a finite number >= 0")

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Evaluate λ|theta|²/2 at the cell centres."""

        def square(*coordinates: Array) -> Array:
            chosen = range(len(coordinates)) if self.axes is None else self.axes
            if not {*chosen} <= {*range(len(coordinates))}:
                raise InputError(
                    f"axes {self.axes} of the confinement: the domain has 0 to "
                    f"{len(coordinates) - 1}"
                )
            total: Array = sum((coordinates[a] ** 2 for a in chosen), start=np.zeros(grid.shape))
            return self.strength / 2 * total

        return _DiscretePotential(Potential(square), grid)

    def scaled(self, factor: float) -> Confinement:
        """Return the term multiplied by a number."""
        return replace(self, strength=factor * self.strength)

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term, with the number λ/2."""
        if self.strength == 0:
            return TermFormula("")
        square = letters.square(self.axes)
        factor = self.strength / 2
        return TermFormula(times(factor, rf"\int {square}\,\rho"), times(factor, square))


class _DiscretePotential(DiscreteTerm):
    def __init__(self, term: Potential, grid: Grid) -> None:
        self.term, self.grid = term, grid
        self.time_dependent = term.time_dependent
        self._name = "the time-dependent potential" if term.time_dependent else "the potential"
        self._takes = TIME_FIRST if term.time_dependent else AXES
        self._at = 0.0
        self._values = self._evaluate(0.0)
        self._warn_of_jumps()

    def _evaluate(self, time: float) -> Array:
        arguments = (*self._time(time), *self.grid.coordinates)
        raw = Asked(self.term.function, self._name, self._takes)(*arguments)
        try:
            values = self.grid.kept(raw)
        except ValueError:
            raise InputError(
                f"the potential has shape {raw.shape} on a grid of shape {self.grid.shape}: "
                "return one value for each entry of the coordinate arrays"
            ) from None
        found = self.grid.found(~np.isfinite(values))
        if found is not None:
            count, point, _ = found
            when = f" at t = {time:.6g}" if self.time_dependent else ""
            error = DivergenceError if time > 0 else InputError
            raise error(
                f"the potential is not finite{when} in {count} cells, first at ({point}): "
                "change it or the domain, or shift the cells so that no centre meets a singularity"
            )
        return values

    def _warn_of_jumps(self) -> None:
        """Tell of a periodic axis whose two ends, one point, have different values."""
        if not isinstance(self.grid.box, Box):
            return
        for number, (name, axis) in enumerate(
            zip(self.grid.box.names, self.grid.box.axes, strict=True)
        ):
            if not axis.periodic:
                continue
            ends = []
            for bound in (axis.lower, axis.upper):
                where = list(self.grid.coordinates)
                where[number] = np.full(self.grid.shape, bound)
                with np.errstate(all="ignore"):
                    ends.append(Asked(self.term.function, self._name)(*self._time(0.0), *where))
            jump = float(np.max(np.abs(ends[1] - ends[0]), initial=0.0))
            if jump > JUMP * float(np.ptp(self._values)):
                logger.warning(
                    "%s is not periodic: it jumps by %.3g between the ends of axis %s, which are "
                    "the same point; make it periodic, or the axis bounded",
                    *(self._name, jump, name),
                )

    def _time(self, time: float) -> tuple[float, ...]:
        return (time,) if self.time_dependent else ()

    def _values_at(self, time: float) -> Array:
        if self.time_dependent and time != self._at:
            self._at, self._values = time, self._evaluate(time)
        return self._values

    def value(self, density: Array, time: float) -> float:
        """Value ∫ V rho."""
        return self.grid.integrate_product(self._values_at(time), density)

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation V at the cell centres."""
        return self._values_at(time)

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation 0: the term is linear."""
        return np.zeros(self.grid.shape)
