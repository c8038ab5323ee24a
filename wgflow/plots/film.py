"""A film of a density: one frame a snapshot, all on the same scales."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.errors import InputError, nearest_first
from wgflow.parallel import on_root
from wgflow.plots.arrows import arrows_of
from wgflow.plots.corner import draw_corner
from wgflow.plots.curves import draw_curves
from wgflow.plots.density import kinds_of, panel_shape
from wgflow.plots.history import draw_column, main_column
from wgflow.plots.limits import Limits
from wgflow.plots.maps import draw_map
from wgflow.plots.neurons import Neurons
from wgflow.plots.picture import Frame, Frames
from wgflow.plots.slices import draw_slice
from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, heading, new_figure, styled

if TYPE_CHECKING:
    from wgflow.particles.schedule import Progress
    from wgflow.solution import Solution

__all__ = ["FORMATS", "animate", "check_film"]

FORMATS = (".gif", ".mp4")
FASTEST = 50.0  # frames a second; a GIF counts hundredths of a second
DOTS = 100  # an inch
FINER = 16  # times as many cells a figure may have: a frame has fewer dots
START = "0.65"  # shade of the first density, which stays


def check_film(path: str | Path, fps: float) -> None:
    """Raise InputError if no film can be made by that name, at that many frames a second."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(
            f"film {str(path)!r}: end its name in one of "
            f"{', '.join(nearest_first(suffix, FORMATS))}"
        )
    if not (math.isfinite(fps) and 0 < fps <= FASTEST):
        raise InputError(f"{fps:g} frames per second: give a number > 0, at most {FASTEST:g}")
    if suffix == ".mp4":
        from matplotlib.animation import FFMpegWriter

        if not FFMpegWriter.isAvailable():
            raise InputError(
                f"film {str(path)!r}: no program ffmpeg is found, which .mp4 needs: install it, "
                "or end the name in .gif"
            )


def animate(
    solution: Solution,
    path: str | Path,
    fps: float = 10.0,
    *,
    log: bool = False,
    arrows: bool = True,
    neurons: Neurons | None = None,
    progress: Progress | None = None,
) -> int:
    """Write a film of the density beside what falls; collective, the root draws.

    Its frames are the stored snapshots, none between them. Axes, colours and lengths of arrows
    are the same in all. On a grid of three axes and more it shows the marginals, of a solid a
    slice.

    Parameters
    ----------
    solution : Solution
    path : path
        Ends in .gif, or in .mp4 where there is ffmpeg; an earlier file is replaced.
    fps : float
        Frames a second.
    log, arrows, neurons
        As for :func:`wgflow.plots.density_figure`.
    progress : Progress, optional
        Told of the frames on the root.

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    InputError
        If the name ends otherwise, there is no ffmpeg for .mp4, or there is but one snapshot.
    """
    comm, count = solution.grid.comm, len(solution.times)
    on_root(comm, lambda: check_film(path, fps))
    if count < 2:
        raise InputError("one snapshot makes no film: run again with --frames 60")
    kind = kinds_of(solution)[0]
    frames = Frames(
        solution,
        marginals=kind == "marginals",
        together=FINER,
        arrows=arrows_of(solution, wanted=arrows and kind == "map"),
    )
    film = _film_of(frames, kind, log, neurons)

    def begin() -> None:
        if film is not None:
            film.open(Path(path), fps)

    try:
        on_root(comm, begin)
        _take_all(film, frames, progress)
    finally:
        if film is not None:
            film.remove()
    return count


def _film_of(frames: Frames, kind: str, log: bool, neurons: Neurons | None) -> Film | None:
    """Look at all frames for their limits; None on the other ranks. Collective."""
    limits = Limits(frames.shown, frames.lined, log=log)
    first = None
    for index in range(len(frames.solution.times)):
        frame = frames.frame(index)
        if frame is not None:
            first = first or frame
            limits.add(frame)
            if neurons is not None:
                limits.hold(neurons.at(frame.time, frames.shown))
    return None if first is None else Film(frames.solution, kind, first, limits, neurons)


def _take_all(film: Film | None, frames: Frames, progress: Progress | None) -> None:
    """Write every frame, one at a time, and finish the film; collective."""
    comm, count = frames.solution.grid.comm, len(frames.solution.times)
    told = progress if film is not None else None
    if told is not None:
        told.start(count)

    def take(frame: Frame | None) -> None:
        if film is not None and frame is not None:
            film.take(frame)

    try:
        for index in range(count):
            frame = frames.frame(index)
            on_root(comm, partial(take, frame))
            if told is not None:
                told.step(index + 1)
        on_root(comm, lambda: None if film is None else film.close())
    finally:
        if told is not None:
            told.close()


class Film:
    """The figure of a film and what writes it, on the root.

    Parameters
    ----------
    solution : Solution
    kind : str
        What is drawn; see :data:`wgflow.plots.KINDS`.
    first : Frame
    limits : Limits
        Of all frames.
    neurons : Neurons, optional
    """

    def __init__(
        self, solution: Solution, kind: str, first: Frame, limits: Limits, neurons: Neurons | None
    ) -> None:
        self.solution, self.kind, self.first = solution, kind, first
        self.limits, self.neurons = limits, neurons
        self._writer: Any = None
        self._path: Path | None = None

    def _begin(self) -> None:
        dimension = self.limits.whole.dimension
        many = self.kind == "marginals"
        height = 3.8 if self.kind == "stack" else 3.6 * panel_shape(self.limits) + 0.8
        width, high = (1.9 * dimension + 4.2, 1.7 * dimension + 0.8) if many else (9.0, height)
        self.figure = new_figure(_even(width), _even(high))
        self.figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)  # type: ignore[call-arg, union-attr]
        parts: Any = self.figure.subfigures(1, 2, width_ratios=(1.7 if many else 1.3, 1))
        shape = (dimension, dimension) if many else (1, 1)
        self.panels: Any = parts[0].subplots(*shape, squeeze=False)
        if self.kind in ("map", "slices"):
            self.limits.bar(parts[0], self.panels)
        curve = parts[1].subplots()
        self._name = main_column(self.solution)
        draw_column(curve, self.solution, self._name)
        (self._dot,) = curve.plot(
            [], [], "o", ms=7, color=SGD_COLOUR, mec="white", zorder=5, clip_on=False
        )
        self._dot.set_in_layout(False)
        self._draw(self.first)
        for _ in range(2):  # scales that are equal settle at the second time
            self.figure.canvas.draw()
        self.figure.set_layout_engine("none")  # laid out once: nothing moves but the density

    def open(self, path: Path, fps: float) -> None:
        """Begin the file, beside its place."""
        from matplotlib.animation import FFMpegWriter, PillowWriter

        styled(self._begin)()
        kind = PillowWriter if path.suffix.lower() == ".gif" else FFMpegWriter
        self._path, self._aside = path, path.with_name(f".{path.stem}.part{path.suffix}")
        self._writer = kind(fps=fps)  # type: ignore[arg-type]
        self._writer.setup(self.figure, str(self._aside), dpi=DOTS)

    def take(self, frame: Frame) -> None:
        """Add a frame."""
        styled(self._taken)(frame)

    def _taken(self, frame: Frame) -> None:
        self._draw(frame)
        self._writer.grab_frame()  # ticks are made, in their style, only now

    def close(self) -> None:
        """Finish the file and put it in its place."""
        self._writer.finish()
        assert self._path is not None
        os.replace(self._aside, self._path)

    def remove(self) -> None:
        """Leave nothing aside."""
        if self._path is not None:
            self._aside.unlink(missing_ok=True)

    def _draw(self, frame: Frame) -> None:
        for axes in self.panels.ravel():
            axes.clear()
        axes = self.panels[0][0]
        pair, shades = [self.first, frame], [START, PDE_COLOUR]
        if self.kind == "stack":
            draw_curves(axes, pair, self.limits, self.neurons, shades)
        elif self.kind == "marginals":
            draw_corner(self.panels, pair, self.limits, self.neurons, shades)
        elif self.kind == "slices":
            draw_slice(axes, frame, self.limits)
        else:
            draw_map(axes, frame, self.limits, self.neurons, self.limits.fastest)
        history = self.solution.history
        value = np.interp(frame.time, history["time"], history[self._name])
        self._dot.set_data([frame.time], [value])
        self.figure.suptitle(f"{heading(self.solution)}, t = {frame.time:.4g}")


def _even(inches: float) -> float:
    """Round a length to an even number of pixels: films are coded in blocks."""
    return 2 * round(inches * DOTS / 2) / DOTS
