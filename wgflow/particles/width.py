"""How far networks of finite width are from the limit of infinite width, measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import Network
from wgflow.particles.coupling_table import fit_slope
from wgflow.particles.schedule import Schedule
from wgflow.particles.sgd import stochastic_gradient_descent

__all__ = ["BatchRule", "WidthRow", "WidthTable", "width_errors"]

REFERENCE = 2
"""Width of the networks whose mean stands for the limit, in units of the widest measured."""

SAMPLES = 2**16
"""Numbers of samples drawn for a block of steps, at most or one step."""

DRAWS = 16
"""Networks drawn of each seed for the error at the start, which scatters and costs no training."""

SLOPES = {"start": -0.5, "end": -1.0}
"""What the theory says of the slopes of the errors against N."""

BatchRule = Callable[[int], int]
"""Samples a step of a network of N neurons."""
Measured = tuple[Array, Array, Array]
"""Of one seed, moments at start and end and risks at the end, at each width."""
Share = Callable[[Callable[[int], Measured], int], list[Measured]]


def _one_by_one(task: Callable[[int], Measured], count: int) -> list[Measured]:
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class WidthRow:
    """Errors at one width, each with its standard error over seeds.

    Attributes
    ----------
    neurons, batch : int
    start, end : (float, float)
        Root mean square of f_N - f over the data and the seeds, f the limit of infinite width.
    risk : (float, float)
        Mean population risk at the end.
    """

    neurons: int
    batch: int
    start: tuple[float, float]
    end: tuple[float, float]
    risk: tuple[float, float]


@dataclass(frozen=True)
class WidthTable:
    """Errors of finite width at the start and the end of training, with slopes against N.

    Attributes
    ----------
    rows : tuple of WidthRow
    slopes : dict of str to (slope, low, high)
        For ``start``, ``end`` and ``risk``: slope against N on logarithmic axes with its
        interval at 95 %, by a jackknife over seeds.
    """

    rows: tuple[WidthRow, ...]
    slopes: dict[str, tuple[float, float, float]]

    def columns(self) -> dict[str, list[float]]:
        """Give the rows as columns of numbers."""
        found: dict[str, list[float]] = {
            "neurons": [row.neurons for row in self.rows],
            "batch": [row.batch for row in self.rows],
        }
        for name in ("start", "end", "risk"):
            pairs = [getattr(row, name) for row in self.rows]
            found[name], found[f"{name}_error"] = [p[0] for p in pairs], [p[1] for p in pairs]
        return found

    def to_text(self) -> str:
        """Give the rows and slopes as a table."""
        titles = {"start": "error at start", "end": "error at end", "risk": "risk at end"}
        head = f"{'N':>6} {'batch':>6}" + "".join(f" {t:>20}" for t in titles.values())
        lines = [head, "-" * len(head)]
        for row in self.rows:
            pairs = (row.start, row.end, row.risk)
            values = " ".join(f"{mean:11.3e} ±{error:7.1e}" for mean, error in pairs)
            lines.append(f"{row.neurons:>6} {row.batch:>6} {values}")
        for name, (slope, low, high) in self.slopes.items():
            stated = f", theory {SLOPES[name]:g}" if name in SLOPES else ""
            lines.append(
                f"slope of the {titles[name]}: {slope:.2f} [{low:.2f}, {high:.2f}]{stated}"
            )
        return "\n".join(lines)


def width_errors(
    network: Network,
    sizes: Sequence[int],
    batch: BatchRule,
    seeds: int,
    until: float,
    step: float,
    schedule: Schedule,
    *,
    share: Share = _one_by_one,
) -> WidthTable:
    """Train networks of several widths by SGD and measure their distance from the wide limit.

    The error of a network is (E |f_N - f|²)^(1/2), in terms of features (Σ w_k (m_k - m̄_k)²)^(1/2),
    where the limit f is the mean over the seeds of networks twice as wide as the widest. It falls
    like N^(-1/2) for independent draws, at the start, and like 1/N at the end of training, if the
    samples make no more noise than that: for which batches grow like N².

    Parameters
    ----------
    network : Network
        With the square loss.
    sizes : sequence of int
        Two or more widths N, increasing.
    batch : callable
        Samples a step of N neurons. Reference networks have the batch of the widest.
    seeds : int
        Independent networks of each width, two or more.
    until, step : float
        Training time and step size ε.
    schedule : Schedule
    share : callable, optional
        ``share(task, count)`` gives the results of ``task(0)``, …; it may divide the work.

    Returns
    -------
    WidthTable

    Raises
    ------
    InputError
        If there are fewer than two sizes or seeds, or the sizes do not increase.
    DivergenceError
        If a network diverges: the step is too large.

    References
    ----------
    Rotskoff, Vanden-Eijnden, arXiv:1805.00915 (2018): error 1/n, batches of n².

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> found = width_errors(cosine_network(), (10, 40), lambda n: 4, 3, 0.1, 0.05, Schedule(2.0))
    >>> [row.neurons for row in found.rows]
    [10, 40]
    """
    if len(sizes) < 2 or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
        raise InputError(f"sizes {tuple(sizes)}: give two or more widths >= 1 that increase")
    if seeds < 2:
        raise InputError(f"seeds = {seeds}: give at least 2, for the errors' own errors")
    widths = [*sizes, REFERENCE * sizes[-1]]

    def task(seed: int) -> Measured:
        start, end, risk = [], [], []
        for width in widths:
            rng = np.random.default_rng([seed, width])
            drawn = [network.draw(rng, width) for _ in range(DRAWS)]
            start.append([network.moments(theta) for theta in drawn])
            count = batch(min(width, sizes[-1]))
            run = stochastic_gradient_descent(
                network, drawn[0], [until], step, schedule, rng, count,
                block=max(1, SAMPLES // count),
            )  # fmt: skip
            end.append(network.moments(run.final))
            risk.append(run.risk[-1])
        return np.array(start).swapaxes(0, 1), np.array(end)[None], np.array(risk)

    done = share(task, seeds)
    start, end = (np.concatenate([each[i] for each in done]) for i in (0, 1))
    risks = np.array([each[2] for each in done])[:, :-1]
    weights = network.features.curvature(start[0, 0])
    squares = [_squares(moments, weights) for moments in (start, end)]
    rows = []
    for i, size in enumerate(sizes):
        first, last = (_root(values[:, i]) for values in squares)
        rows.append(WidthRow(size, batch(size), first, last, _mean(risks[:, i])))
    slopes = {
        "start": _half(fit_slope(np.array(sizes, float), squares[0], 0.95)),
        "end": _half(fit_slope(np.array(sizes, float), squares[1], 0.95)),
        "risk": fit_slope(np.array(sizes, float), risks, 0.95),
    }
    return WidthTable(tuple(rows), slopes)


def _half(slope: tuple[float, float, float]) -> tuple[float, float, float]:
    """Slope of the roots from that of the squares."""
    return slope[0] / 2, slope[1] / 2, slope[2] / 2


def _squares(moments: Array, weights: Array) -> Array:
    """Squared errors ``(seeds, sizes)`` of moments ``(seeds, widths, K)``, the last the limit's."""
    away = moments[:, :-1] - moments[:, -1].mean(axis=0)
    return np.asarray(np.einsum("slk,k->sl", away**2, weights))


def _mean(values: Array) -> tuple[float, float]:
    """Mean over seeds and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def _root(squares: Array) -> tuple[float, float]:
    """Root of the mean over seeds and its standard error."""
    mean, error = _mean(squares)
    return math.sqrt(mean), error / (2 * math.sqrt(mean)) if mean > 0 else 0.0
