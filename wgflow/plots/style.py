"""What the figures share: style, colours, what of a curve is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.mesh import as_mesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = [
    "MAP",
    "PDE_COLOUR",
    "SGD_COLOUR",
    "axis_label",
    "below_all",
    "capped",
    "colours",
    "from_first",
    "heading",
    "log_sizes",
    "new_figure",
    "styled",
    "visible",
]

STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.dpi": 130,
    "font.size": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
}
MOST_SIZES = 8  # labels on an axis of sizes
MAP = "viridis"  # perceptually uniform, readable with any colour vision
PDE_COLOUR, SGD_COLOUR = "#0b3c5d", "#d1495b"


def new_figure(
    width: float, height: float, layout: Literal["constrained", "compressed"] = "constrained"
) -> Figure:
    """Make an empty figure of a size in inches; compressed is for panels of equal scales."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def styled(draw: Any) -> Any:
    """Draw under the project's style without touching the caller's."""

    def drawn(*arguments: Any) -> Any:
        from matplotlib import rc_context

        with rc_context(STYLE):
            return draw(*arguments)

    return drawn


def colours(count: int) -> list[Any]:
    """Give as many colours, in order."""
    from matplotlib import colormaps

    return [colormaps[MAP](x) for x in np.linspace(0.0, 0.85, count)]


def visible(values: Array, edges: Array, share: float = 1e-3) -> tuple[float, float]:
    """Bounds that hold everything above a share of the largest value."""
    above = np.flatnonzero(values > share * values.max())
    low, high = edges[above[0]], edges[above[-1] + 1]
    margin = 0.05 * (high - low)
    return max(edges[0], low - margin), min(edges[-1], high + margin)


def capped(peaks: Sequence[float]) -> float:
    """Give the top of a scale on which one concentrating density does not flatten the others."""
    usual = sorted(peaks)[len(peaks) // 2]
    return max(peaks) if max(peaks) < 5 * usual else 2.5 * usual


def from_first(times: Array, others: Array) -> Array:
    """Give the times from the first of the others on: where a logarithmic axis begins.

    Examples
    --------
    >>> from_first(np.array([0.0, 0.5, 2.0]), np.array([0.1, 1.0])).tolist()
    [0.1, 0.5, 1.0, 2.0]
    """
    return np.union1d(times[times > others[0]], others)


def log_sizes(
    axes: Axes, sizes: Sequence[float] | Array, words: Sequence[str] | None = None
) -> None:
    """Make an axis logarithmic whose only labels are the sizes that there are, or some of them."""
    step = -(-len(sizes) // MOST_SIZES)
    words = [f"{value:g}" for value in sizes] if words is None else words
    axes.set_xscale("log")
    axes.set_xticks(list(sizes)[::step], list(words)[::step])
    axes.set_xticks([], minor=True)


def below_all(figure: Any, panel: Axes) -> None:
    """Write the legend of one panel, which all have, below them, where it hides nothing."""
    figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def axis_label(grid: Grid, axis: int) -> str:
    """Name of a coordinate; of a radius with the dimension of its space."""
    name = grid.box.names[axis]
    radial = None if as_mesh(grid) is not None else grid.box.axes[axis].radial
    return name if radial is None else f"{name} (radius, d = {radial:g})"


def heading(solution: Solution) -> str:
    """Case and solver, as figures are headed."""
    return ", ".join(word for word in (solution.case or "density", solution.solver) if word)
