r"""Markdown with formulas in LaTeX, as pages of cases and solvers are written, as plain text."""

from __future__ import annotations

import re
import textwrap

from wgflow.formulas.reader import KEPT, formula, rows

__all__ = ["terminal"]

INDENT = "    "  # of what stands by itself: formulas and code
LONGEST_UNBROKEN = 40  # formulas in a line of text that are longer may be broken
LONGEST_ROW = 96  # formulas of their own that are longer are broken where their source is
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$(?!\s)([^$]+?)(?<!\s)\$(?!\d)")
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)
ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")


def terminal(text: str, width: int | None = 100) -> str:
    r"""Turn Markdown with LaTeX into plain text with Unicode formulas.

    Formulas are ``$…$``, and ``$$…$$`` or a ``{math}`` fence as blocks, which are indented. Bold
    words lose their stars; code stays as it is, without fences. Unknown macros lose their
    backslash.

    Parameters
    ----------
    text : str
    width : int, optional
        Paragraphs are filled to this many columns; None leaves their lines as they are.

    Examples
    --------
    >>> terminal(r"**Flow.** $\partial_t\rho = 2\,\nabla\cdot(\rho\,\nabla\Psi)$, `s = 2`.")
    'Flow. ∂ₜρ = 2 ∇·(ρ ∇Ψ), `s = 2`.'
    >>> print(terminal("With a mean:\n\n$$\n\\dot m = -m_{i+1}\n$$"))
    With a mean:
    <BLANKLINE>
        ṁ = -mᵢ₊₁
    """
    lines = text.split("\n")
    out: list[str] = []
    while lines:
        line = lines[0]
        start = line.strip()
        if start.startswith("```"):
            body, lines = _until(lines[1:], "```")
            block = _display("\n".join(body)) if start[3:].startswith("{math}") else _code(body)
            _set_apart(out, block, lines)
        elif start.startswith("$$"):
            body, lines = _until([start[2:], *lines[1:]], "$$")
            _set_apart(out, _display("\n".join(body)), lines)
        elif not start or line.startswith((INDENT, "|")):
            out.append(_spans(line).replace(KEPT, " ") if start[:1] == "|" else line.rstrip())
            lines = lines[1:]
        else:
            count = _paragraph(lines)
            out += _filled("\n".join(lines[:count]), width)
            lines = lines[count:]
    return "\n".join(out)


def _set_apart(out: list[str], block: list[str], following: list[str]) -> None:
    """Add a block, with an empty line before it and one before the lines that follow."""
    if out and out[-1]:
        out.append("")
    out += block
    if following and following[0].strip():
        out.append("")


def _until(lines: list[str], end: str) -> tuple[list[str], list[str]]:
    """Part the lines of a block from those that follow; what stands behind the end is one."""
    for number, line in enumerate(lines):
        if end in line:
            last, _, rest = line.partition(end)
            return [*lines[:number], last], ([rest] if rest.strip() else []) + lines[number + 1 :]
    return lines, []


def _paragraph(lines: list[str]) -> int:
    """Count the lines of the paragraph, or of the item of a list, that comes first."""
    for number, line in enumerate(lines[1:], 1):
        start = line.strip()
        if not start or start.startswith(("$$", "```", "|")) or ITEM.match(line):
            return number
    return len(lines)


def _filled(text: str, width: int | None) -> list[str]:
    converted = _spans(text).lstrip("#") if text.startswith("#") else _spans(text)
    if width is None:
        return converted.replace(KEPT, " ").split("\n")
    item = ITEM.match(converted)
    hanging = " " * len(item.group()) if item else ""
    filled = textwrap.fill(
        converted.strip() if not item else converted,
        width,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(KEPT, " ").split("\n")


def _code(lines: list[str]) -> list[str]:
    return textwrap.indent(textwrap.dedent("\n".join(lines)), INDENT).rstrip().split("\n")


def _spans(text: str) -> str:
    """Convert the formulas and bold words of a paragraph, but not its code."""
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [_prose(text[end : code.start()]), code.group()]
        end = code.end()
    return BOLD.sub(r"\1", "".join([*parts, _prose(text[end:])]))


def _prose(text: str) -> str:
    def converted(found: re.Match[str]) -> str:
        line = formula(found[1])
        return line.replace(" ", KEPT) if len(line) <= LONGEST_UNBROKEN else line

    text = INLINE.sub(converted, re.sub(r"\$\$(.+?)\$\$", r"$\1$", text, flags=re.DOTALL))
    return re.sub(r"\\([$*_\\`])", r"\1", text)


def _display(latex: str) -> list[str]:
    """Rows of a formula that stands by itself; a long one is broken where its source is."""
    found = rows(" ".join(latex.split()))
    lines = latex.strip().split("\n")
    whole = all(line.count("{") == line.count("}") for line in lines)
    if len(found) == 1 and len(found[0]) > LONGEST_ROW and whole:
        found = [row for line in lines for row in rows(line)]
        found = [found[0], *(INDENT + row for row in found[1:])]
    return [(INDENT + row).rstrip() for row in found]
