"""Observed orders: refinement studies, what the cases state, and their verification."""

from wgflow.called import answer_all
from wgflow.convergence.study import Reference, convergence, restrict
from wgflow.convergence.table import ConvergenceTable, Level

__all__ = ["ConvergenceTable", "Level", "Reference", "convergence", "restrict"]

answer_all(globals())
