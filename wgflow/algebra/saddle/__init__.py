"""The saddle-point systems of Newton's method for variational finite volumes."""

from wgflow.algebra.saddle.direct import conductances
from wgflow.algebra.saddle.systems import SaddleSystem, saddle_system

__all__ = ["SaddleSystem", "conductances", "saddle_system"]
