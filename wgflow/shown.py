"""Tables for notebooks, in the colours of what is around them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["number", "page", "ranged"]

LINE = "border:0;border-top:1px solid rgba(128,128,128,.3);background:none;color:inherit"
NAME = f"{LINE};padding:2px 14px 2px 0;text-align:left;vertical-align:top;white-space:nowrap"
TEXT = f"{LINE};padding:2px 0;text-align:left;white-space:normal"


def page(title: str, rows: Iterable[tuple[str, str]], below: str = "") -> str:
    """Give a table as HTML; every text is escaped, a row without text is left out.

    Parameters
    ----------
    title : str
    rows : pairs of str
        Name and text; lines of a text are lines of the table.
    below : str
        HTML that follows the table.

    Examples
    --------
    >>> "<b>a &lt; b</b>" in page("a < b", [("cells", "3"), ("none", "")])
    True
    """
    lines = "".join(
        f'<tr style="background:none"><td style="{NAME}"><b>{escape(name)}</b></td>'
        f'<td style="{TEXT}">{escape(text).replace(chr(10), "<br>")}</td></tr>'
        for name, text in rows
        if text
    )
    return (
        '<div style="color:inherit;background:none;max-width:62em"><div style="padding-bottom:3px">'
        f'<b>{escape(title)}</b></div><table style="border-collapse:collapse;margin:0;'
        f'color:inherit;background:none;font-size:90%">{lines}</table>{below}</div>'
    )


def number(value: float) -> str:
    """Give a number with six digits.

    Examples
    --------
    >>> number(1 / 3), number(2.0)
    ('0.333333', '2')
    """
    return f"{value:.6g}"


def ranged(lower: float, upper: float) -> str:
    """Give an interval.

    Examples
    --------
    >>> ranged(-1, 2.5)
    '[-1, 2.5]'
    """
    return f"[{number(lower)}, {number(upper)}]"
