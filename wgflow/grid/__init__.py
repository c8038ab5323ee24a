"""Cells of a box, divided among the ranks."""

from wgflow.grid.grid import Grid

__all__ = ["Grid"]
