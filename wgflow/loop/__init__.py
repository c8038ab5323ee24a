"""The one time loop, and how a run is stopped and continued."""

from wgflow.loop.keeper import Keeper
from wgflow.loop.run import Outcome, run
from wgflow.loop.signals import Signals

__all__ = ["Keeper", "Outcome", "Signals", "run"]
