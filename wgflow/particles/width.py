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
"""Width of the draws whose mean stands for the limit at the start, of the widest measured."""

SAMPLES = 2**16
"""Numbers of samples drawn for a block of steps, at most or one step."""

DRAWS = 32
"""Networks drawn of each seed for the error at the start, which scatters and costs no training."""

SLOPES = {"start": -1.0, "end": -1.0}
"""What the theory says of the slopes of squared errors against N: at the end this or steeper."""

TITLES = {"start": "E|f_N - f_0|², start", "end": "E|f - f_N|², end"}

BatchRule = Callable[[int], int]
"""Samples a step of a network of N neurons."""
Measured = tuple[Array, Array]
"""Of one seed, moments of draws ``(DRAWS, widths, K)`` and risks at the end, at each width."""
Share = Callable[[Callable[[int], Measured], int], list[Measured]]


def _one_by_one(task: Callable[[int], Measured], count: int) -> list[Measured]:
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class WidthRow:
    """Squared errors at one width, each with its standard error over seeds.

    Attributes
    ----------
    neurons, batch : int
    start : (float, float)
        E |f_N - f_0|² of independent draws, f_0 the limit of infinite width there.
    end : (float, float)
        The loss E |f - f_N|² after training, f the target.
    """

    neurons: int
    batch: int
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class WidthTable:
    """Errors of finite width at the start and the end of training, with slopes against N.

    Attributes
    ----------
    rows : tuple of WidthRow
    slopes : dict of str to (slope, low, high)
        For ``start`` and ``end``: slope of the squared error against N on logarithmic axes with
        its interval at 95 %, by a jackknife over seeds. For ``tail`` that of ``end`` over the
        widths from ``tail`` on, if they are fewer. Slopes of root mean squares are half of these.
    tail : int
    """

    rows: tuple[WidthRow, ...]
    slopes: dict[str, tuple[float, float, float]]
    tail: int

    def columns(self) -> dict[str, list[float]]:
        """Give the rows as columns of numbers, with roots of the squared errors."""
        found: dict[str, list[float]] = {
            "neurons": [row.neurons for row in self.rows],
            "batch": [row.batch for row in self.rows],
        }
        for name in SLOPES:
            pairs = [getattr(row, name) for row in self.rows]
            found[name], found[f"{name}_error"] = [p[0] for p in pairs], [p[1] for p in pairs]
            found[f"{name}_rms"] = [math.sqrt(p[0]) for p in pairs]
        return found

    def to_text(self) -> str:
        """Give the rows and slopes as a table."""
        head = f"{'N':>5} {'batch':>6}" + "".join(f" {t:>21} {'root':>8}" for t in TITLES.values())
        lines = [head, "-" * len(head)]
        for row in self.rows:
            values = " ".join(
                f"{mean:12.3e} ±{error:7.1e} {math.sqrt(mean):8.2e}"
                for mean, error in (row.start, row.end)
            )
            lines.append(f"{row.neurons:>5} {row.batch:>6} {values}")
        lines.append("slope against N [95 %]: of the squared error, of its root")
        for name, (slope, low, high) in self.slopes.items():
            place = f"end, N >= {self.tail}" if name == "tail" else name
            lines.append(
                f"  {place:<14} {slope:6.2f} [{low:5.2f}, {high:5.2f}]"
                f"   {slope / 2:6.2f} [{low / 2:5.2f}, {high / 2:5.2f}]"
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
    tail: int = 1,
    share: Share = _one_by_one,
) -> WidthTable:
    """Train networks of several widths by SGD and measure their errors against the width.

    The source says f_N = f_0 + O(N^-ξ): ξ = 1/2 at the start, by the central limit theorem, and any
    ξ < 1 after a training time ≫ log N, when f_0 is the target f. So the squared error (the loss,
    but for its ½) falls like 1/N at the start; at the end like 1/N at least, which the abstract
    calls universal, and up to 1/N². SGD adds noise of strength ε/P, ε the step and P the batch,
    which P ~ N² keeps below the error.

    Parameters
    ----------
    network : Network
        With the square loss.
    sizes : sequence of int
        Two or more widths N, increasing.
    batch : callable
        Samples a step of N neurons.
    seeds : int
        Independent networks of each width, two or more.
    until, step : float
        Training time and step size ε.
    schedule : Schedule
    tail : int, optional
        Width from which on the slope at the end is fitted once more, where that leaves two
        widths or more, but not all.
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
    Rotskoff, Vanden-Eijnden, arXiv:1805.00915 (2018): error 1/n, noise ε/P, batches of n².

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
        start, risk = [], []
        for width in widths:
            rng = np.random.default_rng([seed, width])
            drawn = [network.draw(rng, width) for _ in range(DRAWS)]
            start.append([network.moments(theta) for theta in drawn])
            if width > sizes[-1]:
                continue
            count = batch(width)
            run = stochastic_gradient_descent(
                network, drawn[0], [until], step, schedule, rng, count, keep=False,
                block=max(1, SAMPLES // count),
            )  # fmt: skip
            risk.append(run.risk[-1])
        return np.array(start).swapaxes(0, 1), np.array(risk)

    done = share(task, seeds)
    moments = np.concatenate([each[0] for each in done])
    weights = network.features.curvature(moments[0, 0])
    # one mean a seed: the jackknife is over seeds
    start = _squares(moments, weights).reshape(seeds, DRAWS, len(sizes)).mean(axis=1)
    errors = {"start": start, "end": np.array([each[1] for each in done])}
    at = np.array(sizes, float)
    slopes = {name: fit_slope(at, squares, 0.95) for name, squares in errors.items()}
    wide = at >= tail
    if 2 <= wide.sum() < len(sizes):
        slopes["tail"] = fit_slope(at[wide], errors["end"][:, wide], 0.95)
    rows = (
        WidthRow(size, batch(size), *(_mean(squares[:, i]) for squares in errors.values()))
        for i, size in enumerate(sizes)
    )
    return WidthTable(tuple(rows), slopes, tail)


def _squares(moments: Array, weights: Array) -> Array:
    """Squared errors ``(draws, sizes)`` of moments ``(draws, widths, K)``, the last the limit's."""
    away = moments[:, :-1] - moments[:, -1].mean(axis=0)
    return np.asarray(np.einsum("slk,k->sl", away**2, weights))


def _mean(values: Array) -> tuple[float, float]:
    """Mean over seeds and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
