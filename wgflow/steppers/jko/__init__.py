"""Minimizing-movement (JKO) steps: each is the minimum of distance and free energy."""

from wgflow.steppers.jko.bdf2 import VariationalBDF2
from wgflow.steppers.jko.linearized import LinearizedJKO
from wgflow.steppers.jko.quantile import QuantileJKO

__all__ = ["LinearizedJKO", "QuantileJKO", "VariationalBDF2"]
