"""The space discretization: a problem on a grid with a flux."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.nonlinear import FaceSides, decay, enthalpy_beside
from wgflow.algebra.stencil import Stencil, mobility
from wgflow.asked import Asked
from wgflow.called import answered
from wgflow.density import check_density, numbers
from wgflow.energies import DiscreteEnergy
from wgflow.errors import InputError
from wgflow.fluxes import BailoCarrilloHu, Flux, ScharfetterGummel, face_temperature
from wgflow.grid import Grid
from wgflow.mesh import Mesh, as_mesh
from wgflow.problem import Problem

__all__ = ["FiniteVolume", "Rate"]

MUSCL_DECAY = 2.0  # limited face values may be twice the cell's

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """Time derivative of the density and the time step it permits.

    Attributes
    ----------
    values : array of the grid's shape
        d rho / dt in each cell.
    emptying : float
        Bound on the rate at which any cell is emptied: a forward Euler step keeps the
        density nonnegative if ``dt * emptying <= 1``.
    """

    values: Array
    emptying: float


@answered
class FiniteVolume:
    """Finite volumes for one problem on one grid.

    Parameters
    ----------
    problem : Problem
    grid : Grid or Mesh
        Cells of the problem's domain.
    flux : Flux

    Raises
    ------
    InputError
        If the grid belongs to another domain, or the flux needs lines of cells, which a mesh
        does not have.

    Examples
    --------
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-4, 4)), wg.Confinement(1.0) + wg.Entropy(1.0),
    ...                      initial=lambda x: np.exp(-x**2))
    >>> space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 40), wg.ScharfetterGummel())
    >>> density = space.initial_density()
    >>> rate = space.rate(density, 0.0)
    >>> bool(abs(space.grid.integrate(rate.values)) < 1e-15)
    True
    """

    def __init__(self, problem: Problem, grid: Grid | Mesh, flux: Flux) -> None:
        if grid.box != problem.domain:
            raise InputError(
                f"the grid's domain {grid.box!r} is not the problem's {problem.domain!r}: "
                "make the grid from problem.domain"
            )
        self.mesh = as_mesh(grid)
        if self.mesh is not None and not flux.linear:
            raise InputError(
                f"{type(flux).__name__} needs lines of cells, which a mesh does not have: use the "
                "flux Upwind or ScharfetterGummel, or a solver built on them: upwind, "
                "scharfetter_gummel, ljko, ljko_bdf2, fipy"
            )
        # energies, observers and steppers use the part of Grid's interface that Mesh has too;
        # what differs asks for `mesh`
        self.problem, self.grid, self.flux = problem, cast(Grid, grid), flux
        self.energy = DiscreteEnergy(problem.energy, self.grid)
        self.temperature = self.energy.temperature
        self._stencil: Stencil | None = None
        reference = grid.log_reference
        if self.nonlinear and reference is not None and isinstance(flux, ScharfetterGummel):
            raise InputError(
                "a power law on a radial axis: the ScharfetterGummel flux is not defined there: "
                "use bailo_carrillo_hu, or an explicit solver"
            )
        # the entropy's reference measure acts like the potential -T log(mu)
        self._shift = None if reference is None else -self.temperature * reference

    @property
    def nonlinear(self) -> bool:
        """Whether there is nonlinear diffusion (a power law in the energy)."""
        return self.energy.nonlinear

    def initial_density(self) -> Array:
        """Cell averages of the initial density, normalized to mass 1.

        Raises
        ------
        InputError
            If it is negative or not finite anywhere, has no mass, or not the grid's shape.
        """
        initial = self.problem.initial
        if callable(initial):
            density = self.grid.average(Asked(initial, "the initial density"))
        else:
            density = numbers(initial)
        check_density(density, self.grid)
        mass = self.grid.integrate(density)
        if abs(mass - 1) > 1e-12:
            logger.info("initial density of mass %.12g normalized to 1", mass)
        return density / mass

    def potential(self, density: Array, time: float) -> Array:
        """Drift potential: the first variation without T log rho."""
        return self.shifted(self.energy.drift(density, time))

    def potential_between(self, old: Array, new: Array, time: float, weight: float = 0.5) -> Array:
        """Drift potential of an implicit step; see :meth:`DiscreteEnergy.drift_between`."""
        return self.shifted(self.energy.drift_between(old, new, time, weight))

    def shifted(self, drift: Array) -> Array:
        """Add what the entropy's reference measure contributes to a drift."""
        return drift if self._shift is None else drift + self._shift

    @property
    def frozen(self) -> bool:
        """Whether the coefficients of the equation depend neither on density nor time."""
        energy = self.energy
        entropic = isinstance(self.flux, BailoCarrilloHu)
        return not (energy.interacting or energy.time_dependent or self.nonlinear or entropic)

    def face_temperatures(self, density: Array) -> list[float | Array]:
        """Temperature of the faces along each axis, power laws included."""
        if not self.nonlinear:
            return [self.temperature] * len(self.grid.shape)
        return [
            self.temperature + face_temperature(*sides) for sides in self.enthalpy_beside(density)
        ]

    def enthalpy_beside(self, density: Array) -> list[FaceSides]:
        """Densities, enthalpies H' and rho H'' of the power laws on both sides of the faces."""
        return enthalpy_beside(self.grid, self.energy, density)

    @cached_property
    def bend(self) -> Array:
        """Factor of the potential's second difference in the mobility, along each axis.

        See :class:`wgflow.ScharfetterGummel`; the second difference spans two distances, so
        that half of it is h² psi''.
        """
        bent = isinstance(self.flux, ScharfetterGummel) and self.flux.curvature
        if isinstance(self.grid, Mesh) or not bent or self.temperature == 0 or self.nonlinear:
            return np.zeros(len(self.grid.shape))
        return np.array([1 / (8 * self.temperature) if u else 0.0 for u in self.grid.uniform])

    def mobility(self, potential: Array, axis: int) -> Array | float:
        """Factor of the flux through each face along an axis."""
        bend = float(self.bend[axis])
        return 1.0 if bend == 0 else mobility(self.grid, potential, axis, bend)

    def coefficients(self, potential: Array, density: Array) -> list[tuple[Array, Array]]:
        """Coefficients of the flux along each axis; see :meth:`wgflow.fluxes.Flux.coefficients`."""
        found = []
        for axis, heat in enumerate(self.face_temperatures(density)):
            forth, back = self.flux.coefficients(self.grid.difference(potential, axis), heat)
            factor = self.mobility(potential, axis)
            found.append((factor * forth, factor * back))
        return found

    def stencil(self, density: Array, time: float) -> Stencil:
        """Map from a density to its rate of change, with the coefficients at ``density``.

        It holds until the next call. For two-point fluxes.
        """
        if self.mesh is not None:
            raise InputError(
                "stabilized explicit steps need lines of cells: on a mesh, use scharfetter_gummel "
                "or upwind"
            )
        if self._stencil is None:
            self._stencil = Stencil(self.grid, self.bend)
        elif self.frozen:
            return self._stencil
        stencil, grid = self._stencil, self.grid
        fitted = isinstance(self.flux, ScharfetterGummel)
        potential = self.potential(density, time) if fitted else self._transported(density, time)
        stencil.set_potential(potential)
        heats = self.face_temperatures(density) if fitted else [self.temperature] * grid.dimension
        for axis, heat in enumerate(heats):
            if isinstance(heat, np.ndarray):
                heat = grid.faces[axis].ended(heat)
            stencil.set_spread(self.flux.spread(stencil.differences(axis), heat), axis)
        return stencil

    def bounds(self, density: Array, time: float) -> tuple[float, float]:
        """Largest emptying rate q of a two-point flux, and the least q/a² with a by transport.

        With a power law q is at least the rate at which its diffusion decays on the grid; with
        an interaction q includes that of :meth:`decay`.
        """
        emptying, shortest = self._bounds(self.stencil(density, time), density, time)
        return emptying + self.decay(density, time), shortest

    def decay(self, density: Array, time: float) -> float:
        """Half of the bound on the rates at which the interaction makes disturbances decay.

        An interaction that repels acts as a diffusion. That bounds explicit steps also at rest,
        where no cell is emptied: they add it to the emptying rate. See
        :meth:`DiscreteEnergy.stiffness`.
        """
        return self.problem.scale(time) * self.energy.stiffness(density) / 2

    def _bounds(self, stencil: Stencil, density: Array, time: float) -> tuple[float, float]:
        scale = self.problem.scale(time)
        emptying, shortest = stencil.bounds(density)
        if self.nonlinear:
            emptying = max(emptying, decay(self.grid, self.enthalpy_beside(density)))
        return scale * emptying, shortest / scale

    def _transported(self, density: Array, time: float) -> Array:
        """Potential whose gradient transports the density in explicit upwind schemes."""
        if isinstance(self.flux, BailoCarrilloHu):
            return self.energy.first_variation(density, time)
        potential = self.potential(density, time)
        return potential + self.energy.enthalpy(density) if self.nonlinear else potential

    def rate(self, density: Array, time: float, out: Array | None = None) -> Rate:
        """Time derivative of the density by the flux' explicit kernel.

        With a power law the emptying rate includes what the stability of its diffusion asks.
        The values are written to ``out``, a contiguous array of the grid's shape, if given.
        """
        if self.mesh is not None:
            return self._mesh_rate(self.mesh, density, time)
        out = np.empty(self.grid.shape) if out is None else out
        scale = self.problem.scale(time)
        if self.flux.two_point:
            stencil = self.stencil(density, time)
            stencil.rate(density, scale, out)
            return Rate(out, self._bounds(stencil, density, time)[0])
        potential = self.grid.padded(self._transported(density, time)).ravel()
        ghosted = self.grid.padded(density).ravel()
        flat = out.reshape(-1)
        flat[:] = 0.0
        fastest = np.array(
            [
                self.flux.add_divergence(ghosted, potential, flat, lines, self.temperature)
                for lines in self.grid.lines
            ]
        )
        # both faces of a cell may empty it, each with at most the fastest rate
        emptying = 2 * float(self.grid.comm.maximum(fastest).sum())
        if self.nonlinear:
            emptying = max(emptying, MUSCL_DECAY * decay(self.grid, self.enthalpy_beside(density)))
        flat *= scale
        return Rate(out, scale * emptying)

    def _mesh_rate(self, mesh: Mesh, density: Array, time: float) -> Rate:
        """Time derivative by the two-point coefficients of every face."""
        scale = self.problem.scale(time)
        heat: float | Array = self.temperature
        if isinstance(self.flux, ScharfetterGummel):
            potential = self.potential(density, time)
            (heat,) = self.face_temperatures(density)
        else:
            potential = self._transported(density, time)
        forth, back = self.flux.coefficients(mesh.difference(potential), heat)
        low, high = mesh.beside(density)
        flux = (forth * low - back * high) / mesh.distances
        emptying = mesh.to_cells(forth / mesh.distances, 0, 0)
        emptying += mesh.to_cells(back / mesh.distances, 0, 1)
        # an empty cell bounds nothing
        fastest = self.grid.comm.maximum(float(np.max(emptying[density > 0], initial=0.0)))
        if self.nonlinear:
            fastest = max(fastest, decay(self.grid, self.enthalpy_beside(density)))
        return Rate(-scale * mesh.face_divergence(flux), scale * fastest)

    def dissipation(self, density: Array, rate: Rate, time: float) -> float:
        """Rate -dF/dt at which the free energy decreases, by the discrete chain rule."""
        return -sum(
            self.grid.integrate_product(term.first_variation(density, time), rate.values)
            for term in self.energy.terms
        )
