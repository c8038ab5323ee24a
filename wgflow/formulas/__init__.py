r"""Formulas in LaTeX as text for terminals.

No library does this well enough: of those with wheels, pylatexenc prints ``\frac{1}{1+x^2}`` as
1/1+x^2 and ``e^{-\beta V}`` as e^-β V. What pages need is a table of symbols and a short parser.
"""

from wgflow.formulas.markdown import terminal
from wgflow.formulas.reader import formula

__all__ = ["formula", "terminal"]
