"""Students of several widths that learn a small teacher by stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import random_teacher, teacher_network
from wgflow.particles.schedule import Schedule
from wgflow.particles.sgd import stochastic_gradient_descent

__all__ = ["LEARNT", "TeacherTable", "teacher_student"]

LEARNT = 0.01  # of E y²: a student below has found the teacher's neurons
RECORDED = 40  # times, evenly on a logarithmic axis

Share = Callable[[Callable[[int], Array], int], list[Array]]


def _one_by_one(task: Callable[[int], Array], count: int) -> list[Array]:
    return [task(number) for number in range(count)]


@dataclass(frozen=True)
class TeacherTable:
    """Population risks of students.

    Attributes
    ----------
    dimension, neurons : int
        d and the teacher's width m*.
    sizes : tuple of int
        Widths m of the students.
    times : (T,) array
    risks : (sizes, seeds, T) array
        E (y - f)², exact, where E y² = 1; each seed has its own teacher.

    Examples
    --------
    >>> table = teacher_student([2, 8], dimension=5, neurons=2, seeds=3, until=20.0)
    >>> table.risks.shape[:2], bool(table.columns()["median"][1] < 0.1)
    ((2, 3), True)
    """

    dimension: int
    neurons: int
    sizes: tuple[int, ...]
    times: Array
    risks: Array

    def columns(self) -> dict[str, Array]:
        """Give the table: for each width extremes and quartiles over seeds at the end."""
        last = self.risks[:, :, -1]
        cuts = np.quantile(last, [0.0, 0.25, 0.5, 0.75, 1.0], axis=1)
        names = ("least", "quarter", "median", "three_quarters", "largest")
        found: dict[str, Array] = {"neurons": np.array(self.sizes, dtype=float)}
        found |= dict(zip(names, cuts, strict=True))
        found["learnt"] = np.mean(last < LEARNT, axis=1)
        return found

    def to_text(self) -> str:
        """Give the table as text."""
        seeds, until = self.risks.shape[1], self.times[-1]
        lines = [
            f"risk at t = {until:g} over {seeds} seeds, E y² = 1, teacher of {self.neurons} "
            f"neurons, d = {self.dimension}",
            f"{'m':>6} {'least':>10} {'1/4':>10} {'median':>10} {'3/4':>10} {'largest':>10} "
            f"{f'below {LEARNT:g}':>11}",
        ]
        for row in zip(*self.columns().values(), strict=True):
            cuts = " ".join(f"{value:10.2e}" for value in row[1:-1])
            lines.append(f"{row[0]:6.0f} {cuts} {row[-1]:10.0%}")
        return "\n".join(lines)


def teacher_student(
    sizes: Sequence[int],
    *,
    dimension: int = 100,
    neurons: int = 4,
    spread: float = 1.0,
    step: float = 0.1,
    batch: int = 100,
    until: float = 100.0,
    seeds: int = 8,
    seed: int = 0,
    share: Share = _one_by_one,
) -> TeacherTable:
    """Train students of several widths on fresh samples of a ReLU teacher.

    y = Σ_j c_j max(<v_j, x>, 0) with m* random unit vectors v_j, x ~ N(0, I_d) and E y² = 1; the
    student is f = (1/m) Σ a_i max(<w_i, x>, 0), a step of it θ_i += ε mean (y - f) ∇σ(x; θ_i).
    With m = m* students meet spurious minima; wide ones find the teacher whatever the start.

    Parameters
    ----------
    sizes : sequence of int
        Widths m.
    dimension, neurons : int
        d and m*.
    spread : float
        Size of a_i and of w_i at the start.
    step : float
        ε; time is t = k ε.
    batch : int
        Samples a step.
    until : float
        Training time.
    seeds : int
        Students of each width, each with another teacher; those of one seed share theirs.
    seed : int
        From which all others are spawned.
    share : callable
        ``share(task, count)`` gives ``[task(0), …, task(count - 1)]``, from wherever they are
        done: results do not depend on it.

    Raises
    ------
    InputError
        For bad numbers.
    DivergenceError
        If a student diverges: the step is too long.

    References
    ----------
    Chizat, Bach (2018), "On the global convergence of gradient descent for over-parameterized
    models using optimal transport", figure 1; Chizat, Oyallon, Bach (2019), "On lazy training in
    differentiable programming", section 3.
    """
    if not sizes or min(sizes) < 1 or seeds < 1 or seed < 0:
        raise InputError(
            f"sizes {list(sizes)}, {seeds} seeds, seed {seed}: give widths >= 1, seeds >= 1 and a "
            "seed >= 0"
        )
    if not (np.isfinite(until) and until > step > 0):
        raise InputError(f"until = {until}, step = {step}: give finite numbers, 0 < step < until")
    steps = np.unique(np.rint(np.geomspace(1, until / step, RECORDED)))
    times = np.concatenate([[0.0], steps * step])
    # the widest first: the ranks that share the work end together
    jobs = [
        (m, s) for m in sorted(range(len(sizes)), key=lambda k: -sizes[k]) for s in range(seeds)
    ]

    def task(number: int) -> Array:
        width, index = jobs[number]
        drawn = np.random.default_rng([seed, index, 0])
        network = teacher_network(random_teacher(dimension, neurons, drawn), spread)
        rng = np.random.default_rng([seed, index, 1, sizes[width]])
        theta = network.draw(rng, sizes[width])
        return stochastic_gradient_descent(
            network, theta, times, step, Schedule(1.0), rng, batch, keep=False
        ).risk

    risks = np.empty((len(sizes), seeds, len(times)))
    for (width, index), risk in zip(jobs, share(task, len(jobs)), strict=True):
        risks[width, index] = risk
    return TeacherTable(dimension, neurons, tuple(sizes), times, risks)
