"""What the blur of entropic transport adds to a run, beside what the energy does."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.finite_volume import FiniteVolume

__all__ = ["Bias"]


class Bias:
    """Compares the speed that the blur adds with that of the energy, over a run.

    To leading order a blur acts like the temperature blur^2/(2 tau), and, where that has been
    taken out, like blur^4 I/(8 D tau), with the Fisher information I = ∫ |∇ log rho|^2 rho of D
    axes. Both speeds are root mean squares: that temperature times sqrt(I), and T sqrt(I) plus
    that of the gradient of the other terms.

    Parameters
    ----------
    space : FiniteVolume
        All cells.
    """

    LIMIT = 0.1

    def __init__(self, space: FiniteVolume) -> None:
        self._space = space
        self._added = self._moved = 0.0

    @property
    def share(self) -> float:
        """Length of the paths that the blur adds, over that of the energy's."""
        return self._added / self._moved if self._moved > 0 else 0.0

    def state(self) -> Values:
        """Give the two lengths."""
        return {"added": self._added, "moved": self._moved}

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._added = cast(float, state["added"])
        self._moved = cast(float, state["moved"])

    def add(self, density: Array, drift: Array, blur: float, length: float, debias: bool) -> None:
        """Add a step of a length, time step times time scale, that came to a density."""
        other = drift + self._space.energy.enthalpy(density)
        information = 4 * self._steepness(np.sqrt(density), None)
        pushed = self._steepness(other, density)
        added = blur**2 / (2 * length)
        if debias:
            added = blur**4 * information / (8 * self._space.grid.dimension * length)
        rough = math.sqrt(information)
        self._added += length * added * rough
        self._moved += length * (self._space.temperature * rough + math.sqrt(pushed))

    def _steepness(self, values: Array, density: Array | None) -> float:
        """Integral of the squared gradient, over the density if one is given."""
        grid, total = self._space.grid, 0.0
        for axis in range(grid.dimension):
            slopes = grid.difference(values, axis) ** 2
            slopes /= grid.along(grid.face_distances(axis), axis)
            if density is not None:
                below, above = grid.beside(density, axis)
                slopes *= (below + above) / 2
            # a face stands for half the cells beside it, of their whole width across
            share = grid.to_cells(slopes, axis, 0) + grid.to_cells(slopes, axis, 1)
            total += grid.integrate(share) / 2
        return total

    def warnings(self, blur: float) -> tuple[str, ...]:
        """Say so if the blur dominates."""
        if not self.share > self.LIMIT:
            return ()
        return (
            f"the blur {blur:.3g} adds {self.share:.0%} to how fast the energy moves mass, limit "
            f"{self.LIMIT:.0%}: give a larger tau, more cells, or a smaller blur",
        )
