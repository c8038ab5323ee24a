"""How far the coupled dynamics are from each other and from the density, measured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import Network
from wgflow.particles.brownian import Brownian
from wgflow.particles.coupling_norms import EXPECTED, NORMS, Errors, columns, distance, in_columns
from wgflow.particles.coupling_table import (
    CouplingRow,
    CouplingSlope,
    CouplingTable,
    fit_slope,
)
from wgflow.particles.dynamics import gradient_descent, nonlinear, particle
from wgflow.particles.schedule import Progress, Schedule, check_step, check_times
from wgflow.particles.sgd import stochastic_gradient_descent
from wgflow.particles.trajectory import Trajectory

__all__ = ["coupling_errors"]

LONGEST_DT = 0.02
"""Step of the accurate dynamics without noise: their error is then below every error measured."""

FINER = 8
"""With noise the accurate dynamics takes so many steps in the smallest step of the descent."""

Measured = tuple[Array, Array]
"""Errors of one seed in the columns of a parameter: at each size, and at each step."""
Share = Callable[[Callable[[int], Measured], int], list[Measured]]


def one_by_one(task: Callable[[int], Measured], count: int) -> list[Measured]:
    """Do tasks one after the other."""
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class _Experiment:
    """What stays the same over seeds, sizes and steps."""

    network: Network
    moments: Callable[[float], Array]
    times: Array
    schedule: Schedule
    dt: float

    def start(self, seed: int, stream: int, size: int) -> tuple[Array, Brownian | None]:
        """Draw initial parameters and, with noise, the path that all dynamics follow."""
        rng = np.random.default_rng([seed, stream, size])
        theta = self.network.draw(rng, size)
        if self.schedule.temperature == 0:
            return theta, None
        return theta, Brownian(int(rng.integers(2**63)), theta.shape, self.dt)

    def sizes(self, seed: int, size: int) -> Errors:
        """Measure rho-ND and ND-PD of one seed at one N."""
        theta, path = self.start(seed, 0, size)
        times, schedule, dt = self.times, self.schedule, self.dt
        alone = nonlinear(self.network, theta, times, self.moments, dt, schedule, brownian=path)
        together = particle(self.network, theta, times, dt, schedule, brownian=path)
        risk = np.array([self.network.features.risk(self.moments(t)) for t in times.tolist()])
        errors = distance("ND-PD", alone, together)
        errors["rho-ND", "risk"] = float(np.max(np.abs(risk - alone.risk)))
        errors["rho-ND", "pred"] = self._prediction(alone)
        return errors

    def _prediction(self, alone: Trajectory) -> float:
        """Sup over times of the root mean square over the data of f_ρ - f_N."""
        square = 0.0
        for time, theta in zip(self.times.tolist(), alone.theta, strict=True):
            limit = self.moments(time)
            away = self.network.moments(theta) - limit
            square = max(square, float(self.network.features.curvature(limit) @ away**2))
        return math.sqrt(square)

    def steps(self, seed: int, size: int, steps: Sequence[float]) -> list[Errors]:
        """Measure PD-GD and GD-SGD of one seed at each step."""
        theta, path = self.start(seed, 1, size)
        network, times, schedule = self.network, self.times, self.schedule
        accurate = particle(network, theta, times, self.dt, schedule, brownian=path)
        found = []
        for index, step in enumerate(steps):
            rng = np.random.default_rng([seed, 2, size, index])
            full = gradient_descent(network, theta, times, step, schedule, brownian=path)
            one = stochastic_gradient_descent(
                network, theta, times, step, schedule, rng, brownian=path
            )
            found.append(distance("PD-GD", accurate, full) | distance("GD-SGD", full, one))
        return found


def coupling_errors(
    network: Network,
    moments: Callable[[float], Array],
    times: Sequence[float] | Array,
    sizes: Sequence[int],
    steps: Sequence[float],
    seeds: Sequence[int],
    schedule: Schedule,
    *,
    neurons: int = 400,
    dt: float | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
    share: Share = one_by_one,
) -> CouplingTable:
    """Measure the distances between density, nonlinear, particle, gradient and SGD dynamics.

    For every seed the dynamics start from the same draws and, with noise, follow the same
    Brownian path. The errors, each a sup over the given times:

    - ``rho-ND`` and ``ND-PD``: against N, expected slope -1/2;
    - ``PD-GD``: against the step ε, at fixed N, expected slope 1;
    - ``GD-SGD``: against the step ε, at fixed N, expected slope 1/2.

    The first in ``pred``, the root mean square over the data of f_ρ - f_N(ND) (weighted by the
    curvature of other losses), and ``risk``, |R(ρ_t) - R_N(ND)|, where a mean excess of order 1/N
    may hide the scatter. The others in ``rms``, the root mean square over neurons of |θ_i - θ'_i|;
    ``max``, the largest; ``risk``, |R_N - R_N'|. Slopes are claimed in ``pred`` and ``rms``. The
    theorems bound ``max`` too, with a factor sqrt(log N) that bends slopes in N.
    The risk is a smooth function of the parameters, so it obeys the same bounds, but not always
    the same rates: where its gradient is small the quadratic term takes over and it falls faster.

    Parameters
    ----------
    network : Network
        The network, whose ``draw`` is the law ρ_0.
    moments : callable
        ``moments(t)``, the moments (K,) of the density ρ_t, from its equation or exact.
    times : sequence of float (T,)
        Times of the sup; with steps, multiples of every step.
    sizes : sequence of int
        Two or more N, or none to leave out the first two errors.
    steps : sequence of float
        Two or more ε, or none to leave out the last two errors.
    seeds : sequence of int
        One or more seeds; two or more give intervals.
    schedule : Schedule
        s(t), λ and 1/β.
    neurons : int
        N while the step varies.
    dt : float, optional
        Step of the nonlinear and particle dynamics. By default 0.02, or with noise an eighth of
        the smallest ε, which must then be a multiple of it, as all steps must.
    confidence : float
        Level of the intervals of the slopes.
    progress : Progress, optional
        Told of the seeds done.
    share : callable
        ``share(task, count)`` gives ``[task(0), …, task(count - 1)]``, from wherever they are
        computed; each stands for a seed. By default they are computed here, one by one.

    Returns
    -------
    CouplingTable
        Rows, slopes and how to print them.

    Raises
    ------
    InputError
        For bad sizes, steps, seeds or times.
    DivergenceError
        If a run diverges.

    References
    ----------
    Mei, Misiakiewicz, Montanari (2019), "Mean-field theory of two-layers neural networks:
    dimension-free bounds and kernel limit", theorem 1 and its proof by these couplings.

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> from wgflow.particles import cosine_moments
    >>> table = coupling_errors(
    ...     cosine_network(0.8, 0.3), cosine_moments(0.8, 0.3), times=[0.5, 1.0], sizes=[],
    ...     steps=[1 / 8, 1 / 32], seeds=range(2), schedule=Schedule(2.0), neurons=50)
    >>> 0.85 < table.slope("PD-GD").slope < 1.15
    True
    """
    times = check_times(times)
    _check(times, sizes, steps, seeds, neurons, confidence)
    dt = _accurate_dt(schedule, steps) if dt is None else check_step(dt, "dt")
    experiment = _Experiment(network, moments, times, schedule, dt)
    done = 0

    def measured(number: int) -> Measured:
        nonlocal done
        by_size = [experiment.sizes(seeds[number], size) for size in sizes]
        by_step = experiment.steps(seeds[number], neurons, steps) if steps else []
        found = in_columns(by_size, "N"), in_columns(by_step, "step")
        done += 1
        if progress is not None:
            progress.step(done)
        return found

    if progress is not None:
        progress.start(len(seeds))
    try:
        measurements = share(measured, len(seeds))
    finally:
        if progress is not None:
            progress.close()
    rows, slopes = [], []
    for (name, given), found in zip(
        (("N", sizes), ("step", steps)), zip(*measurements, strict=True), strict=True
    ):
        values = np.array(given, dtype=np.float64)
        for column, (pair, norm) in enumerate(columns(name) if given else ()):
            errors = np.array([one[:, column] for one in found])
            rows += _rows(pair, norm, name, values, errors)
            slopes.append(_fit(pair, norm, name, values, errors, confidence))
    return CouplingTable(
        tuple(rows), tuple(slopes), len(seeds), neurons, float(times[-1]), confidence
    )


def _rows(pair: str, norm: str, name: str, values: Array, errors: Array) -> list[CouplingRow]:
    seeds = len(errors)
    means = errors.mean(axis=0)
    if seeds > 1:
        spread = errors.std(axis=0, ddof=1) / math.sqrt(seeds)
    else:
        spread = np.full_like(means, math.nan)
    return [
        CouplingRow(pair, norm, name, value, mean, error)
        for value, mean, error in zip(values.tolist(), means.tolist(), spread.tolist(), strict=True)
    ]


def _fit(
    pair: str, norm: str, name: str, values: Array, errors: Array, confidence: float
) -> CouplingSlope:
    slope, low, high = fit_slope(values, errors, confidence)
    claimed = norm == NORMS[pair][0]
    return CouplingSlope(pair, norm, name, slope, low, high, EXPECTED[pair], claimed)


def _accurate_dt(schedule: Schedule, steps: Sequence[float]) -> float:
    if schedule.temperature == 0:
        return LONGEST_DT
    if not steps:
        raise InputError("with noise and no steps there is no default dt: pass dt")
    return min(steps) / FINER


def _check(
    times: Array,
    sizes: Sequence[int],
    steps: Sequence[float],
    seeds: Sequence[int],
    neurons: int,
    confidence: float,
) -> None:
    for name, values in (("sizes", sizes), ("steps", steps)):
        if len(set(values)) != len(values) or len(values) == 1:
            raise InputError(f"{name} are {list(values)}; a slope needs two or more, all different")
    if not (sizes or steps):
        raise InputError("there are neither sizes nor steps: pass two or more of one of them")
    if min([neurons, *sizes]) < 1:
        raise InputError(f"N is {min([neurons, *sizes])}; it must be >= 1")
    if len(seeds) == 0:
        raise InputError("there are no seeds: pass one or more")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie in (0, 1)")
    for step, time in itertools.product(steps, times.tolist()):
        check_step(step)
        if abs(round(time / step) * step - time) > 1e-9 * max(time, step):
            raise InputError(
                f"step {step:g} does not divide the time {time:g}: choose one that does"
            )
