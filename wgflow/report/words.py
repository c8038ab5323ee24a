"""Markdown with LaTeX, as docstrings have it, to HTML with MathML."""

from __future__ import annotations

import html
import inspect
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from wgflow.formulas import mathml
from wgflow.report.elements import Html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt

__all__ = ["formula", "line", "paragraph_of", "prose"]

# A wide table scrolls by itself, also for those who have no mouse.
SCROLLED = '<div class="scroll" role="region" aria-label="table" tabindex="0"><table>\n'
GAP = re.compile(r"\\q?quad(?![a-zA-Z])\s*")
KEPT_WHOLE = (r"\begin", r"\left", r"\\", "&")  # formulas with these are not parted at gaps
HIDDEN = ("html_block", "html_inline", "image")  # nothing in a docstring is loaded or run


def formula(latex: str, *, display: bool = False) -> Html:
    r"""Typeset LaTeX as MathML; what cannot be typeset is shown as it was written.

    Examples
    --------
    >>> formula("a < b")  # doctest: +ELLIPSIS
    '<math ...><mi>a</mi><mo>&lt;</mo><mi>b</mi>...</math>'
    >>> formula(r"\unknown{x}")
    '<code>\\unknown{x}</code>'
    """
    try:
        if not display:
            return Html(mathml(latex))
        found = "".join(mathml(part, display=True) for part in _parts(latex))
    except ValueError:
        return _as_written(latex, display)
    return Html(f'<span class="display">{found}</span>')


def _parts(latex: str) -> list[str]:
    r"""Part a formula where it has wide gaps, so that a narrow page breaks the line there.

    Examples
    --------
    >>> _parts(r"a = b, \quad c"), _parts(r"\sqrt{a \quad b}")
    (['a = b, ', 'c'], ['\\sqrt{a \\quad b}'])
    """
    parts = [part for part in GAP.split(latex) if part.strip()]
    closed = all(part.count("{") == part.count("}") for part in parts)
    return parts if closed and not any(word in latex for word in KEPT_WHOLE) else [latex]


def _as_written(latex: str, display: bool) -> Html:
    shown = html.escape(latex.strip())
    return Html(f"<pre>{shown}</pre>" if display else f"<code>{shown}</code>")


def prose(text: str) -> Html:
    r"""Render Markdown; HTML in it is shown as text, and images are not loaded.

    Examples
    --------
    >>> prose("**Mass** to <b>rounding</b>.")
    '<p><strong>Mass</strong> to &lt;b&gt;rounding&lt;/b&gt;.</p>\n'
    """
    return Html(_markdown().render(inspect.cleandoc(text)))


def line(text: str) -> Html:
    r"""Render a line of Markdown, without a paragraph around it.

    Examples
    --------
    >>> line("Edit it, `describe` shows <it>")
    'Edit it, <code>describe</code> shows &lt;it&gt;'
    """
    return Html(_markdown().renderInline(text))


def paragraph_of(text: str, head: str) -> str:
    r"""Give the paragraphs from a run-in head such as ``**Guarantees.**`` to the next one.

    Examples
    --------
    >>> paragraph_of("Title.\n\n**Guarantees.** Mass.\n\n**Order.** 2.", "Guarantees")
    'Mass.'
    """
    head_of_next = r"^\*\*[A-Z][^*\n]*\.\*\*"
    found = re.search(
        rf"^\*\*{head}\.\*\*(.*?)(?={head_of_next}|\Z)",
        inspect.cleandoc(text),
        re.DOTALL | re.MULTILINE,
    )
    return found.group(1).strip() if found else ""


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(list(HIDDEN))
    reader.use(dollarmath_plugin, allow_space=False, double_inline=True)
    for name, display in (
        ("math_inline", False),
        ("math_inline_double", True),
        ("math_block", True),
        ("math_block_label", True),
    ):
        reader.add_render_rule(name, _renderer(display))
    reader.add_render_rule("fence", _fence)
    reader.add_render_rule("table_open", lambda *_: SCROLLED)
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader


def _renderer(display: bool) -> Any:
    def render(self: Any, tokens: Sequence[Any], index: int, *_: Any) -> str:
        return formula(tokens[index].content, display=display)

    return render


def _fence(self: Any, tokens: Sequence[Any], index: int, *_: Any) -> str:
    token = tokens[index]
    if token.info.strip() == "{math}":
        return formula(token.content, display=True)
    return f"<pre>{html.escape(token.content)}</pre>\n"
