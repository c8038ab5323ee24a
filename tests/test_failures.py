"""Runs that fail: what is said, what is kept, and which input is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow._typing import Array
from wgflow.errors import DivergenceError, SolverError, StabilityError
from wgflow.observers import State
from wgflow.steppers import Step, Stepper


def gaussian(**changes: Any) -> wg.Problem:
    settings: dict[str, Any] = {
        "domain": wg.Box((-6, 6)),
        "energy": wg.Confinement(1.0) + wg.Entropy(0.5),
        "initial": lambda x: np.exp(-((x - 1) ** 2)),
        "until": 0.5,
    }
    return wg.Problem(**(settings | changes))


# --- what goes wrong during a run ------------------------------------------------------------


class Poisoned(Stepper):
    """Decays for a while, then spoils one cell."""

    order = 1

    def __init__(self, space: wg.FiniteVolume, value: float = math.nan) -> None:
        self.space, self.value = space, value

    def step(self, density: Array, time: float, limit: float) -> Step:
        dt = min(0.1, limit)
        after = density.copy()
        if time > 0.25:
            after[7] = self.value
        return Step(after, dt)


def poisoned(value: float = math.nan) -> tuple[wg.Problem, Poisoned]:
    problem = gaussian(until=1.0)
    grid = wg.Grid(problem.domain, 40)
    return problem, Poisoned(wg.FiniteVolume(problem, grid, wg.Upwind()), value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_not_finite_says_where_and_when_and_keeps_the_run(value: float) -> None:
    problem, stepper = poisoned(value)
    seen: list[float] = []
    with pytest.raises(DivergenceError) as caught:
        wg.solve(problem, stepper, observers=[wg.Callback(lambda s: seen.append(s.time))])
    message = str(caught.value)
    assert "\n" not in message
    assert "t = 0.4" in message
    assert f"({stepper.space.grid.centers[0][7]:.6g})" in message
    assert "1 cells" in message
    assert "after 3 steps" in message
    solution = caught.value.solution
    assert solution.status == "diverged"
    assert solution.time == pytest.approx(0.3)
    assert np.all(np.isfinite(solution.densities))
    assert len(solution.times) == 4
    assert solution.facts["steps"] == 3
    assert solution.history["time"][-1] == pytest.approx(0.3)
    assert solution.errors == {}
    assert solution.summary()["converged"] is False
    assert seen == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("solver", ["upwind", "muscl", "scharfetter_gummel"])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_potential_that_stops_being_finite(solver: str, noise: float) -> None:
    def potential(t: float, x: Array) -> Array:
        return x**2 / 2 if t <= 0.3 else np.where(np.abs(x) > 1, np.nan, x)

    energy = wg.Potential(potential, time_dependent=True) + wg.Entropy(noise)
    with pytest.raises(DivergenceError) as caught:
        wg.solve(gaussian(energy=energy), solver, cells=40, until=1.0)
    message = str(caught.value)
    assert "\n" not in message
    assert "potential is not finite at t = 0.3" in message
    assert "first at (-5.85)" in message
    solution = caught.value.solution
    assert solution.status == "diverged"
    assert 0.2 < solution.time <= 0.3 + 1e-9
    assert len({len(column) for column in solution.history.values()}) == 1


def test_every_failure_keeps_what_was_computed() -> None:
    scale = gaussian(time_scale=lambda t: 0.35 - t)
    with pytest.raises(wg.InputError, match=r"time scale s\(") as bad_scale:
        wg.solve(scale, "upwind", cells=40, until=1.0)
    faster = gaussian(time_scale=lambda t: 1.0 if t < 0.2 else 100.0)
    with pytest.raises(StabilityError, match="positivity bound") as too_long:
        wg.solve(faster, "upwind", cells=40, until=1.0, dt=0.01)
    for caught, time in ((bad_scale, 0.35), (too_long, 0.2)):
        solution = caught.value.solution  # type: ignore[attr-defined]
        assert solution.status == "failed"
        assert time - 0.1 < solution.time <= time
        assert np.all(np.isfinite(solution.density))


def test_an_observer_that_fails_in_its_turn() -> None:
    class Broken(wg.Observer):
        def update(self, state: State) -> None:
            raise wg.InputError("update")

        def finish(self, state: State) -> None:
            raise wg.InputError("finish")

    class Unstarted(wg.Observer):
        finished = False

        def start(self, state: State) -> None:
            raise wg.InputError("start")

        def finish(self, state: State) -> None:
            self.finished = True

    with pytest.raises(wg.InputError, match="update") as caught:
        wg.solve(gaussian(), cells=20, observers=[Broken()])
    assert caught.value.solution.facts["steps"] == 1  # type: ignore[attr-defined]
    unstarted = Unstarted()
    with pytest.raises(wg.InputError, match="start"):
        wg.solve(gaussian(), cells=20, observers=[unstarted, wg.Progress(1.0)])
    assert not unstarted.finished


def test_steps_below_the_resolution_of_time() -> None:
    class Stuck(Poisoned):
        def step(self, density: Array, time: float, limit: float) -> Step:
            return Step(density, 1e-30 if time > 0.15 else 0.1)

    problem, other = poisoned()
    with pytest.raises(SolverError, match=r"time step 1e-30 at t = 0.2 is below the resolution"):
        wg.solve(problem, Stuck(other.space))


# --- bad input -------------------------------------------------------------------------------

NEGATIVE = np.ones(20)
NEGATIVE[4] = -0.5
NAN = np.ones(20)
NAN[3] = np.nan

BAD: list[tuple[Callable[[], object], str, str]] = [
    (lambda: wg.solve(gaussian(), until=0.0), "final time 0.0", "> 0"),
    (lambda: wg.solve(gaussian(), until=math.nan), "final time nan", "> 0"),
    (lambda: wg.solve(gaussian(), cells=2), "2 cells", ">= 3"),
    (lambda: wg.solve(gaussian(), cells=20, dt=-1.0), "dt = -1.0", "> 0"),
    (lambda: wg.solve(gaussian(), "muscl", cells=20, dt=9.0), "dt = 9", "omit dt"),
    (lambda: wg.solve(gaussian(), "mucsl"), "'mucsl'", "muscl, "),
    (lambda: wg.solve(gaussian(), "muscl", tolerance=1e-3), "'tolerance'", "its options are"),
    (lambda: wg.solve(gaussian(), options={"safty": 1}), "'safty'", "its options are"),
    (lambda: wg.solve(gaussian(), "upwind", options={"safty": 1}), "'safty'", "are: safety, dt"),
    (lambda: wg.solve(gaussian(), cells=20, snapshots=[9.0]), "9.0", "[0, 0.5]"),
    (lambda: wg.solve(gaussian(), cells=20, snapshots=[-1.0]), "-1.0", "[0, 0.5]"),
    (lambda: wg.solve(gaussian(initial=NEGATIVE), cells=20), "-0.5", ">= 0"),
    (lambda: wg.solve(gaussian(initial=NEGATIVE), cells=20), "1 of 20 cells", "(-3.3)"),
    (lambda: wg.solve(gaussian(initial=NAN), cells=20), "not finite", "(-3.9)"),
    (lambda: wg.solve(gaussian(initial=np.zeros(20)), cells=20), "mass 0", "positive inside"),
    (lambda: wg.solve(gaussian(initial=np.ones(9)), cells=20), "(9,)", "one value per cell"),
    (lambda: wg.solve(gaussian(initial=lambda x: -x), cells=20), "negative", ">= 0"),
    (lambda: wg.solve(gaussian(), cells=20, density=NEGATIVE), "-0.5", ">= 0"),
    (lambda: wg.solve(gaussian(), cells=20, density=np.ones(9)), "(9,)", "one value per cell"),
    (lambda: wg.solve(gaussian(), poisoned()[1]), "another problem", "from this one"),
    (lambda: wg.solve(poisoned()[0], poisoned()[1], cells=9), "its own grid", "omit cells"),
    (
        lambda: wg.FiniteVolume(gaussian(), wg.Grid(wg.Box((0, 1)), 9), wg.Upwind()),
        "Axis(0.0, 1.0",
        "problem.domain",
    ),
    (
        lambda: wg.solve(gaussian(), cells=20, until=0.1).at(0.05, "enrgy"),
        "'enrgy'",
        "are: energy",
    ),
    (
        lambda: wg.solve(gaussian(), cells=20, until=0.1).exact_density(0.0),
        "no exact solution",
        "exact=",
    ),
]


@pytest.mark.parametrize(("make", "value", "remedy"), BAD, ids=[f"{v} {r}" for _, v, r in BAD])
def test_bad_input(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)
