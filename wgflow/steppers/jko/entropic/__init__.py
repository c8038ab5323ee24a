"""Minimizing movements with entropic regularization of the transport."""

from wgflow.steppers.jko.entropic.stepper import EntropicJKO

__all__ = ["EntropicJKO"]
