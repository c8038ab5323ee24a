"""How fast an interaction makes a density decay: what bounds explicit steps at rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Box
from wgflow.grid import Grid

__all__ = ["stiffest"]

RESIDUAL = 0.05  # of the eigenvalue, which is given with it added
NEGLIGIBLE = 1e-2  # of the operator's norm: below, what attracts alone has no such eigenvalue
MOST_ITERATIONS = 60


def stiffest(second_variation: Callable[[Array], Array], grid: Grid) -> float:
    """Largest eigenvalue of -∇ U ∇·, with the discrete gradient and divergence of the grid.

    U is the second variation of the nonlocal terms. An explicit Euler step with the flux
    ``f = m g``, g the face differences of -xi and m between 0 and ``density.max()``, changes a
    quadratic energy by -dt <f, g> + dt²/2 <∇·f, U ∇·f>, where the second term is at most
    dt²/2 λ <f, f>: so the energy does not increase if ``dt * density.max() * λ <= 2``. This holds
    for upwind and limited fluxes, and for kernels of any sign.

    By the method of Lanczos on face values, which needs no more of U than its products and is
    the same on equal, stretched and radial cells, meshes, and any number of ranks. For a
    convolution on equal periodic cells λ is the maximum of Σ_a (2 sin(k_a h/2)/h)² Û(k), which
    for -log|x| on a line is 4.7/h; of a kernel that only attracts it is 0.

    Parameters
    ----------
    second_variation : callable
        From a density to a potential, symmetric.
    grid : Grid or Mesh

    Returns
    -------
    float
        At least 0; what Lanczos' method leaves open, a twentieth, is added.

    References
    ----------
    Golub, Van Loan, Matrix Computations (2013), section 10.1.
    """
    now = _start(grid)
    before = [np.zeros_like(f) for f in now]
    diagonal: list[float] = []
    beside: list[float] = []
    length = math.sqrt(_product(grid, now, now))
    for _ in range(MOST_ITERATIONS):
        if length == 0:  # one cell, or a Krylov space that is complete
            break
        now = [f / length for f in now]
        after = _applied(second_variation, grid, now)
        diagonal.append(_product(grid, now, after))
        for new, f, old in zip(after, now, before, strict=True):
            new -= diagonal[-1] * f
            new -= (length if len(diagonal) > 1 else 0.0) * old
        before, now = now, after
        length = math.sqrt(_product(grid, now, now))
        largest, rest, norm = _ritz(diagonal, beside, length)
        if rest <= max(RESIDUAL * largest, RESIDUAL * NEGLIGIBLE * norm):
            break
        beside.append(length)
    return max(largest + rest, 0.0) if diagonal else 0.0


def _ritz(diagonal: list[float], beside: list[float], length: float) -> tuple[float, float, float]:
    """Largest eigenvalue of the tridiagonal matrix, its residual, and the matrix' norm."""
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    values, vectors = np.linalg.eigh(matrix)
    return float(values[-1]), float(length * abs(vectors[-1, -1])), float(np.abs(values).max())


def _applied(
    second_variation: Callable[[Array], Array], grid: Grid, faces: list[Array]
) -> list[Array]:
    """Apply -∇ U ∇· to values on the faces of each axis."""
    change = np.zeros(grid.shape)
    for axis, flux in enumerate(faces):
        change += grid.face_divergence(flux, axis)
    potential = second_variation(change)
    return [
        -grid.difference(potential, axis) / grid.along(grid.face_distances(axis), axis)
        for axis in range(len(faces))
    ]


def _product(grid: Grid, first: list[Array], second: list[Array]) -> float:
    """Inner product of face values, each weighted with area times distance.

    Half a face belongs to each cell beside it: faces that two ranks hold count once.
    """
    total = np.zeros(grid.shape)
    for axis, (f, g) in enumerate(zip(first, second, strict=True)):
        if _fixed(grid, axis):  # no flux, over an infinite distance
            continue
        share = f * g * grid.along(grid.face_distances(axis), axis) / 2
        total += grid.to_cells(share, axis, 0) + grid.to_cells(share, axis, 1)
    return grid.integrate(total)


def _start(grid: Grid) -> list[Array]:
    """Noise that depends on the place alone, so that it is the same on any number of ranks."""
    noise = np.ones(grid.shape)
    for x in grid.coordinates:
        noise = noise * (np.modf(np.sin(12.9898 * x / grid.spacing) * 43758.5453)[0] + 0.1)
    return [
        grid.beside(0 * noise if _fixed(grid, axis) else noise, axis)[0]
        for axis in range(len(grid.shape))
    ]


def _fixed(grid: Grid, axis: int) -> bool:
    """Whether no mass moves along an axis; a mesh has none such."""
    return isinstance(grid.box, Box) and grid.box.axes[axis].fixed
