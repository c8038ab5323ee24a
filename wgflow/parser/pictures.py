"""The words of the commands that draw what a run has left."""

from __future__ import annotations

import argparse

from wgflow.parser.base import KINDS, Words, add_command

__all__ = ["add_pictures"]


def add_pictures(words: Words) -> None:
    """Add the commands that draw."""
    plot = add_command(
        words,
        "plot",
        "draw the density or the history of a result",
        [
            "wgflow plot isotropic_gaussians",
            "wgflow plot isotropic_gaussians --kind spacetime --out map.pdf",
            "wgflow plot charges --time 0.3,10 --log",
        ],
    )
    _add_result(plot)
    plot.add_argument(
        "--kind",
        choices=KINDS,
        metavar="K",
        help="stack or spacetime (one axis), map (two), marginals (two or more), slices (a solid), "
        "history, summary; by default what fits the axes",
    )
    plot.add_argument(
        "--time", metavar="T[,T…]", help="snapshots to draw, the nearest (by default a few)"
    )
    plot.add_argument(
        "--out", metavar="FILE", help="a .png, .pdf or .svg (by default KIND.png in DIR)"
    )
    plot.add_argument(
        "--log", action="store_true", help="logarithmic density; of history, logarithmic time"
    )
    plot.set_defaults(command="pictures:plot")
    film = add_command(
        words,
        "animate",
        "make a film of the density of a result",
        [
            "wgflow animate keller_segel",
            "wgflow animate keller_segel --out collapse.gif --fps 12",
        ],
    )
    film.description = (
        "Make a film of the density of a result. Its frames are the stored snapshots: "
        "wgflow run CASE --frames 60 keeps more."
    )
    _add_result(film)
    film.add_argument(
        "--out", metavar="FILE", help="a .gif, or with ffmpeg an .mp4 (by default film.gif in DIR)"
    )
    film.add_argument("--fps", type=float, default=10.0, metavar="N", help="frames a second (10)")
    film.add_argument("--log", action="store_true", help="logarithmic density")
    film.set_defaults(command="pictures:animate")


def _add_result(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="folder of a result, as --out named it")
    parser.add_argument(
        "--arrows",
        action=argparse.BooleanOptionalAction,
        help="velocities on maps (by default where the case is known and no neurons are drawn)",
    )
    parser.add_argument(
        "--particles",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="neurons over the density (by default where compare or study width left them)",
    )
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
