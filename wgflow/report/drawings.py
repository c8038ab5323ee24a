"""Figures for a page: drawn anew as SVG that follows light and dark, or the files as they are."""

from __future__ import annotations

import base64
import html
import io
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from wgflow.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["image", "vector"]

SMALLEST = 0.75  # of its own size, below which a figure scrolls: its letters are small already
PIXELS, INCH = 96, 0.0254  # of a page, in an inch; metres of an inch
MOST_PATHS = 2000  # of one collection that is drawn as paths; more become an image
KEPT = "kept"  # begins the name of what lies on a map and has its colours for that map
SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
COLOUR = re.compile(r"#([0-9a-f]{6})\b", re.IGNORECASE)
DIGITS = re.compile(r"(\d+\.\d{2})\d+")  # hundredths of a point are enough


def image(path: Path, alt: str, *, coloured: bool = False) -> Html:
    """Show a PNG file. One that is ``coloured`` by a map stays on white, others turn dark."""
    content = path.read_bytes()
    data = base64.b64encode(content).decode("ascii")
    kind = "paper" if coloured else "drawn"
    return Html(
        f'<div class="{kind} wide"><img alt="{html.escape(alt)}" style="{_size(_width(content))}" '
        f'src="data:image/png;base64,{data}"></div>'
    )


def _size(width: float) -> str:
    """Give the style of a drawing that is so many pixels wide where there is room."""
    return f"width:{width:.0f}px;min-width:{SMALLEST * width:.0f}px"


def _width(png: bytes) -> float:
    """Give the pixels of a page that a PNG file takes by its dots an inch, or its own."""
    (dots,) = struct.unpack(">I", png[16:20])
    place = png.find(b"pHYs", 0, png.find(b"IDAT"))
    if place < 0:
        return float(dots)
    (pitch,) = struct.unpack(">I", png[place + 4 : place + 8])  # dots a metre
    return float(dots * PIXELS / (pitch * INCH))


def vector(figure: Figure, alt: str, name: str) -> Html:
    """Draw a figure as SVG in the page: transparent, its words as text, its maps as images.

    Colours become variables of the page, see :func:`wgflow.report.colours.palette`, but for what
    lies on a map.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What it shows, for who cannot see it.
    name : str
        A word of its own on the page, which its identifiers begin with.
    """
    from matplotlib import rc_context

    _prepare(figure)
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            file, format="svg", transparent=True, dpi=150,
            metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
        )  # fmt: skip
    root = ElementTree.fromstring(file.getvalue())
    for found in root.findall(f"{{{SVG}}}metadata"):
        root.remove(found)
    _adapt(root, name, kept=False)
    root.set("role", "img")
    root.set("aria-label", alt)
    root.set("style", _size(float(figure.get_figwidth() * PIXELS)))
    root.set("fill", "currentColor")  # of words that have no colour of their own
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    drawn = ElementTree.tostring(root, encoding="unicode")
    return Html(f'<div class="wide">{drawn}</div>')


def _prepare(figure: Figure) -> None:
    """Make images of maps, and name what lies on them; the page has its own headings."""
    number = 0
    figure.suptitle("")
    for axes in figure.axes:
        artists = [*axes.collections, *axes.images]
        maps = [artist for artist in artists if _is_map(artist)]
        for drawn in maps:
            drawn.set_rasterized(True)
        for artist in [*artists, *axes.lines] if maps else []:
            number += 1
            artist.set_gid(f"{KEPT}{number}")


def _is_map(artist: Any) -> bool:
    """Whether an artist shows values by colour, or has so many paths that they fill a file."""
    from matplotlib.collections import Collection, QuadMesh
    from matplotlib.image import AxesImage

    if isinstance(artist, QuadMesh | AxesImage):
        return True
    many = isinstance(artist, Collection) and len(artist.get_paths()) > MOST_PATHS
    return many or (isinstance(artist, Collection) and artist.get_array() is not None)


def _adapt(element: ElementTree.Element, name: str, kept: bool) -> None:
    """Give identifiers their prefix, and colours the page's variables."""
    kept = kept or element.get("id", "").startswith(KEPT)
    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif key == f"{{{LINK}}}href":
            element.set(key, value.replace("#", f"#{name}-", 1) if value[0] == "#" else value)
        else:
            text = value.replace("url(#", f"url(#{name}-")
            if key in ("d", "transform", "x", "y"):
                text = DIGITS.sub(r"\1", text)
            element.set(key, text if kept else COLOUR.sub(_variable, text))
    for child in element:
        _adapt(child, name, kept)


def _variable(found: re.Match[str]) -> str:
    return f"var(--c{found[1].lower()})"
