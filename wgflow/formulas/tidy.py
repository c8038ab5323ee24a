"""What latex2mathml leaves to be mended, for browsers that know MathML Core and no more."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from xml.etree.ElementTree import Element

__all__ = ["ELEMENTS", "NAMESPACE", "PARTS", "tidy"]

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
# Browsers have dropped mathvariant but for "normal": the letters are characters of their own.
STYLES = {
    "double-struck": "DOUBLE-STRUCK",
    "script": "SCRIPT",
    "fraktur": "FRAKTUR",
    "bold": "BOLD",
    "bold-italic": "BOLD ITALIC",
    "sans-serif": "SANS-SERIF",
}
PRIMES = "′″‴"
THIN = "0.17em"
# What a formula may consist of: all else is markup in a text, which browsers would obey.
ELEMENTS = frozenset(
    [
        *("math", "maction", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover"),
        *("mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle"),
        *("msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"),
    ]
)
# Without them a fraction or an index is nothing that a browser can lay out.
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2}
PARTS["munderover"] = 3


def tidy(root: Element) -> None:
    """Mend one formula, whose tags have no namespace.

    Letters of a style become characters, capital Greek letters stand upright, primes and bars take
    no space of their own, names of functions a thin one, columns keep their side, and links go.

    Parameters
    ----------
    root : Element
        Changed in place.
    """
    for each in root.iter():
        each.attrib.pop("href", None)
        _letters(each)
        _bars(each)
        _columns(each)
    for each in list(root.iter()):
        _primes(each)
        _functions(each)


def _letters(element: Element) -> None:
    text = element.text or ""
    style = STYLES.get(element.get("mathvariant", ""))
    if style is not None:
        element.text = "".join(_styled(style, letter) for letter in text)
        del element.attrib["mathvariant"]
    elif element.tag == "mi" and len(text) == 1 and "Α" <= text <= "Ω":
        element.set("mathvariant", "normal")


def _styled(style: str, letter: str) -> str:
    """Find the character of a letter in a style: E, double-struck."""
    size = "CAPITAL" if letter.isupper() else "SMALL"
    for words in (f"MATHEMATICAL {style} {size} {letter}", f"{style} {size} {letter}",
                  f"{style} {letter}"):  # fmt: skip
        try:
            return unicodedata.lookup(words.upper())
        except KeyError:
            continue
    return letter


def _bars(element: Element) -> None:
    if element.tag == "mo" and element.text in ("|", "∣", "∥", "‖"):
        stretched = element.get("fence") == "true" or element.get("stretchy") == "true"
        element.text = "|" if element.text == "∣" else element.text
        element.set("lspace", "0.06em")
        element.set("rspace", "0.06em")
        if not stretched:
            element.set("stretchy", "false")


def _columns(element: Element) -> None:
    """Say in CSS on which side of its column a cell stands: MathML Core has no attribute for it.

    Chromium moves a formula in a cell by words of its own only; Firefox does not know these.
    """
    side = element.attrib.pop("columnalign", None)
    if element.tag == "mtd" and side in ("left", "center", "right"):
        element.set("style", f"text-align: {side}; text-align: -webkit-{side}")


def _primes(element: Element) -> None:
    """Put primes beside their letter: in fonts they stand high already."""
    if element.tag not in ("msup", "msubsup"):
        return
    *base, above = element
    if not above.text or not all(letter in PRIMES for letter in above.text):
        return
    above.tag = "mo"
    above.set("lspace", "0")
    above.set("rspace", "0")
    primed = Element("mrow")
    primed.extend([base[0], above])
    for child in list(element):
        element.remove(child)
    element.extend([primed, *base[1:]])
    element.tag = "mrow" if len(base) == 1 else "msub"


def _functions(element: Element) -> None:
    """Keep log, exp, sin and their like from the letters beside them."""
    for place, child in reversed(list(enumerate(element))):
        if child.tag != "mi" or len(child.text or "") < 2 or not str(child.text).isalpha():
            continue
        if element.tag not in ("math", "mrow", "mstyle", "mtd"):
            continue
        after = element[place + 1] if place + 1 < len(element) else None
        if after is not None and not _opens(after):
            element.insert(place + 1, _space())
        if place and (
            element[place - 1].text == ")"
            or element[place - 1].tag in ("mi", "mn", "msub", "msup", "mfrac", "mrow")
        ):
            element.insert(place, _space())


def _opens(element: Element) -> bool:
    first = next(_leaves(element), None)
    return first is not None and first.tag in ("mo", "mspace")


def _leaves(element: Element) -> Iterator[Element]:
    return (each for each in element.iter() if not len(each))


def _space() -> Element:
    return Element("mspace", width=THIN)
