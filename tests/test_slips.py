"""A slip of the hand on any right command line is answered with the line that was meant."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import pytest

from tests import slips
from tests.helpers import refused

EVERY = 150  # of about thirty thousand; `python -m tests.slips` takes all

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_slips_are_answered_with_a_right_line(capsys: pytest.CaptureFixture[str]) -> None:
    slips.furnish()
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    near: Counter[bool] = Counter()
    for slip in slips.wrong(EVERY):
        line = refused(list(slip.words), capsys)
        assert line.count(": did you mean: wgflow ") == 1, (slip, line)
        answer = shlex.split(line.rpartition(": did you mean: wgflow ")[2])
        assert slips.right(answer), (slip, line)
        if slip.near:
            near[slips.as_near(slip, answer)] += 1
    assert near.total() > 100
    assert near[False] <= near.total() * 0.02, near
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
