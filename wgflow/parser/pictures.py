"""The words of the commands that draw what a run has left."""

from __future__ import annotations

import argparse
import textwrap

from wgflow.parser.base import KINDS, WIDTH, Words, add_command, add_verbose

__all__ = ["add_pictures"]


def add_pictures(words: Words) -> None:
    """Add the commands that draw."""
    _plot(words)
    _animate(words)


def _plot(words: Words) -> None:
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
        "history, summary (default: what fits the axes)",
    )
    plot.add_argument(
        "--time",
        metavar="T[,T…]",
        help="times to draw, at the nearest snapshots (default: a few of them)",
    )
    plot.add_argument(
        "--out", metavar="FILE", help="a .png, .pdf or .svg (default: KIND.png in DIR)"
    )
    plot.add_argument(
        "--log", action="store_true", help="logarithmic density; for history, logarithmic time"
    )
    plot.set_defaults(command="pictures:plot")


def _animate(words: Words) -> None:
    film = add_command(
        words,
        "animate",
        "make a film of the density of a result",
        [
            "wgflow animate keller_segel",
            "wgflow animate keller_segel --out collapse.gif --fps 12",
        ],
    )
    film.description = textwrap.fill(
        "Make a film of the density of a result. Each stored snapshot is a frame: "
        "`wgflow run CASE --frames 60` keeps more.",
        WIDTH,
    )
    _add_result(film)
    film.add_argument(
        "--out", metavar="FILE", help="a .gif, or with ffmpeg an .mp4 (default: film.gif in DIR)"
    )
    film.add_argument(
        "--fps", type=float, default=10.0, metavar="N", help="frames per second (default: 10)"
    )
    film.add_argument("--log", action="store_true", help="logarithmic density")
    film.set_defaults(command="pictures:animate")


def _add_result(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="folder of a result, as given by --out")
    parser.add_argument(
        "--arrows",
        action=argparse.BooleanOptionalAction,
        help="draw velocities on maps (default: if the case is known and no neurons are drawn)",
    )
    parser.add_argument(
        "--particles",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw neurons over the density (default: if compare or study width stored them)",
    )
    add_verbose(parser)
