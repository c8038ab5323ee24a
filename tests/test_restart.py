"""A run that is stopped and continued gives what one that is not gives, bit for bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow import catalog
from wgflow.observers import History, State

# --- what is compared ------------------------------------------------------------------------


def assert_same(one: wg.Solution, other: wg.Solution) -> None:
    """Check that two runs agree in every bit but the time they took."""
    assert one.status == other.status == "finished"
    assert np.array_equal(one.times, other.times)
    assert one.densities.tobytes() == other.densities.tobytes()
    assert [*one.history] == [*other.history]
    for name, values in one.history.items():
        assert values.dtype == other.history[name].dtype
        assert values.tobytes() == other.history[name].tobytes(), name
    assert one.moments.tobytes() == other.moments.tobytes()
    assert one.moments.shape == other.moments.shape
    assert {**one.facts, "wall_seconds": 0} == {**other.facts, "wall_seconds": 0}
    assert one.warnings == other.warnings


class Stop(wg.Observer):
    """Sends a signal to its own process after some of the steps."""

    def __init__(self, *steps: int, name: str = "SIGTERM") -> None:
        self.steps, self.signal = steps, signal.Signals[name]

    def update(self, state: State) -> None:
        if state.steps in self.steps:
            os.kill(os.getpid(), self.signal)


def in_parts(
    make: Callable[..., wg.Solution], directory: Path, *steps: int, **settings: Any
) -> wg.Solution:
    """Run with stops after some steps, each part with new objects."""
    place = wg.Checkpoint(directory, **settings)
    for _ in steps:
        with pytest.raises(wg.Interrupted):
            make(checkpoint=place, restart=True, observers=[Stop(*steps)])
    return make(checkpoint=place, restart=True, observers=[Stop(*steps)])


# --- every solver and its variants -----------------------------------------------------------


def bump(*x: wg.Array) -> wg.Array:
    return np.exp(-sum((c - 0.7) ** 2 for c in x) / 0.5)


def plane(half: float = 3.0) -> wg.Box:
    return wg.Box((-half, half), (-half, half))


LINE = wg.Box((-5, 5))
DRIFT, NOISE = wg.Confinement(1.0), wg.Entropy(0.5)
PAIRS = wg.Interaction(lambda x: 0.5 * np.cos(x) ** 2)
WAVES = wg.Interaction(lambda x, y: -np.cos(x) / (1 + y**2))
MOVING = wg.Potential(lambda t, x: (x - np.sin(3 * t)) ** 2 / 2, time_dependent=True)
POROUS = wg.PowerLaw(exponent=2.0, coefficient=0.5)
STEEP = wg.PowerLaw(exponent=3.0, coefficient=0.5)
AROUND = wg.Box(wg.Axis(0, 2 * np.pi, periodic=True), wg.Axis(-3, 3, wall=True))


@dataclass(frozen=True)
class Variant:
    """A solver with its options on a problem."""

    name: str
    solver: str
    energy: Any
    domain: wg.Box = LINE
    cells: Any = 60
    stops: tuple[int, ...] = (3, 4, 9, 14)
    given: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def __call__(self, **settings: Any) -> wg.Solution:
        problem = wg.Problem(self.domain, self.energy, **{"initial": bump, **self.more})
        given = {"cells": self.cells, "until": 0.4, "snapshots": 4, **self.given}
        return wg.solve(problem, self.solver, **given, **settings)


def each(name: str, solver: str, energy: Any, **changes: Any) -> Iterator[Variant]:
    """Give a variant by error control, so sharp that it rules, and with a fixed step."""
    kept = changes.pop("given", {})
    given = {"tolerance": 1e-5, "until": 0.2, "snapshots": 1, **kept}
    yield Variant(f"{name}-tolerance", solver, energy, given=given, **changes)
    given = {"dt": 0.01, **kept}
    yield Variant(f"{name}-dt", solver, energy, given=given, **changes)


SG, EXPLICIT = "scharfetter_gummel", "scharfetter_gummel_explicit"
JKO, DUAL = "quantile_jko", "back_and_forth"
FEW: dict[str, Any] = {"options": {"quantiles": 150}}
EULER: dict[str, Any] = {"options": {"time": "euler"}}
BENT: dict[str, Any] = {"options": {"curvature": True}}
MANY = {"cells": (70, 68), "domain": plane()}  # so many that iterations come before factors
SPIKE = {"initial": np.eye(60)[30]}  # hard on signs: a long step is mixed with a safe one
VARIANTS = [
    Variant("muscl", "muscl", DRIFT),
    Variant("muscl-two-stages", "muscl", DRIFT + PAIRS, given={"options": {"stages": 2}}),
    Variant("muscl-plane", "muscl", DRIFT + NOISE, cells=24, domain=plane()),
    Variant("muscl-porous", "muscl", DRIFT + POROUS),
    Variant("muscl-dt", "muscl", DRIFT, given={"dt": 0.01}),
    Variant("upwind", "upwind", DRIFT + NOISE + PAIRS),
    Variant("upwind-moving", "upwind", MOVING + NOISE),
    *each("sg", SG, DRIFT + NOISE),
    *each("sg-curved", SG, DRIFT + NOISE, given=BENT),
    *each("sg-pairs", SG, DRIFT + NOISE + PAIRS),
    *each("sg-moving", SG, MOVING + NOISE),
    *each("sg-porous", SG, DRIFT + NOISE + POROUS),
    *each("sg-plane", SG, DRIFT + NOISE, cells=24, domain=plane()),
    *each("sg-large-plane", SG, DRIFT + NOISE, **MANY),
    *each("sg-space", SG, DRIFT + NOISE, cells=10, domain=wg.Box(*[(-3, 3)] * 3)),
    *each("sg-scaled", SG, DRIFT + NOISE, more={"time_scale": lambda t: 1 / (1 + t)}),
    *each("euler", SG, DRIFT + NOISE, given=EULER),
    *each("euler-pairs", SG, DRIFT + NOISE + PAIRS, given=EULER),
    *each("euler-porous", SG, DRIFT + NOISE + POROUS, given=EULER),
    Variant("euler-large-plane", SG, DRIFT + NOISE, given=EULER | {"dt": 0.004}, **MANY),
    Variant("sg-mixed", SG, DRIFT + NOISE, given={"dt": 0.5, "until": 5.0}, more=SPIKE),
    Variant("sg-porous-mixed", SG, POROUS, given={"dt": 0.1, "until": 2.0}, more=SPIKE),
    *each("rkl", EXPLICIT, DRIFT + NOISE),
    *each("rkl-curved", EXPLICIT, DRIFT + NOISE, given=BENT),
    *each("rkl-pairs", EXPLICIT, DRIFT + NOISE + PAIRS),
    *each("rkl-moving", EXPLICIT, MOVING + NOISE),
    *each("rkl-porous", EXPLICIT, DRIFT + NOISE + POROUS),
    *each("bailo", "bailo_carrillo_hu", DRIFT + NOISE + POROUS),
    *each("bailo-pairs", "bailo_carrillo_hu", DRIFT + POROUS + PAIRS),
    *each("jko", JKO, DRIFT + NOISE, given=FEW),
    *each("jko-pairs", JKO, DRIFT + PAIRS, given=FEW),
    *each("jko-moving", JKO, MOVING + POROUS, given=FEW),
    *each("entropic", "entropic_jko", DRIFT + NOISE),
    *each("entropic-pairs", "entropic_jko", DRIFT + NOISE + PAIRS),
    *each("entropic-plane", "entropic_jko", DRIFT + NOISE, cells=48, domain=plane()),
    Variant("entropic-porous", "entropic_jko", MOVING + POROUS, given={"dt": 0.02}),
    *each("dual", DUAL, DRIFT + NOISE),
    *each("dual-porous", DUAL, DRIFT + POROUS, cells=24, domain=plane()),
    *each("dual-pairs", DUAL, MOVING + NOISE + PAIRS),
    *each("ljko", "ljko", DRIFT + NOISE),
    *each("ljko-pairs", "ljko", MOVING + POROUS + PAIRS),
    *each("ljko-bdf2", "ljko_bdf2", DRIFT + NOISE + PAIRS),
    Variant("ljko-plane", "ljko_bdf2", DRIFT + NOISE, cells=16, domain=plane(), given={"dt": 0.05}),
    *each("dual-around", DUAL, NOISE + WAVES, domain=AROUND, cells=(24, 20)),
    Variant("dual-fronts", DUAL, DRIFT + STEEP, given={"dt": 0.1, "until": 2.0}),
    Variant("fipy", "fipy", DRIFT + NOISE, given={"dt": 0.02}),
    Variant("fipy-pairs", "fipy", DRIFT + NOISE + PAIRS, given={"dt": 0.02}),
    Variant("fipy-porous", "fipy", DRIFT + NOISE + POROUS, cells=20, stops=(2,), given={"dt": 0.1}),
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_parts_give_the_whole(variant: Variant, tmp_path: Path) -> None:
    if variant.solver == "fipy":
        pytest.importorskip("fipy")
    whole = variant()
    stops = [k for k in variant.stops if k < whole.facts["steps"]]
    assert stops
    assert_same(in_parts(variant, tmp_path, *stops), whole)


def test_a_variant_needs_the_safe_step() -> None:
    (variant,) = [v for v in VARIANTS if v.name == "sg-mixed"]
    assert variant().facts["mixed_steps"] == 1  # the first step, before all stops


def test_a_step_that_was_shortened_stays_so() -> None:
    problem = wg.Problem(LINE, NOISE, initial=bump)
    make = catalog.load("solvers", EXPLICIT).stepper
    one, other, fresh = (make(problem, wg.Grid(LINE, 60), dt=0.1) for _ in range(3))
    density = one.space.initial_density()
    one._longest = 0.01  # as after a step with negative cells
    other.restore(one.state())
    assert other.step(density, 0.0, 1.0).dt == one.step(density, 0.0, 1.0).dt == 0.01
    assert other.step(density, 0.0, 1.0).dt == one.step(density, 0.0, 1.0).dt == 0.02
    assert fresh.step(density, 0.0, 1.0).dt == 0.1


def test_rows_that_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "ROWS", 6)
    monkeypatch.setattr(History, "GROWTH", 1.0)
    whole = PLAIN()
    assert len(whole.history["time"]) < whole.facts["steps"] / 3
    assert_same(in_parts(PLAIN, tmp_path, 9, 10, 12), whole)


def test_every_solver_takes_part() -> None:
    assert {v.solver for v in VARIANTS} == set(catalog.names("solvers"))
    assert {v.name.removesuffix("-dt") for v in VARIANTS} >= {"sg", "euler", "rkl", "bailo"}


@pytest.mark.parametrize("name", sorted(set(catalog.names("cases")) - {"log_gas"}))
def test_the_cases_too(name: str, tmp_path: Path) -> None:
    """Networks with their moments, radial axes, tori, problems that may blow up."""
    case = catalog.load("cases", name)

    def make(**settings: Any) -> wg.Solution:
        problem = case.problem()
        cells = 40 if problem.domain.dimension == 1 else 20
        until = problem.until / 20
        return wg.solve(problem, cells=cells, until=until, snapshots=3, **settings)

    whole = make()
    last = whole.facts["steps"] - 1
    assert last > 0
    assert_same(in_parts(make, tmp_path, *{1, last // 2, last} - {0}), whole)


def test_a_mesh_too(tmp_path: Path) -> None:
    fipy = pytest.importorskip("fipy")

    def make(**settings: Any) -> wg.Solution:
        mesh = wg.Mesh.from_fipy(fipy.Tri2D(nx=6, ny=6, dx=0.5, dy=0.5))
        problem = wg.Problem(mesh.box, wg.Confinement(1.0) + NOISE, initial=bump)
        return wg.solve(problem, cells=mesh, until=0.2, dt=0.02, **settings)

    assert_same(in_parts(make, tmp_path, 2, 5), make())


# --- what else must hold ---------------------------------------------------------------------

PLAIN = next(v for v in VARIANTS if v.name == "sg-dt")


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_checkpoints_change_nothing(steps: int, tmp_path: Path) -> None:
    assert_same(PLAIN(checkpoint=wg.Checkpoint(tmp_path, steps=steps)), PLAIN())
    assert len(list(tmp_path.glob("checkpoint-*.json"))) == 2


def test_settings_of_checkpoints_may_change(tmp_path: Path) -> None:
    with pytest.raises(wg.Interrupted):
        PLAIN(checkpoint=wg.Checkpoint(tmp_path, steps=3), observers=[Stop(10)])
    place = wg.Checkpoint(tmp_path, every=1e-9, steps=None)
    assert_same(PLAIN(checkpoint=place, restart=True), PLAIN())


def test_further_observers_see_each_step_once(tmp_path: Path) -> None:
    seen: list[float] = []
    place = wg.Checkpoint(tmp_path)
    with pytest.raises(wg.Interrupted) as stopped:
        PLAIN(checkpoint=place, observers=[wg.Callback(lambda s: seen.append(s.time)), Stop(10)])
    assert stopped.value.solution.status == "interrupted"
    assert stopped.value.solution.facts["steps"] == 10
    PLAIN(
        checkpoint=place,
        restart=True,
        observers=[wg.Callback(lambda s: seen.append(s.time)), Stop()],
    )
    whole: list[float] = []
    PLAIN(observers=[wg.Callback(lambda s: whole.append(s.time))])
    assert seen == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cells": 61}, "cells [60] there, [61] here"),
        ({"given": {"dt": 0.02}}, "options {'dt': 0.01} there, {'dt': 0.02} here"),
        ({"given": {"dt": 0.01, "until": 0.5}}, "until 0.4 there, 0.5 here"),
        ({"given": {"dt": 0.01, "snapshots": [0.3]}}, "snapshots [0.0, 0.1"),
        ({"solver": "bailo_carrillo_hu"}, "solver 'scharfetter_gummel' there"),
        ({"domain": wg.Box((-5, 6))}, "Box(Axis(-5.0, 6.0))' here"),
        ({"energy": wg.Confinement(1.1) + NOISE}, "the energy at the start"),
        ({"more": {"time_scale": 2.0}}, "the dissipation at the start"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_run_is_refused(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    place = wg.Checkpoint(tmp_path)
    with pytest.raises(wg.Interrupted):
        PLAIN(checkpoint=place, observers=[Stop(4)])
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    other = replace(PLAIN, **change)
    refuses(lambda: other(checkpoint=place, restart=True), said, "give the same settings")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_fresh_run_leaves_checkpoints_alone(tmp_path: Path) -> None:
    place = wg.Checkpoint(tmp_path)
    with pytest.raises(wg.Interrupted):
        PLAIN(checkpoint=place, observers=[Stop(4)])
    refuses(lambda: PLAIN(checkpoint=place), str(tmp_path), "--restart")
    assert_same(PLAIN(checkpoint=wg.Checkpoint(tmp_path, overwrite=True)), PLAIN())
    assert not list(tmp_path.glob("checkpoint-*"))  # removed, and none was due


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_handlers_are_those_from_before(name: str, tmp_path: Path) -> None:
    number, noted = signal.Signals[name], []
    before = signal.signal(number, lambda *_: noted.append(name))
    try:
        mine = signal.getsignal(number)
        with pytest.raises(wg.Interrupted, match=f"stopped by {name} at t = 0.04 after 4 steps"):
            PLAIN(checkpoint=wg.Checkpoint(tmp_path), observers=[Stop(4, name=name)])
        assert signal.getsignal(number) is mine
        PLAIN(observers=[Stop(4, name=name)])  # no place for a checkpoint: not ours to handle
        assert noted == [name]
    finally:
        signal.signal(number, before)


def test_a_restart_needs_a_place() -> None:
    refuses(lambda: PLAIN(restart=True), "restart=True", "checkpoint=")
