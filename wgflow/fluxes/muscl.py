"""The second-order upwind flux with limited slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.fluxes.base import Flux, kernel_arguments
from wgflow.lines import Lines

__all__ = ["MUSCL", "Limiter"]

Limiter = Literal["minmod", "van_leer", "central"]


@dataclass(frozen=True)
class MUSCL(Flux):
    """Second-order upwind flux from limited face values; central difference for T ∇rho.

    The two face values of a cell are nonnegative and average to the cell's density, so a
    forward Euler step within the bound keeps the density nonnegative.

    Parameters
    ----------
    limiter : {"minmod", "van_leer", "central"}
        Slope limiter; "central" is the monotonized central limiter.

    References
    ----------
    van Leer, J. Comput. Phys. 32 (1979); Carrillo, Chertock, Huang (2015).
    """

    limiter: Limiter = "minmod"
    order: ClassVar[int] = 2
    linear: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.limiter not in get_args(Limiter):
            known = ", ".join(get_args(Limiter))
            raise InputError(f"limiter {self.limiter!r} is not known: choose one of {known}")

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis; see :class:`Flux`."""
        from wgflow.fluxes import _kernels

        codes = {
            "minmod": _kernels.MINMOD,
            "van_leer": _kernels.VAN_LEER,
            "central": _kernels.CENTRAL,
        }
        rate: float = _kernels.transport(
            density, potential, out, *kernel_arguments(lines), temperature, codes[self.limiter]
        )
        return rate
