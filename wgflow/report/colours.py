"""The colours of figures on light and on dark."""

from __future__ import annotations

import colorsys
import re

__all__ = ["palette"]

USED = re.compile(r"var\(--c([0-9a-f]{6})\)")
GREY, LEAST = 0.15, 0.58  # below it a colour is grey; lightness that a colour has on dark


def palette(body: str, dark: bool) -> str:
    """Give the colours that the figures of a page use, as they are on light or on dark.

    On dark the lightness is turned round, and a hue stays what it is.

    Examples
    --------
    >>> palette("stroke: var(--c000000)", dark=True)
    '--c000000: #ffffff;'
    >>> palette("stroke: var(--c0b3c5d)", dark=False)
    '--c0b3c5d: #0b3c5d;'
    """
    colours = sorted(set(USED.findall(body)))
    return " ".join(f"--c{c}: #{_turned(c) if dark else c};" for c in colours)


def _turned(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lightness = 1 - lightness
    if saturation > GREY:
        lightness = max(lightness, LEAST)
    turned = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "".join(f"{round(255 * value):02x}" for value in turned)
