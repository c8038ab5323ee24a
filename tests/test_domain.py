"""Axes, boxes and problems: what they hold and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses


def test_axis_holds_what_was_given() -> None:
    axis = wg.Axis(-1.0, 3.0, name="r")
    assert axis.length == 4.0
    assert not axis.periodic
    assert axis.radial is None


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        (wg.Axis(-1, 1), (True, True)),
        (wg.Axis(-1, 1, periodic=True), (False, False)),
        (wg.Axis(-1, 1, wall=True), (False, False)),
        (wg.Axis(0, 1, radial=3), (False, True)),
        (wg.Axis(0.5, 1, radial=3), (True, True)),
        (wg.Axis(0, 1), (True, True)),
    ],
)
def test_truncated_bounds(axis: wg.Axis, expected: tuple[bool, bool]) -> None:
    assert axis.truncated == expected


def test_box_compares_by_its_axes() -> None:
    assert wg.Box((0, 1), (0, 2)) == wg.Box(wg.Axis(0, 1), [0.0, 2.0])
    assert hash(wg.Box((0, 1))) == hash(wg.Box((0.0, 1.0)))
    assert wg.Box((0, 1)) != wg.Box((0, 2))
    assert wg.Box((0, 1)) != wg.Box(wg.Axis(0, 1, periodic=True))
    assert wg.Box((0, 1), wg.Axis(0, 1, name="r"), (0, 1)).names == ("x", "r", "z")


BAD: list[tuple[Callable[[], object], str, str]] = [
    (lambda: wg.Axis(1, -1), "(1, -1)", "lower < upper"),
    (lambda: wg.Axis(1, 1), "(1, 1)", "lower < upper"),
    (lambda: wg.Axis(0, math.inf), "inf", "cut the domain"),
    (lambda: wg.Axis(math.nan, 1), "nan", "cut the domain"),
    (lambda: wg.Axis(0, 1, radial=0.5), "0.5", ">= 1"),
    (lambda: wg.Axis(0, 1, radial=math.inf), "inf", ">= 1"),
    (lambda: wg.Axis(-1, 1, radial=3), "-1", "at least 0"),
    (lambda: wg.Axis(0, 1, radial=3, periodic=True), "radial or periodic", "drop one"),
    (lambda: wg.Box(), "0 axes", "1 to 4"),
    (lambda: wg.Box(*[(0, 1)] * 5), "5 axes", "1 to 4"),
    (lambda: wg.Box((0, 1, 2)), "(0, 1, 2)", "pair (lower, upper)"),
    (lambda: wg.Box("ab"), "'ab'", "pair (lower, upper)"),
    (lambda: wg.Box(3), "3", "pair (lower, upper)"),  # type: ignore[arg-type]
    (lambda: wg.Box(wg.Axis(0, 1, name="y"), (0, 1)), "('y', 'y')", "its own"),
    (lambda: wg.Box((2, -2)), "(2.0, -2.0)", "lower < upper"),
]


@pytest.mark.parametrize(("make", "value", "remedy"), BAD, ids=[v for _, v, _ in BAD])
def test_bad_axes_and_boxes(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)


def problem(**changes: object) -> wg.Problem:
    settings: dict[str, object] = {
        "domain": wg.Box((-1, 1)),
        "energy": wg.Confinement(1.0),
        "initial": lambda x: np.ones_like(x),
    }
    return wg.Problem(**(settings | changes))  # type: ignore[arg-type]


BAD_PROBLEMS = [
    ({"until": 0.0}, "0.0", "> 0"),
    ({"until": math.nan}, "nan", "> 0"),
    ({"until": math.inf}, "inf", "> 0"),
    ({"time_scale": -1.0}, "-1.0", "> 0"),
    ({"time_scale": 0.0}, "0.0", "> 0"),
    ({"time_scale": math.nan}, "nan", "> 0"),
    ({"domain": (-1, 1)}, "(-1, 1)", "give a Box"),
    ({"energy": 3.0}, "3.0", "give a term"),
]


@pytest.mark.parametrize(("changes", "value", "remedy"), BAD_PROBLEMS)
def test_bad_problems(changes: dict[str, object], value: str, remedy: str) -> None:
    with pytest.raises(wg.InputError) as caught:
        problem(**changes)
    message = str(caught.value)
    assert "\n" not in message
    assert value in message
    assert remedy in message


def test_time_scale_may_be_a_function() -> None:
    assert problem(time_scale=3).scale(0.7) == 3.0
    moving = problem(time_scale=lambda t: 1 - t)
    assert moving.scale(0.25) == 0.75
    with pytest.raises(wg.InputError, match=r"s\(2\) = -1"):
        moving.scale(2.0)
