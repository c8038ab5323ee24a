"""Functions as cubic splines: values and derivatives that fit each other, at compiled speed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import DivergenceError, InputError
from wgflow.quantiles.line import Line

__all__ = ["KernelTable", "LineTable"]

PIECES = 4096  # of a spline, or as many times the cells: its error is (length/4096)^4 f''''/384
PER_CELL = 4
MOST = 2**24  # numbers in one table
LOG_PIECES = 16384  # of a kernel that is singular at 0, in the logarithm of the distance
LEAST = 1e-12  # distance over the length below which a kernel goes on as it is there
ENDLESS = 1e-9  # of the largest |W|: dW/dlog z next to 0 that is no rounding
RAY_STEP = 0.05  # of the double-exponential rule for the mean over an interval


class LineTable:
    """K functions on a line.

    Parameters
    ----------
    values : callable
        Gives (K, n) values at n positions.
    line : Line
    what : str
        Name in errors.
    time : float
        At which they are taken, for errors.

    Raises
    ------
    InputError
        If a value is not finite; DivergenceError if it is not after the start.
    """

    def __init__(
        self, values: Callable[[Array], Array], line: Line, what: str, time: float = 0.0
    ) -> None:
        rows = len(values(line.edges[:2]))
        pieces = max(PIECES, PER_CELL * (len(line.edges) - 1))
        pieces = max(min(pieces, MOST // max(rows, 1)), 256)
        at = np.linspace(line.lower, line.upper, pieces + 1)
        with np.errstate(all="ignore"):
            found = np.array(np.broadcast_to(values(at), (rows, len(at))), dtype=float)
        bad = ~np.isfinite(found).all(axis=0)
        if bad.any():
            kind = DivergenceError if time > 0 else InputError
            raise kind(
                f"{what} is not finite at {at[bad][0]:.6g}, t = {time:.6g}: quantiles need it "
                "everywhere, at the bounds too; change it or the domain"
            )
        self._lower, self._step = line.lower, line.length / pieces
        self._period = line.length if line.periodic else 0.0
        self._coefficients = _coefficients(at, found, line.periodic)

    def __call__(self, positions: Array) -> Array:
        """Values and two derivatives at n positions, shape (3, K, n)."""
        from wgflow.quantiles._kernels import spline

        found: Array = spline(positions, self._lower, self._step, self._coefficients, self._period)
        return found


class KernelTable:
    """An even kernel as a function of the distance.

    Parameters
    ----------
    kernel : callable
    singular : bool
        Whether it is singular at 0, or has a kink: then it is tabulated in log z.
    line : Line

    Attributes
    ----------
    arguments : tuple
        Period, least distance (0: not singular), start, step and coefficients, as the compiled
        sums take them.
    middle : float
        W(0) of a kernel that is not singular.
    repels, attracts : bool
        Whether W grows, or falls, without end towards 0.
    """

    def __init__(self, kernel: Callable[..., Array], singular: bool, line: Line) -> None:
        period = line.length if line.periodic else 0.0
        reach = line.length / 2 if line.periodic else line.length
        least = LEAST * line.length if singular else 0.0
        start = math.log(least) if singular else 0.0
        end = math.log(reach) if singular else reach
        pieces = LOG_PIECES if singular else max(PIECES, PER_CELL * len(line.edges))
        at = np.linspace(start, end, pieces + 1)
        distance = np.exp(at) if singular else at
        table = _coefficients(at, _finite(kernel, distance)[None])[0]
        self.arguments = (period, least, start, (end - start) / pieces, table)
        self.middle = 0.0 if singular else float(table[0, 0])
        # d W/d log z tends to 0 at 0 unless W is infinite there
        slope = table[0, 1] if singular else 0.0
        self.repels = bool(slope < -ENDLESS * abs(table[:, 0]).max())
        self.attracts = bool(slope > ENDLESS * abs(table[:, 0]).max())
        self._own = self.arguments
        if singular:
            means = _interval_means(kernel, distance)
            self._own = (0.0, *self.arguments[1:4], _coefficients(at, means[None])[0])

    def own(self, gaps: Array) -> tuple[Array, Array, Array]:
        """Mean of W over pairs of points of an interval, and two derivatives by its width."""
        _, least, start, step, table = self._own
        z = np.maximum(gaps, least)
        t = np.log(z)
        i = np.clip(((t - start) / step).astype(int), 0, len(table) - 1)
        r = t - start - i * step
        a, b, c, d = table[i].T
        first = b + r * (2 * c + 3 * r * d)
        second = 2 * c + 6 * r * d
        return a + r * (b + r * (c + r * d)), first / z, (second - first) / z**2


def _coefficients(at: Array, values: Array, periodic: bool = False) -> Array:
    """Coefficients of cubic splines, (K, pieces, 4), lowest power first."""
    from scipy.interpolate import CubicSpline

    closed = periodic and np.allclose(values[:, 0], values[:, -1], rtol=1e-9, atol=1e-12)
    if closed:
        values = values.copy()
        values[:, -1] = values[:, 0]
    found = CubicSpline(at, values, axis=1, bc_type="periodic" if closed else "not-a-knot").c
    return np.ascontiguousarray(np.moveaxis(found[::-1], (0, 1, 2), (2, 1, 0)))


def _finite(kernel: Callable[..., Array], distance: Array) -> Array:
    with np.errstate(all="ignore"):
        values = np.array(np.broadcast_to(kernel(distance), distance.shape), dtype=float)
    if not np.all(np.isfinite(values)):
        at = distance[~np.isfinite(values)][0]
        raise InputError(
            f"the interaction kernel is not finite at distance {at:.6g}: regularize it, or give "
            "singular=True if it is singular at 0"
        )
    return values


def _interval_means(kernel: Callable[..., Array], widths: Array) -> Array:
    """Twice the integral of (1 - t) W(t width) over t in (0, 1), by the double-exponential rule."""
    nodes = np.arange(-4.2, 3.2, RAY_STEP)
    t = 1 / (1 + np.exp(-np.pi * np.sinh(nodes)))
    share = RAY_STEP * np.pi * np.cosh(nodes) * t / (1 + np.exp(np.pi * np.sinh(nodes)))
    means = np.zeros(len(widths))
    for s, weight in zip(t, 2 * (1 - t) * share, strict=True):
        means += weight * _finite(kernel, s * widths)
    return means
