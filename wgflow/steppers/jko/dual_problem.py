"""What the ascent of the dual can be applied to."""

from __future__ import annotations

from wgflow.energies.entropy import DiscreteEntropy
from wgflow.energies.power_law import DiscretePowerLaw
from wgflow.errors import InputError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.jko.dual import LocalEnergy

__all__ = ["equal_widths", "local_energy"]


def equal_widths(space: FiniteVolume) -> list[float]:
    """Width of the cells along each axis, or raise InputError."""
    if space.mesh is not None:
        raise InputError(
            "back_and_forth needs the cells of a box: on a mesh use scharfetter_gummel or upwind"
        )
    grid = space.grid
    for number, axis in enumerate(grid.box.axes):
        if axis.radial is not None:
            raise InputError(
                f"axis {number} is radial: back_and_forth needs straight axes; use quantile_jko"
            )
        if not grid.uniform[number]:
            raise InputError(
                f"axis {number} has unequal cells: back_and_forth needs equal ones along an axis"
            )
    return [axis.length / n for axis, n in zip(grid.box.axes, grid.cells, strict=True)]


def local_energy(space: FiniteVolume) -> LocalEnergy:
    """Give the entropy or power law of the energy, or raise InputError."""
    found: dict[float, float] = {}
    for term in space.energy.terms:
        if isinstance(term, DiscreteEntropy) and term.temperature > 0:
            found[1.0] = found.get(1.0, 0.0) + term.temperature
        elif isinstance(term, DiscretePowerLaw) and term.term.coefficient > 0:
            law = term.term
            found[law.exponent] = found.get(law.exponent, 0.0) + law.coefficient
    if not found:
        raise InputError(
            "back_and_forth needs an Entropy or a PowerLaw: without diffusion there is no dual "
            "to ascend; use muscl, or quantile_jko in one dimension"
        )
    if len(found) > 1 or min(found) < 1:
        kinds = ", ".join("an entropy" if m == 1 else f"m = {m:g}" for m in sorted(found))
        raise InputError(
            f"back_and_forth needs one entropy, or power laws of one exponent m > 1, and this "
            f"energy has {kinds}: use bailo_carrillo_hu"
        )
    ((exponent, coefficient),) = found.items()
    return LocalEnergy(coefficient, exponent)
