"""Linear solves behind one interface."""

from wgflow.algebra.local import LocalSystem

__all__ = ["LocalSystem"]
