"""What a term of the free energy is, on the continuum and on a grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["DiscreteTerm", "Energy", "Term"]


class DiscreteTerm(ABC):
    """A term of the free energy on the cells of one grid.

    Densities and variations are arrays of the grid's shape. The first variation ``xi`` is
    the derivative of the value by the mass of each cell, so that a change ``d`` of the
    density changes the value by ``sum(xi * d * volumes)`` to first order.

    Attributes
    ----------
    interacting : bool
        Whether the first variation depends on the density.
    local : bool
        Whether it is a function of the density of the cell alone: entropy and power laws.
    time_dependent : bool
        Whether it depends on time by itself.
    quadratic : bool
        Whether the value of a term that is not local is at most quadratic in the density. The
        first variation at the mean of two densities then gives the difference of their
        values; of any other term implicit steps take that at the new density, which bounds
        the difference if the term is convex.
    """

    interacting: ClassVar[bool] = False
    local: ClassVar[bool] = False
    time_dependent: bool = False
    quadratic: bool = True

    @abstractmethod
    def value(self, density: Array, time: float) -> float:
        """Value of the term."""

    @abstractmethod
    def first_variation(self, density: Array, time: float) -> Array:
        """First variation at the cell centres."""

    @abstractmethod
    def second_variation(self, density: Array, direction: Array) -> Array:
        """Differentiate the first variation in a direction (a density)."""

    def stiffest_variation(self, direction: Array) -> Array:
        """Second variation where it is largest: anywhere, if the term is quadratic."""
        return self.second_variation(direction, direction)

    def steepness(self) -> Array | None:
        """Sum of w_k |∇Φ_k|² over the features in each cell; None of terms without features."""
        return None


class Term(ABC):
    """A term of the free energy of a density on a box; terms add up with ``+``."""

    @abstractmethod
    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Give the term on the cells of a grid."""

    def __add__(self, other: Term | Energy) -> Energy:
        return Energy((self,)) + other


@dataclass(frozen=True)
class Energy:
    """A sum of terms.

    Examples
    --------
    >>> from wgflow.energies import Confinement, Entropy
    >>> len((Confinement(1.0) + Entropy(0.5)).terms)
    2
    """

    terms: tuple[Term, ...]

    def __add__(self, other: Term | Energy) -> Energy:
        if isinstance(other, Energy):
            return Energy(self.terms + other.terms)
        if not isinstance(other, Term):
            name = getattr(other, "__name__", None)
            remedy = f"write {name}(...)" if isinstance(other, type) else "add terms only"
            raise InputError(f"{name or repr(other)} is no term of an energy: {remedy}")
        return Energy((*self.terms, other))
