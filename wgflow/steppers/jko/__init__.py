"""Minimizing-movement (JKO) steps: each is the minimum of distance and free energy."""

from wgflow.steppers.jko.back_and_forth import BackAndForth
from wgflow.steppers.jko.bdf2 import VariationalBDF2
from wgflow.steppers.jko.entropic import EntropicJKO
from wgflow.steppers.jko.linearized import LinearizedJKO
from wgflow.steppers.jko.quantile import QuantileJKO

__all__ = ["BackAndForth", "EntropicJKO", "LinearizedJKO", "QuantileJKO", "VariationalBDF2"]
