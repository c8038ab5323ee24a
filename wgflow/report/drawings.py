"""Figures for a page: drawn anew as SVG that the page can recolour, or the files as they are."""

from __future__ import annotations

import base64
import html
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["image", "vector"]

MOST_PATHS = 2000  # of one collection that is drawn as paths; more become an image
NUMBER = re.compile(r"(\d+\.\d{3})\d+")
IDENTIFIER = re.compile(r'(\bid="|url\(#|href="#)')


def image(path: Path, alt: str, *, coloured: bool = False) -> Html:
    """Show a PNG file. One that is ``coloured`` by a map stays on white, others turn dark."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    kind = "paper" if coloured else "drawn"
    return Html(
        f'<div class="{kind} wide"><img alt="{html.escape(alt)}" '
        f'src="data:image/png;base64,{data}"></div>'
    )


def vector(figure: Figure, alt: str, name: str) -> Html:
    """Draw a figure as SVG in the page: transparent, its words as text, its maps as images.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What it shows, for who cannot see it.
    name : str
        A word of its own on the page, which its identifiers begin with.
    """
    from matplotlib import rc_context

    for artist in figure.findobj(_many):
        artist.set_rasterized(True)
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            file, format="svg", transparent=True, dpi=150,
            metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
        )  # fmt: skip
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = IDENTIFIER.sub(rf"\1{name}-", NUMBER.sub(r"\1", drawn))
    size = f'role="img" aria-label="{html.escape(alt)}" '
    drawn = drawn.replace("<svg ", f"<svg {size}", 1)
    return Html(f'<div class="drawn wide">{drawn}</div>')


def _many(artist: Any) -> bool:
    """Whether an artist is made of so many pieces that paths would be a large file."""
    import numpy as np
    from matplotlib.collections import Collection, QuadMesh
    from matplotlib.image import AxesImage

    if isinstance(artist, QuadMesh | AxesImage):
        return True
    if not isinstance(artist, Collection):
        return False
    return max(len(artist.get_paths()), len(np.atleast_1d(artist.get_offsets()))) > MOST_PATHS
