"""Cells that follow the density: a window on the problem's box that moves, grows and shrinks."""

from wgflow.follow.record import WindowSnapshots, common_grid, on_one_grid
from wgflow.follow.settings import Follow
from wgflow.follow.stepper import Following
from wgflow.follow.window import Part, window_box

__all__ = [
    "Follow",
    "Following",
    "Part",
    "WindowSnapshots",
    "common_grid",
    "on_one_grid",
    "window_box",
]
