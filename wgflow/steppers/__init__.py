"""Time steppers: everything that knows a time step."""

from wgflow.steppers.base import Step, Stepper
from wgflow.steppers.explicit import SSPRK2, SSPRK3
from wgflow.steppers.implicit import ImplicitEuler
from wgflow.steppers.sdirk import SDIRK2

__all__ = ["SDIRK2", "SSPRK2", "SSPRK3", "ImplicitEuler", "Step", "Stepper"]
