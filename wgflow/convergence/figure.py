"""The log-log figure of a refinement study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.convergence.table import ConvergenceTable
from wgflow.errors import InputError
from wgflow.plots.style import PDE_COLOUR, colours, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["convergence_figure"]


def convergence_figure(tables: ConvergenceTable | Sequence[ConvergenceTable]) -> Figure:
    """Draw errors against cell size (or time step), with lines of the expected orders.

    Parameters
    ----------
    tables : ConvergenceTable or sequence of them
        Several tables share the axes; they must refine the same thing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there is no table, or some refine in time and others in space.
    """
    several = [tables] if isinstance(tables, ConvergenceTable) else list(tables)
    in_time = {table.refine == "time" for table in several}
    if len(in_time) != 1:
        raise InputError(f"{len(several)} tables: give at least one, all in time or none")
    figure: Figure = styled(_draw)(several, in_time == {True})
    return figure


def _draw(several: Sequence[ConvergenceTable], in_time: bool) -> Figure:
    figure = new_figure(6.0, 4.2)
    axes = figure.subplots()
    for colour, table in zip(colours(len(several)), several, strict=True):
        _draw_errors(axes, table, colour if len(several) > 1 else PDE_COLOUR)
    norms = " / ".join(sorted({table.norm for table in several}))
    axes.set_xlabel("time step" if in_time else "cell size over the length of the axis")
    axes.set_ylabel(f"{norms} error")
    axes.legend()
    return figure


def _draw_errors(axes: Axes, table: ConvergenceTable, colour: Any) -> None:
    levels, errors = table.levels, np.array([v.error for v in table.levels])
    sizes = np.array([v.dt if table.refine == "time" else 1 / v.cells[0] for v in levels])
    label = f"{table.case} {table.solver}: order {table.rate:.2f}".strip()
    axes.plot(sizes, errors, "o-", ms=4, lw=1.2, color=colour, label=label)
    if table.expected is not None:
        guide = errors[-1] * (sizes / sizes[-1]) ** table.expected
        axes.plot(sizes, guide, ":", color=colour, label=f"order {table.expected:g}")
    log_sizes(axes, sizes, None if table.refine == "time" else [f"1/{v.cells[0]}" for v in levels])
    axes.set_yscale("log")
