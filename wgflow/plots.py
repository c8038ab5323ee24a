"""Figures of solutions and comparisons, drawn without any global state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow.mesh import Mesh, as_mesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.compare import Comparison
    from wgflow.solution import Solution

__all__ = ["comparison_figure", "solution_figure"]

STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.dpi": 130,
    "font.size": 9,
    "legend.frameon": False,
}
MAP = "viridis"  # perceptually uniform, readable with any colour vision
PDE_COLOUR, SGD_COLOUR = "#0b3c5d", "#d1495b"
LARGEST_STACK = 8  # curves in one panel


def _figure(width: float, height: float) -> Figure:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _styled(draw: Any) -> Any:
    """Draw under the project's style without touching the caller's."""

    def drawn(*arguments: Any) -> Any:
        from matplotlib import rc_context

        with rc_context(STYLE):
            return draw(*arguments)

    return drawn


def solution_figure(solution: Solution) -> Figure:
    """Densities over time beside the history of the energy (and risk).

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = _styled(_draw_solution)(solution)
    return figure


def _draw_solution(solution: Solution) -> Figure:
    figure = _figure(10, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    mesh = as_mesh(solution.grid)
    if mesh is not None:
        _draw_cells(figure, left, solution, mesh)
    elif solution.grid.dimension == 1:
        _draw_stack(left, solution)
    elif solution.grid.dimension == 2:
        _draw_map(figure, left, solution)
    else:
        _draw_marginals(left, solution)
    _draw_history(right, solution)
    title = solution.case or "density"
    figure.suptitle(f"{title}, {solution.solver}, t = {solution.time:.4g}")
    return figure


def _chosen(solution: Solution) -> list[int]:
    count = len(solution.times)
    picked = np.linspace(0, count - 1, min(count, LARGEST_STACK)).round().astype(int)
    return sorted(set(picked.tolist()))


def _colours(count: int) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps[MAP](x) for x in np.linspace(0.0, 0.85, count)]


def _visible(values: Array, edges: Array, share: float = 1e-3) -> tuple[float, float]:
    """Bounds that hold everything above a share of the largest value."""
    above = np.flatnonzero(values > share * values.max())
    low, high = edges[above[0]], edges[above[-1] + 1]
    margin = 0.05 * (high - low)
    return max(edges[0], low - margin), min(edges[-1], high + margin)


def _draw_stack(axes: Axes, solution: Solution) -> None:
    grid = solution.grid
    chosen = _chosen(solution)
    for colour, i in zip(_colours(len(chosen)), chosen, strict=True):
        axes.plot(
            grid.centers[0],
            solution.densities[i],
            color=colour,
            label=f"t = {solution.times[i]:.3g}",
        )
    if solution.errors:
        exact = solution.exact_density(solution.time)
        axes.plot(grid.centers[0], exact, "k:", lw=1.2, label="exact")
    envelope = np.max(solution.densities[chosen], axis=0)
    axes.set_xlim(*_visible(envelope, grid.edges[0]))
    _cap_height(axes, [solution.densities[i] for i in chosen])
    axes.set(xlabel=grid.box.names[0], ylabel="density")
    axes.legend(fontsize=7)


def _cap_height(axes: Axes, curves: list[Array]) -> None:
    """Keep a concentrating curve from flattening the others; what is cut leaves the frame."""
    peaks = sorted(float(curve.max()) for curve in curves)
    usual = peaks[len(peaks) // 2]
    top = peaks[-1] if peaks[-1] < 5 * usual else 2.5 * usual
    axes.set_ylim(0, 1.05 * top)


def _draw_map(figure: Figure, axes: Axes, solution: Solution) -> None:
    grid = solution.grid
    mesh = axes.pcolormesh(grid.edges[0], grid.edges[1], solution.density.T, cmap=MAP)
    axes.grid(visible=False)
    axes.set_aspect("equal")
    figure.colorbar(mesh, ax=axes, label="density")
    axes.set(xlabel=grid.box.names[0], ylabel=grid.box.names[1])


def _draw_cells(figure: Figure, axes: Axes, solution: Solution, mesh: Mesh) -> None:
    """Colour the cells of a plane mesh; project those of a solid one."""
    from matplotlib.collections import PolyCollection

    first, second, *_ = mesh.box.names
    mesh = mesh.whole
    if mesh.dimension == 2:
        corners = mesh.geometry.corners
        around = corners - corners.mean(axis=1, keepdims=True)
        order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1)
        outlines = np.take_along_axis(corners, order[..., None], axis=1)
        drawn: Any = PolyCollection(list(outlines), array=solution.density, cmap=MAP)
        drawn.set_edgecolor("face")
        axes.add_collection(drawn)
        axes.autoscale_view()
    else:
        x, y = mesh.coordinates[:2]
        drawn = axes.scatter(x, y, c=solution.density, s=4, cmap=MAP)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_aspect("equal")
    figure.colorbar(drawn, ax=axes, label="density")
    axes.set(xlabel=first, ylabel=second)


def _draw_marginals(axes: Axes, solution: Solution) -> None:
    grid = solution.grid
    masses = solution.density * grid.volumes
    for axis, colour in enumerate(_colours(grid.dimension)):
        others = tuple(a for a in range(grid.dimension) if a != axis)
        marginal = masses.sum(axis=others) / grid.widths[axis]
        axes.plot(grid.centers[axis], marginal, color=colour, label=grid.box.names[axis])
    axes.set(xlabel="coordinate", ylabel="marginal density")
    axes.legend(fontsize=7)


def _draw_history(axes: Axes, solution: Solution) -> None:
    history = solution.history
    time = history["time"]
    name = "risk" if "risk" in history else "energy"
    axes.plot(time, history[name], color=PDE_COLOUR)
    exact = solution.problem.reference.get(name)
    if exact is not None:
        shown = np.linspace(time[0], time[-1], 40)
        axes.plot(shown, [exact(t) for t in shown], "k:", lw=1.2, label="exact")
        axes.legend(fontsize=7)
    if name == "risk" and len(time) > 2:
        axes.set_xscale("log")
        axes.set_xlim(time[1], time[-1])
        # labels between the decades would run into each other
        axes.tick_params(axis="x", which="minor", labelbottom=bool(time[-1] < 5 * time[1]))
    axes.set(xlabel="time", ylabel={"risk": "population risk", "energy": "free energy"}[name])


def comparison_figure(comparison: Comparison) -> Figure:
    """Densities over the particles' histograms, and the risk curves of both.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = _styled(_draw_comparison)(comparison)
    return figure


def _draw_comparison(comparison: Comparison) -> Figure:
    shown = comparison.pictured()
    columns = 3
    rows = -(-len(shown) // columns)
    figure = _figure(11.5, 2.2 * rows + 0.6)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.55, 1))
    left, right = parts
    panels = np.atleast_1d(left.subplots(rows, columns)).ravel()
    for panel in panels[len(shown) :]:
        panel.set_visible(False)
    for panel, index in zip(panels, shown, strict=False):
        _draw_histogram(panel, comparison, index)
    panels[0].legend(fontsize=7, loc="upper right")
    _draw_risks(right.subplots(), comparison)
    solution, sgd = comparison.solution, comparison.settings
    figure.suptitle(
        f"{solution.case}: the density equation ({solution.grid.shape[0]} cells) and SGD "
        f"(N = {sgd.particles}, step {sgd.step:.0e}, {sgd.seeds} seeds)"
    )
    return figure


def _draw_histogram(axes: Axes, comparison: Comparison, index: int) -> None:
    solution = comparison.solution
    grid = solution.grid
    density = solution.densities[index]
    sample = comparison.sample(index)
    low, high = _visible(density, grid.edges[0], share=2e-3)
    low, high = min(low, float(sample.min())), max(high, float(sample.max()))
    bins = np.linspace(low, high, 41)
    counts, _ = np.histogram(sample, bins)
    axes.bar(
        bins[:-1],
        counts / (len(sample) * np.diff(bins)),
        width=np.diff(bins),
        align="edge",
        color=SGD_COLOUR,
        alpha=0.35,
        label="SGD",
    )
    axes.plot(grid.centers[0], density, color=PDE_COLOUR, lw=1.4, label="density equation")
    top = 1.25 * max(float((counts / (len(sample) * np.diff(bins))).max()), 1e-300)
    axes.set_ylim(0, min(top, 1.1 * max(float(density.max()), top / 1.25)))
    axes.set_xlim(low, high)
    axes.set_title(f"t = {solution.times[index]:.3g}", fontsize=8)
    axes.set_xlabel(grid.box.names[0])


def _draw_risks(axes: Axes, comparison: Comparison) -> None:
    history = comparison.solution.history
    step = comparison.settings.step
    times, mean, spread = comparison.times, comparison.risk_mean, comparison.risk_deviation
    axes.plot(
        history["time"][1:] / step, history["risk"][1:], color=PDE_COLOUR, label="density equation"
    )
    later = times > 0
    iterations = times[later] / step
    axes.plot(iterations, mean[later], "o", ms=3, color=SGD_COLOUR, label="SGD, mean over seeds")
    axes.fill_between(
        iterations,
        (mean - 2 * spread)[later],
        (mean + 2 * spread)[later],
        color=SGD_COLOUR,
        alpha=0.2,
        lw=0,
        label="± 2 standard deviations",
    )
    if comparison.half_risks is not None:
        limit, error = (values[later] for values in comparison.limit)
        axes.errorbar(
            iterations,
            limit,
            2 * error,
            fmt="_",
            ms=4,
            lw=0.8,
            color="black",
            label="SGD, N → ∞, ± 2 standard errors",
        )
    axes.set_xscale("log")
    axes.set_xlim(iterations[0], iterations[-1])
    axes.set(xlabel="iterations t/ε", ylabel="population risk")
    axes.legend(fontsize=7)
