"""Commands that draw what a run has left."""

from __future__ import annotations

import argparse
from pathlib import Path

from wgflow.commands.inputs import FIGURES, numbers
from wgflow.commands.progress import Bar
from wgflow.errors import InputError, nearest_first
from wgflow.io import atomically, check_file, load_neurons
from wgflow.parallel import everywhere, on_root, world
from wgflow.plots import Neurons, check_film, check_kind, density_figure, kinds_of
from wgflow.plots import animate as write_film
from wgflow.solution import Solution
from wgflow.stored import load

__all__ = ["animate", "plot"]

FEW = 20  # frames, below which a film jerks
DOTS = 150  # an inch


def plot(given: argparse.Namespace) -> int:
    """Draw the density or the history of a result."""
    comm, folder = world(), Path(given.directory)
    if given.kind is not None:
        check_kind(given.kind)
    times = None if given.time is None else numbers(given.time, "--time")
    if given.out is not None:  # before a large file is read
        on_root(comm, lambda: _checked(Path(given.out)))
    solution = load(folder)
    kind = check_kind(given.kind or kinds_of(solution)[0], solution)
    out = Path(given.out) if given.out else folder / f"{kind}.png"
    on_root(comm, lambda: check_file(out))
    neurons, arrows = _over(folder, solution, given)
    figure = density_figure(
        solution,
        kind,
        times,
        log=given.log,
        arrows=arrows,
        neurons=neurons,
    )

    def save() -> None:
        assert figure is not None
        form = out.suffix.lower().lstrip(".")
        atomically(out, lambda aside: figure.savefig(aside, format=form, dpi=DOTS))

    on_root(comm, save)
    print(f"written to {out}")
    return 0


def animate(given: argparse.Namespace) -> int:
    """Make a film of the density of a result."""
    comm, folder = world(), Path(given.directory)
    out = Path(given.out) if given.out else folder / "film.gif"
    if given.out:
        on_root(comm, lambda: check_file(out))
    on_root(comm, lambda: check_film(out, given.fps))
    solution = load(folder)
    on_root(comm, lambda: check_file(out))
    neurons, arrows = _over(folder, solution, given)
    frames = write_film(
        solution,
        out,
        given.fps,
        log=given.log,
        arrows=arrows,
        neurons=neurons,
        progress=Bar("film", "frame"),
    )
    size = on_root(comm, lambda: out.stat().st_size)
    print(f"{frames} frames, {size / 1e6:.2g} MB, written to {out}")
    if frames < FEW:
        print(
            "a film has one frame per snapshot: for a smoother one run again with "
            "wgflow run … --frames 60"
        )
    return 0


def _checked(path: Path) -> Path:
    suffix = check_file(path).suffix.lower()
    if suffix not in FIGURES:
        raise InputError(
            f"--out {str(path)!r}: end its name in one of "
            f"{', '.join(nearest_first(suffix, FIGURES))}"
        )
    return path


def _over(
    folder: Path, solution: Solution, given: argparse.Namespace
) -> tuple[Neurons | None, bool]:
    """Give the root the neurons that networks left there, and tell all whether to draw arrows."""
    comm = world()
    wanted = given.particles and comm.is_root
    neurons = everywhere(comm, lambda: load_neurons(folder, solution) if wanted else None)
    # both together hide the density
    plain = on_root(comm, lambda: neurons is None)
    return neurons, plain if given.arrows is None else given.arrows
