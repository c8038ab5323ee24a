"""How far three-layer networks are from their limit of infinite width."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import EmpiricalData
from wgflow.particles.coupling_table import fit_slope
from wgflow.particles.lazy_study import _samples
from wgflow.particles.three_layer import ThreeLayerRun, index_spaces, three_layer_run

__all__ = ["THREE_LAYER_ERRORS", "ThreeLayerTable", "three_layer"]

THREE_LAYER_ERRORS = ("risk", "predictions", "end", "weights")
RECORDED = 41  # times
CONFIDENCE = 0.95
THEORY = -0.5

Share = Callable[[Callable[[int], Any], int], list[Any]]


def _one_by_one(task: Callable[[int], Any], count: int) -> list[Any]:
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class ThreeLayerTable:
    """Networks of widths N1 = N2 = n beside the limit on finite index spaces.

    Attributes
    ----------
    sizes : (n,) array
        Widths.
    errors : (seeds, n, 4) array
        Sup over time of |R_n - R|; sup over time of the root mean square over samples of f_n - f;
        the same at the end, where the sup may be at the start; distance of the weights at the end
        from those of the limit at the same indices, see :meth:`Layers.distance`.
    gaps : (seeds, n, T) array
        Root mean square of f_n - f over time.
    risks : (seeds, n, T) array
        R_n.
    limit : ThreeLayerRun
    indices : int
        Of each of the two index spaces.
    own : (2,) array
        Risk and predictions: how far limits on other such spaces are from their mean, root mean
        square of the sups over time: the error of the finite spaces beside the normal law.
    """

    sizes: Array
    errors: Array
    gaps: Array
    risks: Array
    limit: ThreeLayerRun
    indices: int
    own: Array

    def slope(self, quantity: str) -> tuple[float, float, float]:
        """Slope of log(error) against log(n), and its interval at 95 %, by a jackknife over seeds.

        Errors are root mean squares over seeds.
        """
        squares = self.errors[:, :, THREE_LAYER_ERRORS.index(quantity)] ** 2
        slope, low, high = fit_slope(self.sizes, squares, CONFIDENCE)
        return slope / 2, low / 2, high / 2

    def mean_error(self) -> tuple[Array, Array]:
        """Root mean squares over seeds and their standard errors, each of shape (n, 4)."""
        squares = self.errors**2
        root = np.sqrt(squares.mean(axis=0))
        seeds = len(squares)
        if seeds < 2:
            return root, np.full_like(root, math.nan)
        return root, squares.std(axis=0, ddof=1) / math.sqrt(seeds) / (2 * root)

    def columns(self) -> dict[str, Array]:
        """Give the table, a row for each width."""
        found = {"neurons": self.sizes}
        root, error = self.mean_error()
        for k, name in enumerate(THREE_LAYER_ERRORS):
            found[name], found[f"{name}_error"] = root[:, k], error[:, k]
        found["risk_end"] = self.risks[:, :, -1].mean(axis=0)
        return found

    def to_text(self) -> str:
        """Give the table and the slopes as text."""
        risk = self.limit.risk
        lines = [
            f"limit on {self.indices} x {self.indices} indices: risk {risk[0]:.4f} at the start, "
            f"{risk[-1]:.4f} at t = {self.limit.times[-1]:g}",
            f"root mean squares over {len(self.errors)} seeds",
            f"{'n':>6} {'sup |R_n - R|':>20} {'sup |f_n - f|':>20} {'|f_n - f| at end':>20} "
            f"{'weights at end':>20} {'risk at end':>12}",
        ]
        root, error = self.mean_error()
        for size, mean, width, last in zip(
            self.sizes, root, error, self.columns()["risk_end"], strict=True
        ):
            pairs = " ".join(f"{m:11.3e} ±{e:7.1e}" for m, e in zip(mean, width, strict=True))
            lines.append(f"{size:6.0f} {pairs} {last:12.4f}")
        lines.append(
            f"{self.indices:6d} {self.own[0]:11.3e} {'':8} {self.own[1]:11.3e} {'':8} limits on "
            "other indices, from their mean"
        )
        for name in THREE_LAYER_ERRORS:
            slope, low, high = self.slope(name)
            lines.append(f"slope of {name}: {slope:.3f} [{low:.3f}, {high:.3f}], theory {THEORY:g}")
        return "\n".join(lines)


def three_layer(
    sizes: Sequence[int],
    *,
    indices: int = 1000,
    spaces: int = 4,
    dimension: int = 2,
    samples: int = 30,
    activation: str = "tanh",
    until: float = 40.0,
    dt: float = 0.5,
    seeds: int = 30,
    seed: int = 0,
    share: Share = _one_by_one,
) -> ThreeLayerTable:
    """Measure how far three-layer networks of widths N1 = N2 = n are from their limit.

    The samples are x ~ N(0, I_d), y = sin(2 <u, x>) with a random unit vector u, and inputs (x, 1).
    The limit lives on two spaces of N indices of equal weight, drawn once: there it is exact. Each
    network takes n indices of both, independently and with replacement, and starts with the limit's
    weights at these. Theory: sup over t <= T of |R_n - R| is of order n^(-1/2), up to logarithms.
    The weights' distance has the same order while it is small. By default its measured slope is
    -0.48 at T = 5 and -0.41 at T = 40, where it is of the size of the weights.

    Parameters
    ----------
    sizes : sequence of int
        Three or more widths n, increasing.
    indices : int
        N.
    spaces : int
        Limits, each on its own indices, two or more; networks take theirs from the first. How far
        they are apart is how far N indices are from the normal law they are drawn from.
    dimension, samples : int
        d and M.
    activation : str
        tanh, erf or logistic, of both hidden layers.
    until, dt : float
        T and the longest time step.
    seeds, seed : int
        Networks of each width, two or more, and the seed from which those of all are spawned.
    share : callable
        ``share(task, count)`` gives ``[task(0), …, task(count - 1)]``, from wherever they are
        done: results do not depend on it. Called twice.

    Raises
    ------
    InputError
        For bad numbers.
    DivergenceError
        If a network diverges: the time step is too long.

    References
    ----------
    Nguyen, Pham (2020), "A rigorous framework for the mean field limit of multilayer neural
    networks", arXiv:2001.11443.

    Examples
    --------
    >>> table = three_layer([4, 8, 16], indices=50, until=1.0, seeds=3)
    >>> bool(table.errors.shape == (3, 3, 4) and (table.errors > 0).all())
    True
    """
    _check(sizes, indices, spaces, dimension, samples, until, seeds, seed)
    data = _samples(np.random.default_rng([seed, 0]), samples, dimension)
    data = EmpiricalData(np.column_stack([data.x, np.ones(samples)]), data.y)
    times = np.linspace(0.0, until, RECORDED)

    def drawn(number: int) -> Any:
        return index_spaces(np.random.default_rng([seed, 1, number]), indices, dimension + 1)

    def limit(number: int) -> tuple[ThreeLayerRun | None, Array]:
        run = three_layer_run(drawn(number).start(), data, times, activation=activation, dt=dt)
        return run if number == 0 else None, run.predictions

    wide = share(limit, spaces)
    first: ThreeLayerRun = wide[0][0]
    start = drawn(0).start()

    def network(number: int) -> tuple[Array, Array, float]:
        width, index = sizes[-1 - number // seeds], number % seeds
        rng = np.random.default_rng([seed, 2, index, width])
        chosen = rng.integers(indices, size=(2, width))
        run = three_layer_run(start.take(*chosen), data, times, activation=activation, dt=dt)
        gap = np.sqrt(np.mean((run.predictions - first.predictions) ** 2, axis=1))
        return run.risk, gap, run.final.distance(first.final.take(*chosen))

    found = share(network, len(sizes) * seeds)  # the widest first: ranks end together
    grid = [
        [found[(len(sizes) - 1 - k) * seeds + s] for k in range(len(sizes))] for s in range(seeds)
    ]
    risks, gaps = (np.array([[each[k] for each in row] for row in grid]) for k in (0, 1))
    errors = np.stack(
        [
            np.abs(risks - first.risk).max(axis=2),
            gaps.max(axis=2),
            gaps[:, :, -1],
            np.array([[each[2] for each in row] for row in grid]),
        ],
        axis=2,
    )
    own = _scatter(np.array([part[1] for part in wide]), data.y)
    return ThreeLayerTable(np.array(sizes, float), errors, gaps, risks, first, indices, own)


def _scatter(predictions: Array, labels: Array) -> Array:
    """Scatter of risk and predictions of limits ``(spaces, T, M)``, sups over time."""
    free = len(predictions) / (len(predictions) - 1)
    risk = np.mean((predictions - labels) ** 2, axis=2)
    away = np.abs(risk - risk.mean(axis=0)).max(axis=1)
    gap = np.sqrt(np.mean((predictions - predictions.mean(axis=0)) ** 2, axis=2)).max(axis=1)
    return np.sqrt([free * np.mean(away**2), free * np.mean(gap**2)])


def _check(
    sizes: Sequence[int],
    indices: int,
    spaces: int,
    dimension: int,
    samples: int,
    until: float,
    seeds: int,
    seed: int,
) -> None:
    if len(sizes) < 3 or sizes[0] < 1 or any(b <= a for a, b in pairwise(sizes)):
        raise InputError(f"sizes {list(sizes)}: give three or more widths >= 1, increasing")
    if min(indices, dimension, samples) < 1 or seed < 0:
        raise InputError(
            f"{indices} indices, {samples} samples in dimension {dimension}, seed {seed}: give "
            "numbers >= 1, and a seed >= 0"
        )
    if min(seeds, spaces) < 2:
        raise InputError(f"{seeds} seeds, {spaces} spaces: give two or more, for their scatter")
    if not 0 < until < math.inf:
        raise InputError(f"until = {until}: give a finite number > 0")
