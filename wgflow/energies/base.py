"""Terms of the free energy, on the continuum and on a grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

from wgflow._typing import Array
from wgflow.errors import InputError, finite
from wgflow.fitting import shown
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


class Summand:
    """What can be added to an energy: terms, multiples of terms, energies."""

    __array_ufunc__ = None  # np.float64(2) * term is ours to answer

    def __add__(self, other: Summand) -> Energy:
        return Energy((*_terms(self), *_terms(other)))

    def __radd__(self, other: Literal[0]) -> Energy:
        """Add to the 0 that ``sum`` begins with."""
        begun = isinstance(other, int) and other == 0
        return Energy(_terms(self if begun else other))

    def __mul__(self, factor: float) -> Energy:
        if not finite(factor):
            raise InputError(f"factor {shown(factor)} of an energy: give a finite number")
        return Energy(tuple(_multiple(term, float(factor)) for term in _terms(self)))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Energy:
        if not (finite(divisor) and divisor != 0):
            raise InputError(f"an energy divided by {shown(divisor)}: give a finite number, not 0")
        return self * (1 / float(divisor))

    def __neg__(self) -> Energy:
        return self * -1.0

    def __sub__(self, other: Summand) -> Energy:
        return self + Energy(_terms(other)) * -1.0

    def __rsub__(self, other: Summand) -> Energy:
        return Energy(_terms(other)) - self  # which says that a number is no term


class Term(Summand, ABC):
    """A term of the free energy of a density on a box.

    Terms combine with ``+`` and ``-``. A number times a term, ``0.3 * Entropy(1.0)``, requires a
    method ``scaled(factor)`` that returns the multiplied term; all terms but the risk have it.
    """

    @abstractmethod
    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Return the term on the cells of a grid."""


@runtime_checkable
class Scalable(Protocol):
    """A term that can be multiplied by a number."""

    def scaled(self, factor: float) -> Term:
        """Return the term multiplied by a finite number."""
        ...


@dataclass(frozen=True)
class Energy(Summand):
    """A sum of terms.

    Examples
    --------
    >>> from wgflow.energies import Confinement, Entropy
    >>> len((Confinement(1.0) + Entropy(0.5)).terms)
    2
    >>> (3 * Confinement(1.0) + Entropy(0.5) / 2).terms
    (Confinement(strength=3.0, axes=None), Entropy(temperature=0.25))
    """

    terms: tuple[Term, ...]


def _terms(given: object) -> tuple[Term, ...]:
    """Give the terms of an energy, or the one that it is."""
    if isinstance(given, Energy):
        return given.terms
    if isinstance(given, Term):
        return (given,)
    name = getattr(given, "__name__", None)
    remedy = f"write {name}(...)" if isinstance(given, type) else "add terms only"
    raise InputError(f"{name or shown(given)} is not a term of an energy: {remedy}")


def _multiple(term: Term, factor: float) -> Term:
    if isinstance(term, Scalable):
        return term.scaled(factor)
    raise InputError(
        f"{type(term).__name__} cannot be multiplied by a number: divide the other terms by "
        f"{factor:g} and multiply Problem(time_scale=...) by it, which is the same flow"
    )
