r"""The equation of a problem, and its free energy, as formulas in LaTeX."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wgflow.domain import Axis, Box
from wgflow.energies import Energy, Letters, Term, TermFormula
from wgflow.energies.latex import braced, coordinate, describe, number, times
from wgflow.mesh import Region

__all__ = ["equation", "free_energy"]

Scale = float | Callable[[float], float]


def equation(domain: Box | Region, energy: Energy | Term, scale: Scale) -> str:
    r"""Write the equation on one line: its terms with their numbers, then what letters mean.

    Parameters
    ----------
    domain : Box or Region
    energy : Energy or Term
    scale : float or callable
        The time scale s(t).

    Returns
    -------
    str
        LaTeX without dollar signs or environments, which KaTeX, MathJax and Matplotlib take.

    Examples
    --------
    >>> from wgflow.energies import Confinement, Entropy
    >>> print(equation(Box((-1, 1), (-1, 1)), Confinement(1.0) + Entropy(0.25), 2.0))
    \partial_t \rho = 2\,\nabla\cdot\big(\rho\,\nabla(0.5\,|x|^2)\big) + 0.5\,\Delta\rho
    """
    space = _Space.of(domain)
    terms = _formulas(energy, space)
    factor = 1.0 if callable(scale) else float(scale)
    drifts = [term.drift for term in terms if term.drift]
    parts = [times(factor, space.transport(_sum(drifts)))] if drifts else []
    diffusions: defaultdict[float, float] = defaultdict(float)
    for term in terms:
        if term.temperature:
            diffusions[term.power] += term.temperature
    parts += [times(factor * c, space.diffusion(power)) for power, c in sorted(diffusions.items())]
    right = _sum(parts) or "0"
    if callable(scale):
        right = rf"s(t)\,{_bracketed(right)}" if len(parts) > 1 else rf"s(t)\,{right}"
    meanings = [m for term in terms for m in term.meanings] if drifts else []
    meanings += space.meanings(bool(diffusions))
    return r",\quad ".join([rf"\partial_t \rho = {right}", *meanings])


def free_energy(domain: Box | Region, energy: Energy | Term) -> str:
    r"""Write the free energy on one line.

    Parameters
    ----------
    domain : Box or Region
    energy : Energy or Term

    Examples
    --------
    >>> from wgflow.energies import Entropy, Potential
    >>> print(free_energy(Box((-1, 1)), Potential(abs) + Entropy(0.25)))
    F(\rho) = \int V\,\rho + 0.25\,\int \rho\,\log \rho
    """
    space = _Space.of(domain)
    terms = _formulas(energy, space)
    # what a drift stands for is no part of the energy
    kept = [m for term in terms for m in term.meanings if not m.startswith(term.drift + " =")]
    diffuses = any(term.temperature for term in terms)
    total = _sum([term.energy for term in terms if term.energy]) or "0"
    return r",\quad ".join([rf"F(\rho) = {total}", *kept, *space.measure(diffuses)])


def _sum(parts: Sequence[str]) -> str:
    return " + ".join(parts).replace("+ -", "- ")


def _formulas(energy: Energy | Term, space: _Space) -> list[TermFormula]:
    """Formulas of the terms; letters that several share get an index."""
    terms = energy.terms if isinstance(energy, Energy) else (energy,)

    def written(label: int, term: Term) -> TermFormula:
        index = f"_{label}" if label else ""
        return describe(term, Letters(space.names, index, bool(space.radial)))

    plain = [written(0, term) for term in terms]
    risky = any(formula.letter == r"\Psi" for formula in plain)  # which has a V of its own
    count = Counter(formula.letter for formula in plain)
    seen: Counter[str] = Counter()
    formulas = []
    for term, formula in zip(terms, plain, strict=True):
        letter = formula.letter
        seen[letter] += 1
        shared = letter and (count[letter] > 1 or (letter == "V" and risky))
        formulas.append(written(seen[letter], term) if shared else formula)
    return formulas


@dataclass(frozen=True)
class _Space:
    """Derivatives on a domain: along one coordinate by its name, along several by nabla."""

    names: tuple[str, ...]
    moving: tuple[str, ...]
    radial: tuple[str, ...]  # powers of the radii whose product is the measure
    plain: bool  # whether the coordinates are x, y, … and all of them move

    @classmethod
    def of(cls, domain: Box | Region) -> _Space:
        axes = domain.axes if isinstance(domain, Box) else [Axis(0, 1)] * domain.dimension
        names = tuple(coordinate(name) for name in domain.names)
        moving = tuple(n for n, axis in zip(names, axes, strict=True) if not axis.fixed)
        radial = tuple(
            _power(n, axis.radial - 1)
            for n, axis in zip(names, axes, strict=True)
            if axis.radial is not None and not math.isclose(axis.radial, 1) and not axis.fixed
        )
        plain = moving == tuple("xyzu"[: len(names)])
        return cls(names, moving, radial, plain)

    @property
    def single(self) -> str:
        """The coordinate along which mass moves, if it is one."""
        return self.moving[0] if len(self.moving) == 1 else ""

    def transport(self, drift: str) -> str:
        """Divergence of the density times the gradient of a drift."""
        inner = f" {drift}" if _is_symbol(drift) else _bracketed(drift)
        if self.single:
            d = rf"\partial_{braced(self.single)}"
            return d + _bracketed(rf"\rho\,{d}{inner}")
        return r"\nabla\cdot" + _bracketed(rf"\rho\,\nabla{inner}")

    def diffusion(self, power: float) -> str:
        """Laplacian of a power of the density, relative to the measure."""
        raised = "" if power == 1 else f"^{braced(number(power))}"
        d = rf"\partial_{braced(self.single)}"
        if self.radial:
            ratio = rf"(\rho/\mu){raised}"
            if self.single:
                return d + _bracketed(rf"\mu\,{d}{ratio}")
            return r"\nabla\cdot" + _bracketed(rf"\mu\,\nabla{ratio}")
        return rf"{d}^2 \rho{raised}" if self.single else rf"\Delta\rho{raised}"

    def measure(self, needed: bool) -> list[str]:
        """Say what the measure is."""
        return [r"\mu = " + r"\,".join(self.radial)] if needed and self.radial else []

    def meanings(self, diffuses: bool) -> list[str]:
        """Say what the gradient and the measure are, where they are not the usual ones."""
        gradient = []
        if not self.plain and not self.single:
            parts = ", ".join(rf"\partial_{braced(name)}" for name in self.moving)
            gradient = [rf"\nabla = ({parts})"]
        return self.measure(diffuses) + gradient


def _is_symbol(drift: str) -> bool:
    return drift in {"V", r"\Psi"} or drift.startswith(r"\frac")


def _power(name: str, exponent: float) -> str:
    return name if exponent == 1 else f"{name}^{braced(number(exponent))}"


def _bracketed(what: str) -> str:
    """Put brackets around, larger ones than those within."""
    if r"\big" in what:
        return rf"\Big({what}\Big)"
    return rf"\big({what}\big)" if "(" in what else f"({what})"
