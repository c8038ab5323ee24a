"""LaTeX as MathML, which all current browsers show without a script."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from wgflow.formulas.tidy import ELEMENTS, NAMESPACE, PARTS, tidy

__all__ = ["mathml"]

# What the converter knows by another name, or sets wrongly.
OTHER_NAMES = {
    "{aligned}": "{split}",
    "{gathered}": "{split}",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\operatorname*": r"\operatorname",
}
TEXT = re.compile(r"\\text\{((?:[^{}$]|\$[^$]*\$)*)\}")
EXTREME = re.compile(r"\\operatorname\*\{(arg\s*(?:\\,)?\s*)?(min|max)\}_(\{[^}]*\}|\\?\w+)")


def mathml(latex: str, *, display: bool = False) -> str:
    r"""Typeset LaTeX as MathML Core, for pages and reports.

    Parameters
    ----------
    latex : str
        A formula without its dollars.
    display : bool
        Whether it stands on lines of its own.

    Returns
    -------
    str
        One ``<math>`` element. It has elements of MathML only, no links and no markup of HTML,
        whatever the LaTeX contains.

    Raises
    ------
    ValueError
        If the formula cannot be typeset: it is broken, or has a command that is not known.

    Examples
    --------
    >>> mathml("a < b")  # doctest: +ELLIPSIS
    '<math ...><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math>'
    >>> mathml(r"\unknown{x}")
    Traceback (most recent call last):
    ...
    ValueError: formula '\\unknown{x}': \unknown is not known
    """
    from latex2mathml.converter import convert

    try:
        found = convert(_prepared(latex), display="block" if display else "inline")
        root = ElementTree.fromstring(found)
    except Exception as error:  # the converter's own errors have no common class
        why = str(error) or type(error).__name__
        raise ValueError(f"formula {latex.strip()!r}: {why}") from error
    for each in root.iter():
        space, _, name = each.tag.rpartition("}")
        if space != f"{{{NAMESPACE}" or name not in ELEMENTS:
            raise ValueError(f"formula {latex.strip()!r}: '<{name}>' is no element of MathML")
        if len(each) != PARTS.get(name, len(each)):
            raise ValueError(f"formula {latex.strip()!r}: '<{name}>' lacks a part")
        if "\\" in (each.text or ""):
            raise ValueError(f"formula {latex.strip()!r}: {each.text} is not known")
        each.tag = name
    tidy(root)
    root.set("xmlns", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def _prepared(latex: str) -> str:
    """Rewrite what the converter would set wrongly."""
    latex = EXTREME.sub(_below, TEXT.sub(_parted, " ".join(latex.split())))
    for name, other in OTHER_NAMES.items():
        latex = latex.replace(name, other)
    return latex


def _parted(found: re.Match[str]) -> str:
    r"""Take formulas out of a text: ``\text{($V$ fixed)}``."""
    pieces = found[1].split("$")
    return "".join(
        piece if number % 2 else rf"\text{{{piece}}}"
        for number, piece in enumerate(pieces)
        if piece
    )


def _below(found: re.Match[str]) -> str:
    """Put what is varied below min and max, on lines of text too."""
    word = rf"\mathrm{{arg\,{found[2]}}}" if found[1] else rf"\mathrm{{{found[2]}}}"
    under = found[3] if found[3].startswith("{") else f"{{{found[3]}}}"
    return rf"\underset{under}{{{word}}}"
