"""A slip of the hand on any right command line is answered with the line that was meant."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import pytest

from tests import slips
from tests.right_lines import PARSER, furnish, lines, right
from wgflow.cli import main
from wgflow.parser.mend import mend

EVERY = 250  # of thirty thousand; `python -m tests.slips` takes all

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_right_lines_are_left_alone() -> None:
    furnish()
    found = [line for line in lines() if right(line)]
    assert len(found) > 80
    for line in found:
        assert mend(PARSER, line) is None, line


def test_slips_are_answered_with_a_right_line(capsys: pytest.CaptureFixture[str]) -> None:
    furnish()
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    near: Counter[bool] = Counter()
    for slip in slips.wrong(EVERY):
        assert main(list(slip.words)) == 2, slip
        out, err = capsys.readouterr()
        assert not out, slip
        (line,) = err.splitlines()
        assert line.count(": did you mean: wgflow ") == 1, (slip, line)
        answer = shlex.split(line.rpartition(": did you mean: wgflow ")[2])
        assert right(answer), (slip, line)
        if slip.near:
            near[slips.as_near(slip, answer)] += 1
    assert near.total() > 60
    assert near[False] <= near.total() * 0.02, near
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
