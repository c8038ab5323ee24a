"""How lazy networks are, against their width in two scalings and against the scale."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import EmpiricalData
from wgflow.particles.lazy import LazyRun, lazy_run

__all__ = ["MEASURED", "SERIES", "LazyTable", "lazy_training"]

SERIES = ("1/m", "1/√m", "α")
MEASURED = ("displacement", "kernel", "gap")
RECORDED = 41  # times
FITTED = 3  # of the largest sizes: rates are those of the limit

Share = Callable[[Callable[[int], LazyRun], int], list[LazyRun]]


def _one_by_one(task: Callable[[int], LazyRun], count: int) -> list[LazyRun]:
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class LazyTable:
    """Networks beside their linearizations.

    Attributes
    ----------
    sizes : dict of str to (n,) array
        What is varied in each of the series: the width m in the scalings ``"1/m"`` (α = 1) and
        ``"1/√m"`` (α = sqrt(m)), and ``"α"`` at a fixed width.
    largest : dict of str to (n, seeds, 3) array
        Sup over time of displacement, kernel distance and gap; see :class:`LazyRun`.
    risks : dict of str to (n, seeds, 2) array
        Risk at the end, of the network and of its lazy limit.
    neurons : int
        Width in the series ``"α"``.
    runs : dict of str to LazyRun
        Of the first seed, at the first and the last size: ``"α 1"``.
    """

    sizes: dict[str, Array]
    largest: dict[str, Array]
    risks: dict[str, Array]
    neurons: int
    runs: dict[str, LazyRun]

    def slope(self, series: str, quantity: str) -> tuple[float, float]:
        """Slope of log(quantity) against log(size) over the three largest, and standard error.

        Fitted for each seed; the error is that of the mean, nan with one seed.
        """
        size = np.log(self.sizes[series][-FITTED:])
        values = np.log(self.largest[series][-FITTED:, :, MEASURED.index(quantity)])
        slopes = np.polyfit(size, values, 1)[0]
        count = len(slopes)
        error = float(slopes.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
        return float(slopes.mean()), error

    def columns(self) -> dict[str, list[float]]:
        """Give the table, a row for each size: means over seeds."""
        rows = []
        for series in SERIES:
            mean, risk = self.largest[series].mean(axis=1), self.risks[series].mean(axis=1)
            for number, size in enumerate(self.sizes[series].tolist()):
                width = float(self.neurons) if series == "α" else size
                scale = {"1/m": 1.0, "1/√m": math.sqrt(size), "α": size}[series]
                rows.append([width, scale, *mean[number].tolist(), *risk[number].tolist()])
        names = ["neurons", "scale", *MEASURED, "risk", "risk_lazy"]
        return {name: [row[k] for row in rows] for k, name in enumerate(names)}

    def to_text(self) -> str:
        """Give the table and the slopes as text."""
        seeds = self.largest["α"].shape[1]
        lines = [
            f"sup over time, means over {seeds} seeds; risks at the end",
            f"{'m':>6} {'α':>7} {'displacement':>13} {'kernel':>10} {'gap':>10} {'risk':>10} "
            f"{'lazy risk':>10}",
        ]
        for row in zip(*self.columns().values(), strict=True):
            values = " ".join(f"{value:10.3e}" for value in row[3:])
            lines.append(f"{row[0]:6.0f} {row[1]:7.2f} {row[2]:13.3e} {values}")
        lines += ["", f"slopes over the {FITTED} largest, ± standard error"]
        for series in SERIES:
            found = [self.slope(series, quantity) for quantity in MEASURED]
            listed = ", ".join(
                f"{name} {slope:.3f} ± {error:.3f}"
                for name, (slope, error) in zip(MEASURED, found, strict=True)
            )
            against = "against α" if series == "α" else f"against m, scaling {series}"
            lines.append(f"{against:>25}: {listed}")
        return "\n".join(lines)


def lazy_training(
    sizes: Sequence[int],
    scales: Sequence[float],
    *,
    neurons: int = 400,
    dimension: int = 5,
    samples: int = 20,
    activation: str = "tanh",
    until: float = 10.0,
    dt: float = 0.1,
    seeds: int = 5,
    seed: int = 0,
    share: Share = _one_by_one,
) -> LazyTable:
    """Measure how far networks are from their lazy limit, in width and in scale.

    The samples are x ~ N(0, I), y = sin(2 <u, x>) with a random unit vector u, new for each seed.
    Theory: the displacement is of order 1/α, and f differs from the lazy limit by O(1/α); α = 1
    is the mean-field scaling 1/m, where both stay of order 1 however wide the network, and
    α = sqrt(m) the scaling 1/sqrt(m). With neurons in pairs of opposite output the terms of first
    order of kernel and gap cancel: once α is large, some tens, they fall like 1/α², and in the
    scaling 1/sqrt(m) at least like 1/m.

    Parameters
    ----------
    sizes : sequence of int
        Three or more widths, even, for both scalings.
    scales : sequence of float
        Three or more α, at one width.
    neurons : int
        That width.
    dimension, samples : int
        p and M.
    activation : str
        tanh, erf or logistic.
    until, dt : float
        End and longest time step.
    seeds, seed : int
        Networks of each kind, and the seed from which those of all are spawned.
    share : callable
        ``share(task, count)`` gives ``[task(0), …, task(count - 1)]``, from wherever they are
        done: results do not depend on it.

    Raises
    ------
    InputError
        For bad numbers.
    DivergenceError
        If a network diverges: the time step is too long.

    References
    ----------
    Chizat, Oyallon, Bach (2019), "On lazy training in differentiable programming", theorem 2.3;
    Jacot, Gabriel, Hongler (2018), "Neural tangent kernel".

    Examples
    --------
    >>> table = lazy_training([8, 16, 32], [16, 32, 64], neurons=40, until=1.0, seeds=2)
    >>> bool(abs(table.slope("α", "displacement")[0] + 1) < 0.02)
    True
    """
    for name, values in (("sizes", sizes), ("scales", scales)):
        if len(values) < FITTED or any(b <= a for a, b in itertools.pairwise(values)):
            raise InputError(f"{name} {list(values)}: give {FITTED} or more, increasing")
    if min(seeds, samples, dimension) < 1 or seed < 0:
        raise InputError(
            f"{seeds} seeds, {samples} samples in dimension {dimension}, seed {seed}: give numbers "
            ">= 1, and a seed >= 0"
        )
    if not 0 < until < math.inf:
        raise InputError(f"until = {until}: give a finite number > 0")
    times = np.linspace(0.0, until, RECORDED)
    kinds = [("1/m", float(m), m, 1.0) for m in sizes]
    kinds += [("1/√m", float(m), m, math.sqrt(m)) for m in sizes]
    kinds += [("α", float(a), neurons, float(a)) for a in scales]

    def task(number: int) -> LazyRun:
        kind, index = divmod(number, seeds)
        _, _, width, scale = kinds[kind]
        data = _samples(np.random.default_rng([seed, index, 0]), samples, dimension)
        rng = np.random.default_rng([seed, index, 1, width])
        return lazy_run(data, width, scale, times, rng, activation=activation, dt=dt)

    found = share(task, len(kinds) * seeds)
    sizes_of = {s: np.array([k[1] for k in kinds if k[0] == s], dtype=float) for s in SERIES}
    largest, risks, runs = {}, {}, {}
    for series in SERIES:
        mine = [k for k, kind in enumerate(kinds) if kind[0] == series]
        part = [[found[k * seeds + s] for s in range(seeds)] for k in mine]
        largest[series] = np.array([[run.largest() for run in row] for row in part])
        risks[series] = np.array(
            [
                [[run.risk(f)[-1] for f in (run.predictions, run.linear)] for run in row]
                for row in part
            ]
        )
        for k in (0, -1):
            runs[f"{series} {sizes_of[series][k]:g}"] = part[k][0]
    return LazyTable(sizes_of, largest, risks, neurons, runs)


def _samples(rng: np.random.Generator, count: int, dimension: int) -> EmpiricalData:
    x = rng.standard_normal((count, dimension))
    direction = rng.standard_normal(dimension)
    return EmpiricalData(x, np.sin(2.0 * x @ direction / np.linalg.norm(direction)))
