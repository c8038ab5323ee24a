"""The equation of a stationary state on one grid, and its solution."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.errors import InputError, SolverError
from wgflow.grid import Grid
from wgflow.problem import Problem
from wgflow.stationary.anderson import Anderson
from wgflow.stationary.local_response import LocalResponse

__all__ = ["Balance"]

NEWTON_BELOW = 1e-2  # residual from which Newton's method is tried
FIXED_POINT_STEPS, NEWTON_STEPS, ROUNDS = 400, 30, 3
SMALLEST_STEP = 1e-4  # of Newton's line search
KRYLOV_ITERATIONS, KRYLOV_TOLERANCE = 60, 1e-8
LOOSE = 1e3  # times the tolerance: a residual that rounding may leave


class Balance:
    """The fixed-point equation u = Psi(rho(u)) on one grid."""

    def __init__(self, problem: Problem, grid: Grid) -> None:
        self.grid = grid
        self.energy = DiscreteEnergy(problem.energy, grid)
        if self.energy.time_dependent:
            raise InputError("the energy depends on time: it has no stationary state")
        self.response = LocalResponse(self.energy, grid)

    def drift(self, density: Array) -> Array:
        """Drift potential of a density."""
        return self.energy.drift(density, 0.0)

    def solve(
        self, density: Array, tolerance: float, relaxed: int
    ) -> tuple[Array, float, tuple[int, int]]:
        """Alternate between the fixed point and Newton's method until one converges.

        ``relaxed`` damped steps come first: unlike what follows they are repelled by saddles.
        Returns the density, its residual, and the steps of both kinds.
        """
        grid, size = self.grid, np.inf
        drift = self.drift(density)
        for _ in range(relaxed):
            drift = (drift + self.drift(self.response.density(drift))) / 2
        steps, newton = relaxed, 0
        for round_ in range(ROUNDS):
            anderson = Anderson(damping=0.5 / 2**round_)
            for _ in range(FIXED_POINT_STEPS):
                density = self.response.density(drift)
                image = self.drift(density)
                size = grid.integrate(np.abs(self.response.density(image) - density))
                if size <= max(tolerance, NEWTON_BELOW / 10**round_):
                    break
                drift = anderson.step(drift, image)
                steps += 1
            drift, size, taken = self._newton(drift, tolerance)
            newton += taken
            if size <= tolerance * LOOSE:
                # one more application of the map takes rounding out
                density = self.response.density(drift)
                return self.response.density(self.drift(density)), size, (steps, newton)
        raise SolverError(
            f"no stationary state found: residual {size:.2g} after {steps} fixed-point and "
            f"{newton} Newton steps, tolerance {tolerance:.2g}; start nearer to it, for example "
            "at the end of a long run"
        )

    def _newton(self, drift: Array, tolerance: float) -> tuple[Array, float, int]:
        """Newton's method on u - Psi(rho(u)) with a line search."""
        gap, size, density = self._residual(drift)
        best = np.sum(np.abs(gap))
        for step in range(NEWTON_STEPS):
            if size <= tolerance:
                return drift, size, step
            move = self._newton_step(density, gap)
            length = 1.0
            while length > SMALLEST_STEP:
                trial = self._residual(drift - length * move)
                if np.sum(np.abs(trial[0])) < best or trial[1] <= tolerance:
                    break
                length /= 2
            else:
                return drift, size, step
            drift = drift - length * move
            gap, size, density = trial
            best = np.sum(np.abs(gap))
        return drift, size, NEWTON_STEPS

    def _residual(self, drift: Array) -> tuple[Array, float, Array]:
        density = self.response.density(drift)
        image = self.drift(density)
        gap = drift - image
        change = self.response.density(image) - density
        # constants do not matter: the mass fixes them
        return gap - np.median(gap), self.grid.integrate(np.abs(change)), density

    def _newton_step(self, density: Array, gap: Array) -> Array:
        """Solve (I - Psi'(rho) rho'(u)) step = gap."""
        from scipy.sparse.linalg import LinearOperator, gmres

        susceptibility = self.response.susceptibility(density)

        def product(flat: Array) -> Array:
            direction = flat.reshape(gap.shape)
            change = self.response.change(susceptibility, direction)
            result: Array = (direction - self.energy.drift_change(density, change)).ravel()
            return result

        operator = LinearOperator((gap.size, gap.size), matvec=product, dtype=float)
        step, _ = gmres(
            operator,
            gap.ravel(),
            rtol=KRYLOV_TOLERANCE,
            restart=KRYLOV_ITERATIONS,
            maxiter=KRYLOV_ITERATIONS,
        )
        return np.asarray(step).reshape(gap.shape)

    def stability(self, density: Array) -> tuple[float, Array | None]:
        """Smallest eigenvalue of I + P sqrt(a) U sqrt(a) P, with a the susceptibility."""
        from scipy.sparse.linalg import LinearOperator, eigsh

        if not self.energy.interacting:
            return 1.0, None
        volumes = self.grid.volumes
        weight = np.sqrt(self.response.susceptibility(density) / volumes)
        unit = weight * volumes
        unit = unit / np.linalg.norm(unit)

        def product(flat: Array) -> Array:
            vector = flat.reshape(self.grid.shape)
            inside = vector - np.vdot(unit, vector) * unit
            moved = weight * volumes * self.energy.drift_change(density, weight * inside)
            moved = moved - np.vdot(unit, moved) * unit
            # with I: convergence is judged relative to the eigenvalue, and without it that is 0
            # of a kernel of low rank that is positive, on nearly all of the space
            shifted: Array = (vector + moved).ravel()
            return shifted

        size = self.grid.size
        operator = LinearOperator((size, size), matvec=product, dtype=float)
        first = np.cos(np.arange(size, dtype=float)) + 1.5  # fixed, so that runs repeat
        values, vectors = eigsh(operator, k=1, which="SA", v0=first, tol=1e-10)
        softest = weight * vectors[:, 0].reshape(self.grid.shape)
        softest = softest / self.grid.integrate(np.abs(softest))
        return float(values[0]), softest
