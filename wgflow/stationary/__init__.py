"""States at rest, and how they branch over a parameter."""

from wgflow.called import answer_all
from wgflow.stationary.branch import Branch, branch
from wgflow.stationary.state import Stationary, imbalance, stationary

__all__ = ["Branch", "Stationary", "branch", "imbalance", "stationary"]

answer_all(globals())
