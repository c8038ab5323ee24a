r"""Formulas in LaTeX as text for terminals, and as MathML for pages.

For terminals no library does this well enough: of those with wheels, pylatexenc prints
``\frac{1}{1+x^2}`` as 1/1+x^2 and ``e^{-\beta V}`` as e^-β V. What pages need is a table of symbols
and a short parser. For pages latex2mathml does most, and `tidy` the rest.
"""

from wgflow.formulas.markdown import terminal
from wgflow.formulas.reader import formula
from wgflow.formulas.typeset import mathml

__all__ = ["formula", "mathml", "terminal"]
