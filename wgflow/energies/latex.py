r"""Terms of the free energy as formulas in LaTeX."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from wgflow.energies.base import Term

__all__ = [
    "Described",
    "Letters",
    "TermFormula",
    "braced",
    "coordinate",
    "describe",
    "number",
    "times",
]

logger = logging.getLogger(__name__)

LARGEST_DENOMINATOR = 12  # of numbers that are written as fractions
GREEK = {"alpha", "beta", "gamma", "lambda", "mu", "omega", "phi", "psi", "theta", "xi"}


@dataclass(frozen=True)
class Letters:
    """What a term has to know to write itself.

    Parameters
    ----------
    names : tuple of str
        The coordinates, in LaTeX.
    label : str
        An index of the term's own letter, such as ``_1``, where several terms share it.
    weighted : bool
        Whether densities are relative to a measure mu, as on radial axes.
    """

    names: tuple[str, ...] = ("x",)
    label: str = ""
    weighted: bool = False

    def square(self, axes: Sequence[int] | None = None) -> str:
        """Give the squared norm of the point, or of some of its coordinates."""
        count = len(self.names)
        if axes is None and count > 1 and self.names == tuple("xyzu"[:count]):
            return "|x|^2"
        chosen = range(count) if axes is None else axes
        sum_ = " + ".join(f"{self.names[axis]}^2" for axis in chosen)
        return sum_ if len(chosen) == 1 else f"({sum_})"


@dataclass(frozen=True)
class TermFormula:
    r"""What a term adds to the free energy and to the equation, in LaTeX.

    Parameters
    ----------
    energy : str
        The term of F, such as ``\int V\,\rho``; empty if it is 0.
    drift : str
        Its first variation, such as ``V``, unless it is a function of the density alone.
    temperature, power : float
        Of a term that is: it gives the diffusion ``temperature Δ rho^power``.
    meanings : tuple of str
        What the letters stand for, such as ``W(x) = |x|^2``.
    letter : str
        The letter that several terms of the kind have to share.
    """

    energy: str
    drift: str = ""
    temperature: float = 0.0
    power: float = 1.0
    meanings: tuple[str, ...] = ()
    letter: str = ""


@runtime_checkable
class Described(Protocol):
    """A term that says what it is."""

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        ...


def describe(term: Term, letters: Letters) -> TermFormula:
    """Give the formulas of a term; one that has none, or fails to give it, is named by its class.

    A run's summary holds the equation: a slip in a user's formula must not cost the result.
    """
    if isinstance(term, Described):
        try:
            found = term.latex(letters)
        except Exception:
            found = None
        if isinstance(found, TermFormula):
            return found
        logger.warning("%s.latex gives no TermFormula: left out", type(term).__name__)
    name = rf"\mathrm{{{type(term).__name__.replace('_', '')}}}"
    return TermFormula(rf"{name}(\rho)", rf"\frac{{\delta {name}}}{{\delta \rho}}")


def coordinate(name: str) -> str:
    r"""Name of a coordinate in LaTeX.

    Examples
    --------
    >>> coordinate("theta"), coordinate("r2"), coordinate("w_out")
    ('\\theta', 'r_2', 'w_{out}')
    """
    stem = name.rstrip("0123456789")
    index = name[len(stem) :]
    if not index:
        stem, _, index = name.partition("_")
    letter = rf"\{stem}" if stem in GREEK else stem
    if len(stem) > 1 and stem not in GREEK:
        letter = rf"\mathrm{{{stem}}}"
    return f"{letter}_{braced(index)}" if index else letter


def braced(script: str) -> str:
    """Put braces around a script of more than one symbol."""
    single = len(script) == 1 or (script.startswith("\\") and script[1:].isalpha())
    return script if single else f"{{{script}}}"


def number(value: float) -> str:
    r"""Write a number in LaTeX, to six digits or as a simple fraction.

    Examples
    --------
    >>> number(0.5), number(2.0), number(-1.5e-7), number(1 / 3)
    ('0.5', '2', '-1.5 \\cdot 10^{-7}', '\\frac{1}{3}')
    """
    simple = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    if simple.denominator > 1 and abs(value - simple) < 1e-14 and len(f"{value:.6g}") > 6:
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(simple.numerator)}}}{{{simple.denominator}}}"
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def times(factor: float, what: str) -> str:
    r"""Write a multiple in LaTeX.

    Examples
    --------
    >>> times(1.0, r"\rho"), times(-1.0, r"\rho"), times(0.5, r"\rho")
    ('\\rho', '-\\rho', '0.5\\,\\rho')
    """
    if abs(factor) == 1:
        return what if factor > 0 else f"-{what}"
    return rf"{number(factor)}\,{what}"
