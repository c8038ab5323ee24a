"""Figures of solutions and comparisons, drawn without any global state."""

from wgflow.plots.comparison import comparison_figure
from wgflow.plots.solution import solution_figure

__all__ = ["comparison_figure", "solution_figure"]
