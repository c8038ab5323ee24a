"""What watches a run: history, snapshots, boundary mass.

The loop in :mod:`wgflow.loop` calls each observer at the start, after every step and at the
end. An observer may name times at which the loop must stop exactly.
"""

from wgflow.observers.base import Observer, State
from wgflow.observers.boundary import BoundaryMass
from wgflow.observers.history import History
from wgflow.observers.snapshots import Snapshots

__all__ = ["BoundaryMass", "History", "Observer", "Snapshots", "State"]
