"""What the tutorials show is typed as it stands, and prints what they say."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import mpi
from wgflow.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
WORKING = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]
BLOCK = re.compile(r"^```(python|console|text)\n(.*?)^```$", flags=re.M | re.S)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
OURS = re.compile(r"\b\d+(?:\.\d+)? (?:s|MB|kB)\b")  # seconds and sizes are those of the machine
ROUNDING = 1e-11


@dataclass
class Typed:
    """Code or a command, and what is shown under it."""

    kind: str
    text: str
    shown: list[str] = field(default_factory=list)


def typed(page: str) -> Iterator[Typed]:
    """Give what a reader types, in order: a text block belongs to the code before it."""
    last: Typed | None = None
    for kind, body in BLOCK.findall(page):
        if kind == "text":
            assert last is not None
            assert last.kind == "python"
            last.shown = body.splitlines()
            continue
        if last is not None:
            yield last
            last = None
        if kind == "python":
            last = Typed(kind, body)
        for line in body.splitlines() if kind == "console" else ():
            if line.startswith("$ "):
                if last is not None:
                    yield last
                last = Typed(kind, line[2:])
            elif last is not None:
                last.shown.append(line)
    if last is not None:
        yield last


def alike(shown: str, printed: str) -> bool:
    """Compare two lines: words as they are, numbers to 0.3 %, whatever is rounding as such."""
    one, other = (OURS.sub("…", " ".join(line.split())) for line in (shown, printed))
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    pairs = zip(map(float, NUMBER.findall(one)), map(float, NUMBER.findall(other)), strict=True)
    return all(a == pytest.approx(b, rel=3e-3, abs=ROUNDING) for a, b in pairs)


def check(step: Typed, printed: str) -> None:
    """Find what is shown in what was printed; a line of dots skips any number of lines."""
    left = [line for line in printed.splitlines() if line.strip()]
    skipping = not step.shown
    for line in filter(str.strip, step.shown):
        if line == "...":
            skipping = True
            continue
        while skipping and left and not alike(line, left[0]):
            left.pop(0)
        assert left, f"{step.text}\nshows {line!r}, printed:\n{printed}"
        assert alike(line, left[0]), f"{step.text}\nshows  {line!r}\nprints {left[0]!r}"
        left.pop(0)
        skipping = False
    assert skipping or not left, f"{step.text}\nprints besides {left}"


@dataclass
class Reader:
    """Types a page in one namespace and one folder."""

    names: dict[str, object] = field(default_factory=lambda: {"__name__": "tutorial"})
    code: int = 0

    def types(self, step: Typed) -> None:
        """Run a step, and check what it prints and how it ends."""
        if step.text == "echo $?":
            check(step, str(self.code))
            self.code = 0
            return
        assert self.code == 0, f"exit code {self.code} before {step.text}"
        words = [] if step.kind == "python" else shlex.split(step.text)
        if "mpiexec" in words and not mpi.INSTALLED:
            return
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
            if step.kind == "python":
                self.runs(step.text)
            elif words[0] == "wgflow":
                self.code = main(words[1:])
            else:
                self.launches(words)
        check(step, screen.getvalue())

    def runs(self, code: str) -> None:
        """Run Python, or save it to the file that its first line names."""
        named = re.match(r"# (\w+\.py)\n", code)
        if named:
            Path(named[1]).write_text(code, encoding="utf-8")
        else:
            exec(compile(code, "tutorial", "exec", dont_inherit=True), self.names)

    def launches(self, words: list[str]) -> None:
        """Run a program on several ranks."""
        launcher, option, ranks, program, *rest = words
        assert (launcher, option) == ("mpiexec", "-n")
        start = {"wgflow": ["-m", "wgflow"], "python": []}[program]
        done = mpi.on_ranks(int(ranks), [*start, *rest])
        self.code = done.returncode
        print(done.stdout + (done.stderr if done.returncode else ""))


@pytest.mark.parametrize("page", WORKING, ids=lambda page: page.stem)
def test_page_works_as_it_is_typed(
    page: Path, elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = page.read_text(encoding="utf-8")
    if "import fipy" in text:
        pytest.importorskip("fipy")
    reader = Reader()
    steps = list(typed(text))
    assert any(step.shown for step in steps)
    for step in steps:
        reader.types(step)
    assert reader.code == 0


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs" / "tutorials" / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert page.stem == "index" or index.count(f"\n{page.stem}\n") == 1
