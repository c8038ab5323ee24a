"""The one time loop: what it returns, watches, refuses, and keeps when a run fails."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.observers import BoundaryMass, History, Snapshots, State
from wgflow.steppers import Stepper


def gaussian(**changes: Any) -> wg.Problem:
    settings: dict[str, Any] = {
        "domain": wg.Box((-6, 6)),
        "energy": wg.Confinement(1.0) + wg.Entropy(0.5),
        "initial": lambda x: np.exp(-((x - 1) ** 2)),
        "until": 0.5,
    }
    return wg.Problem(**(settings | changes))


def test_solution_holds_the_run() -> None:
    solution = wg.solve(gaussian(), cells=60, dt=0.05, snapshots=[0.2, 0.33])
    assert solution.status == "finished"
    assert solution.solver == "scharfetter_gummel"
    np.testing.assert_array_equal(solution.times, [0, 0.2, 0.33, 0.5])
    assert solution.densities.shape == (4, 60)
    np.testing.assert_array_equal(solution.density, solution.densities[-1])
    assert solution.time == 0.5
    assert solution.coordinates[0].shape == (60,)
    history = solution.history
    assert history["time"][0] == 0
    assert history["time"][-1] == 0.5
    assert len({len(column) for column in history.values()}) == 1
    assert np.all(np.diff(history["time"]) > 0)
    assert max(history["dt"]) <= 0.05 * (1 + 1e-12)
    assert solution.facts["steps"] == 4 + 3 + 4  # each stretch in equal steps of at most dt
    assert solution.facts["mass_max_error"] < 1e-14
    assert solution.facts["energy_max_increase"] < 0
    assert np.all(np.diff(history["energy"]) < 0)
    assert solution.facts["minimum"] == solution.densities.min() >= 0
    assert "risk" not in history
    assert solution.at(0.0, "mass") == pytest.approx(1.0)
    assert "finished" in repr(solution)


def test_default_solver_and_cells() -> None:
    noisy = wg.solve(gaussian(), until=0.01)
    assert (noisy.solver, noisy.grid.shape) == ("scharfetter_gummel", (400,))
    assert wg.solve(gaussian(energy=wg.Confinement(1.0)), until=0.01).solver == "muscl"
    still = gaussian(energy=wg.Confinement(1.0) + wg.Entropy(0.0))
    assert wg.solve(still, until=0.01).solver == "muscl"


@pytest.mark.parametrize("solver", ["upwind", "muscl", "scharfetter_gummel"])
def test_ways_to_name_a_solver_agree(solver: str) -> None:
    problem = gaussian()
    grid = wg.Grid(problem.domain, 40)
    named = wg.solve(problem, solver, cells=40, until=0.1, dt=0.01)

    def recipe(problem: wg.Problem, grid: wg.Grid, *, dt: float) -> Stepper:
        from wgflow import catalog

        stepper: Stepper = catalog.load("solvers", solver).stepper(problem, grid, dt=dt)
        return stepper

    called = wg.solve(problem, recipe, cells=40, until=0.1, dt=0.01)
    ready = wg.solve(problem, recipe(problem, grid, dt=0.01), until=0.1)
    np.testing.assert_array_equal(called.density, named.density)
    np.testing.assert_array_equal(ready.density, named.density)
    assert called.solver == "recipe"


def test_snapshots_may_be_a_number() -> None:
    np.testing.assert_allclose(
        wg.solve(gaussian(), cells=20, until=0.4, dt=0.4, snapshots=4).times,
        [0, 0.1, 0.2, 0.3, 0.4],
    )
    for none in (0, 1, []):
        times = wg.solve(gaussian(), cells=20, until=0.4, dt=0.4, snapshots=none).times
        np.testing.assert_array_equal(times, [0, 0.4])


def test_initial_density_is_normalized_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="wgflow"):
        solution = wg.solve(gaussian(initial=np.full(20, 2.0)), cells=20, until=0.01)
    assert solution.history["mass"][0] == pytest.approx(1.0, abs=1e-15)
    assert "mass 24 normalized to 1" in caplog.text


def test_density_to_start_from_keeps_its_mass() -> None:
    start = np.full(20, 2.0)
    solution = wg.solve(gaussian(), cells=20, until=0.1, density=start)
    assert solution.history["mass"][-1] == pytest.approx(24.0, rel=1e-14)
    np.testing.assert_array_equal(start, 2.0)


def test_a_run_in_two_parts_is_the_run_in_one() -> None:
    problem = gaussian()
    whole = wg.solve(problem, cells=40, until=0.4, dt=0.02, snapshots=[0.2])
    first = wg.solve(problem, cells=40, until=0.2, dt=0.02)
    second = wg.solve(problem, cells=40, until=0.2, dt=0.02, density=first.density)
    np.testing.assert_allclose(second.density, whole.density, rtol=1e-12, atol=1e-300)


def test_observers_see_every_step() -> None:
    class Recorder(wg.Observer):
        times = (0.123,)

        def __init__(self) -> None:
            self.calls: list[tuple[str, float]] = []

        def start(self, state: State) -> None:
            self.calls.append(("start", state.time))

        def update(self, state: State) -> None:
            self.calls.append(("update", state.time))

        def finish(self, state: State) -> None:
            self.calls.append(("finish", state.time))

    seen: list[State] = []
    recorder = Recorder()
    solution = wg.solve(
        gaussian(),
        cells=30,
        until=0.2,
        dt=0.05,
        snapshots=[],
        observers=[recorder, wg.Callback(seen.append), wg.Progress(0.2)],
    )
    assert recorder.calls[0] == ("start", 0.0)
    assert recorder.calls[-1] == ("finish", 0.2)
    assert ("update", 0.123) in recorder.calls
    assert len(seen) == solution.facts["steps"] + 1
    assert [s.steps for s in seen] == list(range(len(seen)))
    np.testing.assert_array_equal(seen[-1].density, solution.density)


def test_history_is_dense_in_both_scales() -> None:
    solution = wg.solve(
        gaussian(energy=wg.Confinement(1.0)),
        "upwind",
        cells=400,
        until=2.0,
        options={"safety": 0.1},
    )
    times = solution.history["time"]
    assert solution.facts["steps"] > 2000
    assert 300 < len(times) < 1000
    late = times[times > 0.02]
    assert np.max(np.diff(late)) <= 2.0 / 500 + 2e-3
    assert np.max(np.diff(np.log(late))) < 0.1


# --- warnings --------------------------------------------------------------------------------


def test_boundary_mass_is_warned_of_with_its_amount(caplog: pytest.LogCaptureFixture) -> None:
    problem = gaussian(
        domain=wg.Box((-6, 2.0), (0, 1)), initial=lambda x, y: np.exp(-x * x) + 0 * y
    )
    solution = wg.solve(problem, cells=(40, 3), until=0.1)
    edge = float((solution.density[-1] * solution.grid.volumes[-1]).sum())
    low = float((solution.density[:, 0] * solution.grid.volumes[:, 0]).sum())
    assert 1e-6 < edge < low  # the largest is named
    (warning,) = solution.warnings
    assert f"mass {low:.3g} lies in the outermost cells at y = 0," in warning
    assert "limit 1e-06" in warning
    assert "wall=True" in warning
    assert warning in caplog.text

    walled = wg.Box((-6, 2.0), wg.Axis(0, 1, wall=True))
    problem = gaussian(domain=walled, initial=lambda x, y: np.exp(-x * x) + 0 * y)
    (warning,) = wg.solve(problem, cells=(40, 3), until=0.1).warnings
    assert f"mass {edge:.3g} lies in the outermost cells at x = 2," in warning


@pytest.mark.parametrize(
    "domain",
    [
        wg.Box((-6, 6)),
        wg.Box(wg.Axis(-6, 2, wall=True)),
        wg.Box(wg.Axis(-np.pi, np.pi, periodic=True)),
        wg.Box(wg.Axis(0, 6, radial=2)),
    ],
)
def test_no_warning_without_reason(domain: wg.Box) -> None:
    solution = wg.solve(gaussian(domain=domain), cells=60, until=0.2)
    assert solution.warnings == ()


def test_mass_at_the_centre_of_a_radial_axis_is_no_warning() -> None:
    problem = gaussian(domain=wg.Box(wg.Axis(0, 6, radial=2)), energy=wg.Confinement(1.0))
    solution = wg.solve(problem, cells=60, until=8.0)
    assert solution.density[0] * solution.grid.widths[0][0] > 0.99
    assert solution.warnings == ()


def test_observers_alone() -> None:
    problem = gaussian()
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 40), wg.Upwind())
    density = space.initial_density()
    history, snapshots, boundary = (
        History(space, 1.0),
        Snapshots([0.5], 1.0),
        BoundaryMass(space),
    )
    for observer in (history, snapshots, boundary):
        observer.start(State(0.0, density))
    negative = density.copy()
    negative[3] = -0.25
    history.update(State(0.5, negative, 1, 0.5))
    assert history.minimum == -0.25
    assert history.mass_max_error == pytest.approx(0.25 * space.grid.widths[0][3], rel=1e-3)
    snapshots.update(State(0.4, density))
    assert snapshots.kept_times == [0.0]
    snapshots.update(State(0.5, density))
    assert snapshots.kept_times == [0.0, 0.5]


def test_boundary_mass_names_the_largest_end() -> None:
    problem = gaussian(domain=wg.Box((0, 5), (0, 2)))
    grid = wg.Grid(problem.domain, (5, 4))
    density = np.zeros(grid.shape)
    density[0, 1], density[4, 2] = 0.1, 0.15
    watch = BoundaryMass(wg.FiniteVolume(problem, grid, wg.Upwind()))
    watch.finish(State(0.0, density))
    assert watch.largest == pytest.approx(0.15 * 0.5)
    assert watch.where == "x = 5"


def test_a_negative_number_of_snapshots_is_refused() -> None:
    problem = wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), np.ones_like)
    with pytest.raises(wg.InputError, match="-3 snapshots: give a whole number >= 0"):
        wg.solve(problem, cells=8, until=0.1, snapshots=-3)


def test_a_solver_may_be_a_path() -> None:
    problem = wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), np.ones_like)
    path = catalog.find("solvers", "upwind")
    assert wg.solve(problem, path, cells=8, until=0.1).status == "finished"
