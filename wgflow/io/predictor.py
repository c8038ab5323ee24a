"""The files of what a network that is trained on samples says of inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wgflow.io.files import atomically, write_table

if TYPE_CHECKING:
    from wgflow.plots.predictor import Predictor

__all__ = ["save_predictor"]


def save_predictor(predictor: Predictor | None, directory: Path) -> None:
    """Write predictor.csv and predictor.png, if there is anything to write.

    The table has the data first, then the grid of inputs, whose label is nan.
    """
    if predictor is None:
        return
    from wgflow.plots.predictor import predictor_figure

    write_table(directory / "predictor.csv", predictor.columns())
    figure = predictor_figure(predictor)
    atomically(
        directory / "predictor.png", lambda aside: figure.savefig(aside, format="png", dpi=150)
    )
