"""The figure of a network that is trained on samples: what it says of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array
from wgflow.networks import EmpiricalData, Identity, predict
from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = ["Predictor", "predictor_figure", "predictor_of"]

POINTS = (241, 81)  # along each component of x, by their number
MARGIN = 0.15  # of the data's range, beyond it
FIELD = "PuOr"  # diverging, readable with any colour vision


@dataclass(frozen=True)
class Predictor:
    """Predictions of a density, and of finite networks beside it.

    Attributes
    ----------
    title : str
    data : EmpiricalData
    axes : tuple of arrays
        The grid of inputs, one array for each component.
    field : array
        f on that grid, of its shape.
    fitted : (M,) array
        f on the data.
    fields, fits : (S, ...) and (S, M) arrays
        The same of S finite networks; S may be 0.
    """

    title: str
    data: EmpiricalData
    axes: tuple[Array, ...]
    field: Array
    fitted: Array
    fields: Array
    fits: Array

    def columns(self) -> dict[str, Array]:
        """Give the table: inputs, label (nan off the data), predictions."""
        grid = [np.ravel(c) for c in np.meshgrid(*self.axes, indexing="ij")]
        names = ("x",) if len(grid) == 1 else tuple(f"x{k + 1}" for k in range(len(grid)))
        found = {
            name: np.concatenate([x, c])
            for name, x, c in zip(names, self.data.x.T, grid, strict=True)
        }
        found["y"] = np.concatenate([self.data.y, np.full(self.field.size, np.nan)])
        found["f"] = np.concatenate([self.fitted, self.field.ravel()])
        for number, (fit, field) in enumerate(zip(self.fits, self.fields, strict=True)):
            found[f"f_{number}"] = np.concatenate([fit, field.ravel()])
        return found


def predictor_of(solution: Solution, networks: Sequence[Array] = ()) -> Predictor | None:
    """Evaluate a network on its data and on a grid of inputs around them. Collective.

    Parameters
    ----------
    solution : Solution
    networks : sequence of arrays (N, D)
        States of finite networks.

    Returns
    -------
    Predictor
        None if the network has no samples, or they have more than two components.
    """
    network = None if solution.problem is None else solution.problem.network
    if network is None or not isinstance(network.data, EmpiricalData):
        return None
    data, parts = network.data, network.data.x.shape[1]
    if parts > len(POINTS) or not isinstance(network.chart, Identity):
        return None
    low, high = data.x.min(axis=0), data.x.max(axis=0)
    reach = MARGIN * np.where(high > low, high - low, 1.0)
    axes = tuple(
        np.linspace(a, b, POINTS[parts - 1]) for a, b in zip(low - reach, high + reach, strict=True)
    )
    grid = np.stack([c.ravel() for c in np.meshgrid(*axes, indexing="ij")], axis=1)
    shape = tuple(map(len, axes))
    both = np.concatenate([data.x, grid])
    count = len(data.y)
    found = solution.predict(both)
    finite = np.array([predict(network.unit, theta, both) for theta in networks])
    finite = finite.reshape(len(networks), len(both))
    return Predictor(
        f"{solution.case or 'network'}, {solution.solver}, t = {solution.time:.4g}",
        data,
        axes,
        found[count:].reshape(shape),
        found[:count],
        finite[:, count:].reshape(-1, *shape),
        finite[:, :count],
    )


def predictor_figure(predictor: Predictor) -> Figure:
    """Draw the predictions over the data."""
    figure: Figure = styled(_draw)(predictor)
    return figure


def _draw(predictor: Predictor) -> Figure:
    if len(predictor.axes) == 1:
        figure = new_figure(5.4, 3.5)
        _draw_curves(figure.subplots(), predictor)
    else:
        panels = [("density equation", predictor.field)]
        if len(predictor.fields):
            panels.append((f"mean of {_counted(predictor)}", predictor.fields.mean(axis=0)))
        wide, high = (axis[-1] - axis[0] for axis in predictor.axes)
        figure = new_figure(1.2 + 4.4 * len(panels), 1.0 + 4.1 * min(high / wide, 2.0))
        drawn = np.atleast_1d(figure.subplots(1, len(panels), sharex=True, sharey=True))
        top = max(float(np.abs(field).max()) for _, field in panels)
        for axes, (title, field) in zip(drawn, panels, strict=True):
            _draw_field(axes, predictor, field, top)
            axes.set_title(title)
        figure.colorbar(drawn[-1].collections[0], ax=list(drawn), label="f(x)")
    figure.suptitle(predictor.title)
    return figure


def _counted(predictor: Predictor) -> str:
    count = len(predictor.fields)
    return f"{count} finite networks" if count > 1 else "1 finite network"


def _draw_curves(axes: Axes, predictor: Predictor) -> None:
    (x,), data = predictor.axes, predictor.data
    axes.plot(data.x[:, 0], data.y, "o", ms=3, color="0.35", label="data")
    for number, field in enumerate(predictor.fields):
        label = _counted(predictor) if number == 0 else None
        axes.plot(x, field, color=SGD_COLOUR, lw=1.0, alpha=0.7, label=label)
    axes.plot(x, predictor.field, color=PDE_COLOUR, lw=1.8, label="density equation")
    axes.set(xlabel="x", ylabel="f(x)", xlim=(x[0], x[-1]))
    axes.legend()


def _draw_field(axes: Axes, predictor: Predictor, field: Array, top: float) -> None:
    first, second = predictor.axes
    axes.pcolormesh(first, second, field.T, cmap=FIELD, vmin=-top, vmax=top, shading="gouraud")
    labels = predictor.data.y
    if set(np.unique(labels)) <= {-1.0, 1.0}:
        if field.min() < 0 < field.max():
            axes.contour(first, second, field.T, levels=[0.0], colors="k", linewidths=1.0)
        for sign, mark in ((1.0, "^"), (-1.0, "o")):
            x = predictor.data.x[labels == sign]
            axes.plot(*x.T, mark, ms=4, mfc="white", mec="k", mew=0.7, label=f"y = {sign:+.0f}")
        axes.legend(frameon=True)
    else:
        x, y = predictor.data.x.T
        axes.scatter(x, y, 14, labels, cmap=FIELD, vmin=-top, vmax=top, ec="k", lw=0.5)
    axes.grid(visible=False)
    axes.set_aspect("equal")
    axes.set(xlabel="x1", ylabel="x2", xlim=(first[0], first[-1]), ylim=(second[0], second[-1]))
