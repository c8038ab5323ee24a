"""Figures and films of solutions and comparisons, drawn without any global state."""

from wgflow.plots.comparison import comparison_figure
from wgflow.plots.density import KINDS, check_kind, density_figure, kinds_of
from wgflow.plots.film import FORMATS, animate, check_film
from wgflow.plots.history import history_figure
from wgflow.plots.neurons import Neurons
from wgflow.plots.solution import solution_figure

__all__ = [
    "FORMATS",
    "KINDS",
    "Neurons",
    "animate",
    "check_film",
    "check_kind",
    "comparison_figure",
    "density_figure",
    "history_figure",
    "kinds_of",
    "solution_figure",
]
