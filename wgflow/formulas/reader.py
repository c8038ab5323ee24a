r"""A reader of formulas in LaTeX, which writes them in Unicode."""

from __future__ import annotations

import itertools
import re
import unicodedata

from wgflow.formulas.symbols import (
    ACCENTS,
    BLACKBOARD,
    DROPPED,
    FRACTIONS,
    FUNCTIONS,
    RELATIONS,
    SCRIPT_LETTERS,
    SPACES,
    STYLES,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SYMBOLS,
)

__all__ = ["KEPT", "formula", "rows"]

KEPT = "\xa0"  # a space that is neither collapsed nor broken at
TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
# Marks between parts of a formula: spaces in the end where letters would touch.
BEFORE, AFTER, CALL = "\ue000", "\ue001", "\ue002"
_SCRIPTS = re.escape("".join({*SUPERSCRIPTS.values(), *SUBSCRIPTS.values()} - {"*"}))
_ACCENTED = "\u0300-\u036f\u20d7"
ATOM = re.compile(
    rf"(?:\d+(?:\.\d+)?|(?:[d∂δΔ] ?)?[^\W_\d])[{_SCRIPTS}′*{_ACCENTED}]*"
    r"(?:[_^](?:\w+|\([^()]*\)))*|[∞½¼¾⅓⅔]"
)
DERIVATIVE = re.compile(r"(?:∇(?:_\w+)?·?|Δ|∂\S*) *$")
INSIDE = re.compile(r"[_^]?\([^()]*\)|\[[^\[\]]*\]|\|[^|]*\|")
CLOSED = re.compile(rf"(?:\([^()]*\)|\[[^\[\]]*\]|\|[^| ]+\|)[{_SCRIPTS}]*")
FRACTION_NAMES = {"frac", "tfrac", "dfrac", "cfrac"}
WORD_NAMES = {"text", "textrm", "textbf", "textit", "mbox"}


def formula(latex: str) -> str:
    r"""Turn one formula into one line; rows are parted by semicolons.

    Examples
    --------
    >>> formula(r"\frac{a + b}{2 c} \le \tfrac12 \sqrt{x^2 + 1} + \log\rho_K^{n+1} + e^{-\beta V}")
    '(a + b)/(2 c) ≤ ½ √(x² + 1) + log ρ_Kⁿ⁺¹ + e^(-β V)'
    """
    lines = rows(" ".join(latex.split()))
    return "; ".join(re.sub(" +", " ", line).strip() for line in lines)


def rows(latex: str) -> list[str]:
    """Rows of a formula, in Unicode, their columns aligned."""
    return _tidy(_Reader(latex).sequence()).replace(KEPT, " ").split("\n")


def _tidy(text: str) -> str:
    """Settle marks and spaces between the parts of a formula."""
    text = re.sub(rf"{AFTER} *{BEFORE}|(?<=[\w)\]|′{_SCRIPTS}]){BEFORE}", " ", text)
    closing = r"[)\],;.]|$"
    text = re.sub(rf"{CALL} *(?=[(\[]|{closing})|{CALL}(?=\|)|{BEFORE}", "", text)
    text = re.sub(rf"{AFTER}(?![\w(\[√∫∬∑|⟨])", "", text)
    text = re.sub(rf"[{CALL}{AFTER}] *", " ", text)
    text = re.sub(r"(∇(?:_\w+)?) *· *", r"\1·", re.sub(" +", " ", text))
    text = re.sub(r"(∇(?:_\w+)?) (?=[^\W\d]|\()", r"\1", text)
    text = re.sub(r"Δ (?=ρ|t\b)|δ (?=\w/δ)|^± ", lambda found: found[0][0], text)
    text = re.sub(r"(∂[ₐ-ₜᵢᵣᵤᵥ₀-₉]|∂_\w) (?=[\w(])", r"\1", text)
    text = re.sub(r"([(\[⟨]) +| +(?=[)\]⟩,;]|\.\s*$)", r"\1", text).replace("′′", "″")
    return "\n".join(line.strip(" ") for line in text.split("\n"))


class _Reader:
    """Reads the tokens of a formula once, from left to right."""

    def __init__(self, latex: str) -> None:
        self.tokens = TOKEN.findall(latex)
        self.at = 0

    def _next(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        self.at += 1
        return token

    def _skip_spaces(self) -> str:
        """Pass over spaces, and give the token after them without passing it."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def sequence(self, *stops: str) -> str:
        """Text up to one of the tokens, which is passed, or to the end."""
        parts: list[str] = []
        while self.at < len(self.tokens):
            token = self._next()
            if token in stops:
                self.at -= 1  # environments ask which one it was
                break
            if token in ("_", "^"):
                parts.append(_scripted(parts.pop() if parts else "", self.argument(), token))
                continue
            part = self._part(token)
            if token[1:] in FRACTION_NAMES and DERIVATIVE.search("".join(parts)):
                part = f"({_tidy(part)})"
            if "\n" in part:  # rows of an environment, behind what stands in front of it
                shift = KEPT * (len(_tidy("".join([*parts, "x"])).split("\n")[-1]) - 1)
                part = part.replace("\n", "\n" + shift)
            parts.append(part)
        return "".join(parts)

    def argument(self) -> str:
        """Text of an argument: a group, a macro or a character."""
        self._skip_spaces()
        return self._part(self._next())

    def _group(self) -> str:
        text = self.sequence("}")
        self.at += 1
        return text

    def _part(self, token: str) -> str:
        """Text of a token with its arguments."""
        if token == "{":
            return self._group()
        if token.startswith("\\"):
            return self._macro(token[1:])
        if token == "'":
            return "′"
        return " " if token.isspace() or token == "~" else token

    def _macro(self, name: str) -> str:
        if name in ("lvert", "lVert", "langle"):
            self._skip_spaces()
        if name in SYMBOLS:
            return SYMBOLS[name]
        if name in RELATIONS:
            return f" {RELATIONS[name]} "
        if name in FUNCTIONS:
            return f"{BEFORE}{name}{CALL}"
        if name in SPACES:
            return SPACES[name]
        if name in DROPPED:
            if name in ("left", "right") and self._skip_spaces() == ".":
                self.at += 1
            return ""
        return self._with_arguments(name)

    def _with_arguments(self, name: str) -> str:
        if name in FRACTION_NAMES:
            return _fraction(_tidy(self.argument()), _tidy(self.argument()))
        if name == "sqrt":
            root = "".join(SUPERSCRIPTS.get(c, c) for c in self._optional())
            return f"{BEFORE}{root}√{_bracketed(_tidy(self.argument()))}{AFTER}"
        if name in ACCENTS:
            return _accented(self.argument(), ACCENTS[name])
        if name in ("mathbb", "mathcal", "mathscr"):
            letters = BLACKBOARD if name == "mathbb" else SCRIPT_LETTERS
            return "".join(letters.get(c, c) for c in self.argument())
        if name.startswith("operatorname"):
            return BEFORE + _tidy(self.argument()) + CALL
        if name in STYLES:
            return self.argument()
        if name in WORD_NAMES:
            return self._words()
        if name == "begin":
            return self._environment()
        if len(name) > 1:
            return f"{BEFORE}{name}{AFTER}"  # an unknown one
        return {"|": "‖", "\\": "\n"}.get(name, name)

    def _optional(self) -> str:
        """Text of an argument in square brackets, if there is one."""
        if self._skip_spaces() != "[":
            return ""
        self.at += 1
        text = self.sequence("]")
        self.at += 1
        return text

    def _words(self) -> str:
        """Text that is no formula, its spaces kept."""
        self._skip_spaces()
        depth, words = 0, ""
        while token := self._next():
            depth += {"{": 1, "}": -1}.get(token, 0)
            words += token
            if depth == 0:
                break
        return re.sub(r"\$(.+?)\$", lambda found: formula(found[1]), words.strip("{}"))

    def _environment(self) -> str:
        """Rows of cells in columns: the first of two to the right, the second to the left."""
        name = self.argument()
        if name.startswith("array"):
            self.argument()
        self._optional()
        table: list[list[str]] = [[]]
        while True:
            table[-1].append(_tidy(self.sequence("&", "\\\\", "\\end")))
            end = self._next()
            if end == "\\\\":
                self._optional()
                table.append([])
            elif end != "&":
                break
        self.argument()
        return _columns(name, [row for row in table if any(row)])


def _columns(name: str, table: list[list[str]]) -> str:
    """Rows of an environment as lines; a matrix is one line."""
    if name.endswith("matrix") or name.startswith("array"):
        return "[" + ";  ".join("  ".join(row) for row in table).replace(" ", KEPT) + "]"
    cases = name.endswith("cases")
    columns = list(itertools.zip_longest(*table, fillvalue=""))
    widths = [max(map(_width, column)) for column in columns]
    lines = []
    for row in table:
        cells = []
        for number, cell in enumerate(row):
            room = " " * (widths[number] - _width(cell))
            gap = KEPT * 3 if number and not (cases or number % 2) else ""
            cells.append(gap + (cell + room if cases or number % 2 else room + cell))
        line = ("   " if cases else " ").join(cells).rstrip()
        lines.append(("{ " + line if cases else line).replace(" ", KEPT))
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


def _accented(text: str, accent: str) -> str:
    """Put an accent on a letter; longer texts have room for none."""
    return unicodedata.normalize("NFC", text + accent) if len(text) == 1 else text


def _bracketed(text: str) -> str:
    """Put brackets around what is more than one symbol."""
    closed = CLOSED.fullmatch(text)
    return text if closed or ATOM.fullmatch(text) else f"({text})"


def _fraction(above: str, below: str) -> str:
    above, below = (re.sub(r"^([dδ∂]) (?=\S)", r"\1", part) for part in (above, below))
    plain = f"{above}/{below}"
    if plain in FRACTIONS:
        return BEFORE + FRACTIONS[plain] + AFTER
    outside = above
    while outside != (outside := INSIDE.sub("x", outside)):
        pass
    if re.search("(?<=.)[-+±=<>≤≥]|[∫∬∑∏/]", outside):
        above = f"({above})"
    return f"{BEFORE}{above}/{_bracketed(below)}{AFTER}"


def _scripted(base: str, text: str, kind: str) -> str:
    """Put a text below or above a base, in small characters if all of it has them."""
    table = SUPERSCRIPTS if kind == "^" else SUBSCRIPTS
    mark = base[-1:] if base[-1:] in (AFTER, CALL) else ""
    base = base[: len(base) - len(mark)]
    text = _tidy(text)
    small = text.replace(" ", "")
    word = len(text) > 2 and text.isalpha()
    plain = kind == "_" and text.isalnum()
    if all(c in table for c in small) and not word:
        script = "".join(table[c] for c in small)
    elif len(text) == 1 or plain:
        script = kind + text
    else:
        script = f"{kind}({text})"
    return base + script + mark
