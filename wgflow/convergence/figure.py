"""The log-log figure of a refinement study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wgflow.convergence.table import ConvergenceTable
from wgflow.errors import InputError

if TYPE_CHECKING:
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
    from matplotlib.figure import Figure

    several = [tables] if isinstance(tables, ConvergenceTable) else list(tables)
    in_time = {table.refine == "time" for table in several}
    if len(in_time) != 1:
        raise InputError(f"{len(several)} tables: give at least one, all in time or none")
    figure = Figure(figsize=(6.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for number, table in enumerate(several):
        levels = table.levels
        if table.refine == "time":
            sizes = np.array([v.dt for v in levels])
        else:
            sizes = np.array([1 / v.cells[0] for v in levels])
        errors = np.array([v.error for v in levels])
        color = f"C{number}"
        label = f"{table.case} {table.solver}: order {table.rate:.2f}"
        axes.loglog(sizes, errors, "o-", color=color, label=label.strip())
        if table.expected is not None:
            guide = errors[-1] * (sizes / sizes[-1]) ** table.expected
            axes.loglog(sizes, guide, ":", color=color, label=f"order {table.expected:g}")
    norms = " / ".join(sorted({table.norm for table in several}))
    axes.set_xlabel("time step" if in_time == {True} else "1 / cells along an axis")
    axes.set_ylabel(f"{norms} error")
    axes.grid(which="both", alpha=0.3)
    axes.legend(fontsize="small")
    return figure
