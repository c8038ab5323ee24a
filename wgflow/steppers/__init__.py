"""Time steppers: everything that knows a time step."""

from wgflow.called import answer_all
from wgflow.steppers.base import Step, Stepper
from wgflow.steppers.explicit import SSPRK2, SSPRK3
from wgflow.steppers.implicit import ImplicitEuler
from wgflow.steppers.rkl import RKL2
from wgflow.steppers.sdirk import SDIRK2

__all__ = ["RKL2", "SDIRK2", "SSPRK2", "SSPRK3", "ImplicitEuler", "Step", "Stepper"]

answer_all(globals())
