"""Formulas as MathML, made at build time: no script in the browser, nothing fetched.

All current browsers show MathML. A formula that cannot be converted is a warning, and so an error
of `make docs`.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from wgflow.formulas import mathml

logger = logging.getLogger(__name__)


def _converted(writer: Any, node: nodes.Element, *, display: bool) -> str:
    latex = node.astext()
    try:
        return mathml(latex, display=display)
    except ValueError as error:
        logger.warning("%s", error, location=node, type="mathml")
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
