"""The one time loop, and how a run is stopped and continued."""

from wgflow.loop.keeper import Keeper
from wgflow.loop.run import Outcome, run
from wgflow.loop.signals import Signals, heeding_keyboard, stopped

__all__ = ["Keeper", "Outcome", "Signals", "heeding_keyboard", "run", "stopped"]
