"""The space discretization: a problem on a grid with a flux."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import cast

import numpy as np

from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.errors import InputError
from wgflow.fluxes import Flux
from wgflow.grid import Grid
from wgflow.mesh import Mesh, as_mesh
from wgflow.problem import Problem

__all__ = ["FiniteVolume", "Rate"]

ROUNDING_OF_MASS = 1e-12  # relative; a larger error of a step is left for all to see

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """Time derivative of the density, and what it allows.

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
        If the grid belongs to another domain, or the flux needs lines of cells that a mesh
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
                f"{type(flux).__name__} needs lines of cells: on a mesh use Upwind or "
                "ScharfetterGummel"
            )
        # energies, observers and steppers use the part of Grid's interface that Mesh has too;
        # what differs asks for `mesh`
        self.problem, self.grid, self.flux = problem, cast(Grid, grid), flux
        self.energy = DiscreteEnergy(problem.energy, self.grid)
        self.temperature = self.energy.temperature
        reference = grid.log_reference
        # the entropy's reference measure acts like the potential -T log(mu)
        self._shift = None if reference is None else -self.temperature * reference

    @property
    def nonlinear(self) -> bool:
        """Whether there is nonlinear diffusion (a power law in the energy)."""
        return bool(getattr(self.energy, "nonlinear", False))

    def initial_density(self) -> Array:
        """Cell averages of the initial density, normalized to mass 1.

        Raises
        ------
        InputError
            If it is negative or not finite anywhere, has no mass, or not the grid's shape.
        """
        initial = self.problem.initial
        if callable(initial):
            density = self.grid.average(initial)
        else:
            density = np.array(initial, dtype=float)
        check_density(density, self.grid)
        mass = self.grid.integrate(density)
        if abs(mass - 1) > 1e-12:
            logger.info("initial density of mass %.12g normalized to 1", mass)
        return density / mass

    def potential(self, density: Array, time: float) -> Array:
        """Drift potential: the first variation without T log rho."""
        return self.shifted(self.energy.drift(density, time))

    def shifted(self, drift: Array) -> Array:
        """Add what the entropy's reference measure contributes to a drift."""
        return drift if self._shift is None else drift + self._shift

    def rate(self, density: Array, time: float) -> Rate:
        """Time derivative of the density by the flux' explicit kernel."""
        if self.mesh is not None:
            return self._mesh_rate(self.mesh, density, time)
        potential = self.grid.ghosted(self.potential(density, time))
        ghosted = self.grid.ghosted(density)
        out = np.zeros(self.grid.size)
        emptying = 0.0
        for lines in self.grid.lines:
            # both faces of a cell may empty it, each with at most the fastest rate
            emptying += 2 * self.flux.add_divergence(
                ghosted, potential, out, lines, self.temperature
            )
        scale = self.problem.scale(time)
        out *= scale
        return Rate(out.reshape(self.grid.shape), scale * emptying)

    def add_limited(self, density: Array, fluxes: list[Array]) -> Array:
        """Move mass through the faces, as far as no cell gives more than it has.

        Parameters
        ----------
        density : array of the grid's shape
            Nonnegative.
        fluxes : list of arrays
            For each axis what is to cross the faces of :meth:`Grid.difference`, upwards,
            a unit of face area.

        Returns
        -------
        array of the grid's shape
            Nonnegative, of the same mass. Where no cell is short of mass it is the density
            less the divergence of the fluxes.

        References
        ----------
        Zalesak, J. Comput. Phys. 31 (1979), with positivity as the only bound.
        """
        grid = self.grid
        leaving = np.zeros(grid.shape)
        for axis, flux in enumerate(fluxes):
            up, down = np.maximum(flux, 0.0), np.minimum(flux, 0.0)
            leaving += self._to_cells(up, axis, 0) - self._to_cells(down, axis, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            # the margin is for the rounding of the differences
            allowed = np.where(leaving > 0, (1 - 1e-12) * density / leaving, 1.0)
        allowed = np.minimum(allowed, 1.0)
        out = density - allowed * leaving
        for axis, flux in enumerate(fluxes):
            from_below, from_above = self.beside(allowed, axis)
            up, down = np.maximum(flux, 0.0) * from_below, np.minimum(flux, 0.0) * from_above
            out += self._to_cells(up, axis, 1) - self._to_cells(down, axis, 0)
        return out

    def settle_mass(self, density: Array, mass: float) -> Array:
        """Give the fullest cell what rounding took from the mass, in place.

        Over very many steps the rounding of each would add up.
        """
        lost = mass - self.grid.integrate(density)
        fullest = int(np.argmax(density))
        if abs(lost) < ROUNDING_OF_MASS * mass:
            density.flat[fullest] += lost / self.grid.volumes.flat[fullest]
        return density

    def _to_cells(self, values: Array, axis: int, side: int) -> Array:
        """Give each cell the value of its upper (side 0) or lower (1) face, over its width."""
        if self.mesh is not None:
            return self.mesh.to_cells(values, side)
        grid = self.grid
        if grid.box.axes[axis].periodic:
            cells = np.roll(values, side, axis)
        else:
            pad = [(0, 0)] * grid.dimension
            pad[axis] = (side, 1 - side)
            cells = np.pad(values, pad)
        of_cells: Array = cells / grid.along(grid.widths[axis], axis)
        return of_cells

    def _mesh_rate(self, mesh: Mesh, density: Array, time: float) -> Rate:
        """Time derivative by the two-point coefficients of every face."""
        scale = self.problem.scale(time)
        potential = self.potential(density, time)
        forth, back = self.flux.coefficients(mesh.difference(potential), self.temperature)
        low, high = mesh.beside(density)
        flux = (forth * low - back * high) / mesh.distances
        emptying = mesh.to_cells(forth / mesh.distances, 0) + mesh.to_cells(
            back / mesh.distances, 1
        )
        # an empty cell bounds nothing
        fastest = float(np.max(emptying[density > 0], initial=0.0))
        return Rate(-scale * mesh.face_divergence(flux), scale * fastest)

    def beside(self, values: Array, axis: int) -> tuple[Array, Array]:
        """Cell values below and above each face of :meth:`Grid.difference`."""
        if self.mesh is not None:
            return self.mesh.beside(values)
        faces = values.shape[axis] - (not self.grid.box.axes[axis].periodic)
        low = values.take(range(faces), axis)
        return low, np.roll(values, -1, axis).take(range(faces), axis)

    def dissipation(self, density: Array, rate: Rate, time: float) -> float:
        """Rate -dF/dt at which the free energy decreases, by the discrete chain rule."""
        variation = self.energy.first_variation(density, time)
        return -self.grid.integrate(variation * rate.values)


def check_density(density: Array, grid: Grid) -> None:
    """Raise InputError unless a density is of the grid's shape, finite, >= 0 and has mass."""
    if density.shape != grid.shape:
        raise InputError(
            f"density of shape {density.shape} on a grid of shape {grid.shape}: "
            "give one value a cell"
        )
    for name, bad in (("not finite", ~np.isfinite(density)), ("negative", density < 0)):
        if np.any(bad):
            index = tuple(np.argwhere(bad)[0])
            point = ", ".join(f"{c[index]:.6g}" for c in grid.coordinates)
            raise InputError(
                f"the density is {name} in {int(bad.sum())} of {grid.size} cells, first at "
                f"({point}): {density[index]:.6g}; give finite values >= 0"
            )
    if not grid.integrate(density) > 0:
        raise InputError("the density has mass 0: give one that is positive inside the domain")
