"""Numerical fluxes: what crosses a face, given the two (or four) cells around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.lines import Lines

__all__ = ["MUSCL", "Flux", "Limiter", "ScharfetterGummel", "Upwind"]

Limiter = Literal["minmod", "van_leer", "central"]


class Flux(ABC):
    """A two-point flux, or a limited one, for ∂t rho = ∇·(rho ∇psi + T ∇rho).

    Attributes
    ----------
    order : int
        Order in space in smooth flow.
    linear : bool
        Whether the flux is linear in the two densities beside the face, which implicit
        steppers need.
    """

    order: ClassVar[int]
    linear: ClassVar[bool]

    @abstractmethod
    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis to ``out``; return the largest emptying rate.

        ``density`` and ``potential`` are flat with ghost cells, ``out`` flat without.
        """

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        """Coefficients of the two densities beside each face, times the centre distance.

        Parameters
        ----------
        difference : array
            Potential on the right of each face minus that on the left.
        temperature : float
            T.

        Returns
        -------
        forth, back : arrays of the same shape
            The flux is ``(forth * rho_left - back * rho_right) / distance``.
        """
        raise InputError(
            f"{type(self).__name__} is not linear in the density: use an explicit stepper, "
            "or the Upwind or ScharfetterGummel flux"
        )

    def slope(self, difference: Array, temperature: float, low: Array, high: Array) -> Array:
        """Derivative of ``forth * low - back * high`` by the potential difference."""
        from wgflow.fluxes import _kernels

        out = np.empty(difference.size)
        flat = [np.ascontiguousarray(a).ravel() for a in (difference, low, high)]
        _kernels.two_point_slope(flat[0], self._fitted(temperature), flat[1], flat[2], out)
        return out.reshape(difference.shape)

    def _fitted(self, temperature: float) -> float:
        """Temperature that enters the coefficients exponentially."""
        return 0.0


def _arguments(lines: Lines) -> tuple[object, ...]:
    return (
        lines.starts,
        lines.ghosted_starts,
        lines.cells,
        lines.width,
        lines.stride,
        lines.ghosted_stride,
        lines.widths,
        lines.distances,
        lines.open_ends,
    )


def _two_point(difference: Array, temperature: float) -> tuple[Array, Array]:
    from wgflow.fluxes import _kernels

    flat = np.ascontiguousarray(difference).ravel()
    forth, back = np.empty_like(flat), np.empty_like(flat)
    _kernels.two_point(flat, temperature, forth, back)
    return forth.reshape(difference.shape), back.reshape(difference.shape)


@dataclass(frozen=True)
class Upwind(Flux):
    """First-order upwind flux, with T ∇rho by a central difference.

    References
    ----------
    Carrillo, Chertock, Huang, "A finite-volume method for nonlinear nonlocal equations with
    a gradient flow structure", Commun. Comput. Phys. 17 (2015).
    """

    order: ClassVar[int] = 1
    linear: ClassVar[bool] = True

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        from wgflow.fluxes import _kernels

        arguments = _arguments(lines)
        rate: float = _kernels.transport(
            density, potential, out, *arguments, temperature, _kernels.NONE
        )
        return rate

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        forth, back = _two_point(difference, 0.0)
        return forth + temperature, back + temperature


@dataclass(frozen=True)
class MUSCL(Flux):
    """Second-order upwind flux from limited face values; T ∇rho by a central difference.

    The two face values of a cell are nonnegative and have the cell's density as their mean,
    so that a forward Euler step within the bound keeps the density nonnegative.

    Parameters
    ----------
    limiter : {"minmod", "van_leer", "central"}
        Slope limiter; "central" is the monotonized central one.

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
        from wgflow.fluxes import _kernels

        codes = {
            "minmod": _kernels.MINMOD,
            "van_leer": _kernels.VAN_LEER,
            "central": _kernels.CENTRAL,
        }
        rate: float = _kernels.transport(
            density, potential, out, *_arguments(lines), temperature, codes[self.limiter]
        )
        return rate


@dataclass(frozen=True)
class ScharfetterGummel(Flux):
    """Exponentially fitted flux (T/h)[B(Δ/T) rho_left - B(-Δ/T) rho_right].

    It vanishes exactly at rho ∝ exp(-psi/T). Without entropy (T = 0) it is the upwind flux.

    References
    ----------
    Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969); Schlichting, Seis, "The
    Scharfetter-Gummel scheme for aggregation-diffusion equations", IMA J. Numer. Anal. (2022).
    """

    order: ClassVar[int] = 2
    linear: ClassVar[bool] = True

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Not used: the flux is linear, and its rate goes through :meth:`spread`."""
        raise NotImplementedError

    def spread(self, difference: Array, temperature: Array | float) -> Array:
        """Give what a face lets through both ways, T B(|d|/T), times the centre distance.

        Parameters
        ----------
        difference : array
            Differences d of the potential.
        temperature : float or array of the same shape
        """
        from wgflow.fluxes import _kernels

        out = np.empty(difference.size)
        heat = np.atleast_1d(np.asarray(temperature, dtype=float)).ravel()
        _kernels.fitted_spread(np.ascontiguousarray(difference).ravel(), heat, out)
        return out.reshape(difference.shape)

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        return _two_point(difference, temperature)

    def _fitted(self, temperature: float) -> float:
        return temperature
