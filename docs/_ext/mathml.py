"""Formulas as MathML, made at build time: no script in the browser, nothing fetched.

All current browsers show MathML. A formula that cannot be converted is a warning, and so an error
of `make docs`.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from mathml_tidy import tidied
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

BARS = {r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|"}
TEXT = re.compile(r"\\text\{((?:[^{}$]|\$[^$]*\$)*)\}")


def to_mathml(latex: str, *, display: bool) -> str:
    """Convert a formula.

    Parameters
    ----------
    latex : str
        Without dollars.
    display : bool
        Whether it stands on lines of its own.

    Raises
    ------
    Exception
        Of whatever class latex2mathml raises for what it cannot read.
    """
    converted = convert(prepared(latex), display="block" if display else "inline")
    return tidied(converted)


def prepared(latex: str) -> str:
    """Rewrite what latex2mathml would show wrongly."""
    latex = " ".join(latex.split("\n"))
    latex = TEXT.sub(_parted, latex)
    latex = re.sub(r"\\operatorname\*\{(arg\s*)?(min|max)\}_(\{[^}]*\}|\\?\w+)", _below, latex)
    for word, bar in BARS.items():
        latex = latex.replace(word, bar)
    return latex


def _parted(found: re.Match[str]) -> str:
    r"""Take formulas out of a text: `\text{($V$ fixed)}`."""
    pieces = found[1].split("$")
    return "".join(
        piece if number % 2 else rf"\text{{{piece}}}"
        for number, piece in enumerate(pieces)
        if piece
    )


def _below(found: re.Match[str]) -> str:
    word = rf"\mathrm{{arg\,{found[2]}}}" if found[1] else rf"\mathrm{{{found[2]}}}"
    under = found[3] if found[3].startswith("{") else f"{{{found[3]}}}"
    return rf"\underset{under}{{{word}}}"


def _converted(writer: Any, node: nodes.Element, *, display: bool) -> str:
    latex = node.astext()
    try:
        return to_mathml(latex, display=display)
    except Exception as error:
        logger.warning("formula %r: %s", latex, error, location=node, type="mathml")
        return f"<code>{writer.encode(latex)}</code>"


def visit_math(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(_converted(writer, node, display=False))
    raise nodes.SkipNode


def visit_math_block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, which scroll sideways on a narrow screen."""
    writer.body.append(f'<div class="math-block">{_converted(writer, node, display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own renderers of formulas."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
