"""How a word may end: what a shell asks for when the user presses Tab.

The answers come from the parser and from the files of cases and solvers, which are read and not
executed: pressing a key runs no one's code.
"""

from __future__ import annotations

import argparse
import ast
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from wgflow import catalog
from wgflow.errors import InputError
from wgflow.parser.base import SUMMARY, UNITS, Parser
from wgflow.parser.tree import Command, takes_value, tree

__all__ = ["ASKED", "answer"]

ASKED = "--complete"  # the first word of a shell's question

WORDS = {  # of options whose values are not told by the parser
    "column": ("risk", "energy"),
    "compression": ("none", "gzip"),
    "units": UNITS,
}

Candidates: TypeAlias = Iterator[tuple[str, str]]


def answer(parser: Parser, words: Sequence[str]) -> str:
    """Give what the last word may become.

    Parameters
    ----------
    parser : Parser
        Of all commands.
    words : sequence of str
        What is typed behind ``wgflow``; the last is the one to be ended, and may be empty.

    Returns
    -------
    str
        A line for each: the word, a tab, what it is. A word that ends in ``=`` or ``/`` is to
        be followed by more.
    """
    *before, now = words or [""]
    found = dict(_candidates(tree(parser), before, now))
    return "".join(f"{text}\t{about}\n" for text, about in found.items() if text.startswith(now))


def _candidates(root: Command, before: Sequence[str], now: str) -> Candidates:
    node, rest = root, list(before)
    while node.choices and rest and rest[0] in node.choices:
        node = node.choices[rest.pop(0)]
    if node.choices:
        if now.startswith("-"):
            yield from _options(node, rest)
        else:
            yield from ((name, below.summary) for name, below in node.choices.items())
        return
    if rest and "=" not in rest[-1] and _valued(node, rest[-1]):
        yield from _values(node, node.options[rest[-1]], rest, now)
        return
    name, equals, value = now.partition("=")
    if equals and _valued(node, name):
        for text, about in _values(node, node.options[name], rest, value):
            yield f"{name}={text}", about
        return
    operand = _next_operand(node, rest)
    if operand is not None and not now.startswith("-"):
        yield from _values(node, operand, rest, now)
    else:
        yield from _options(node, rest)


def _valued(node: Command, name: str) -> bool:
    return name in node.options and takes_value(node.options[name])


def _options(node: Command, rest: Sequence[str]) -> Candidates:
    """Offer the options that are not given yet, or may be given again."""
    for name, action in node.options.items():
        again = isinstance(action, argparse._AppendAction)
        if name.startswith("--") and (again or name not in rest):
            yield name, (action.help or "").replace("%%", "%")


def _given(node: Command, rest: Sequence[str]) -> list[str]:
    """List the operands that are given."""
    found, skip = [], False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = _valued(node, word)
        else:
            found.append(word)
    return found


def _next_operand(node: Command, rest: Sequence[str]) -> argparse.Action | None:
    count = len(_given(node, rest))
    if node.operands and node.operands[-1].nargs == "*":
        return node.operands[min(count, len(node.operands) - 1)]
    return node.operands[count] if count < len(node.operands) else None


def _values(node: Command, action: argparse.Action, rest: Sequence[str], now: str) -> Candidates:
    """Offer values of an option or an operand."""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None:
        yield from ((str(choice), "") for choice in action.choices)
    elif action.dest == "case":
        yield from _names("cases", now)
    elif action.dest == "solver":
        yield from _names("solvers", now)
    elif action.dest == "name":
        yield from _names("cases", now)
        yield from _names("solvers", now)
    elif action.dest == "like":
        yield from _names("solvers" if metavar == "SOLVER" else "cases", now)
    elif action.dest in {"set", "sweep", "starts", "parameter"}:
        yield from _parameters(action.dest, _given(node, rest)[:1], now)
    elif action.dest == "option":
        chosen = [b for a, b in itertools.pairwise(rest) if a == "--solver"]
        chosen += [w.partition("=")[2] for w in rest if w.startswith("--solver=")]
        yield from _settings("solvers", chosen or catalog.names("solvers"))
    elif action.dest == "variant":
        yield from ((name, "") for case in _given(node, rest)[:1] for name in _variants(case))
    elif action.dest in WORDS:
        yield from ((word, "") for word in WORDS[action.dest])
    elif action.dest == "directory":
        yield from _results(now)
    elif metavar in {"FILE", "DIR"}:
        yield from _files(now, "" if metavar == "FILE" else "/")


def _parameters(option: str, case: Sequence[str], now: str) -> Candidates:
    """Offer parameters of a case as the option wants them."""
    if option == "set" and now.startswith("file="):
        yield from ((f"file={name}", about) for name, about in _files(now[5:], ""))
    for text, about in _settings("cases", case):
        if option == "set":
            yield text, about
        elif text.endswith("="):  # a number, or what is no choice of a few
            yield text.removesuffix("=") if option == "parameter" else text, about


def _variants(case: str) -> Iterator[str]:
    """List the variants that a case's file states."""
    for item in _parsed("cases", case):
        if isinstance(item, ast.Assign | ast.AnnAssign) and isinstance(item.value, ast.Dict):
            names = item.targets if isinstance(item, ast.Assign) else [item.target]
            if "VARIANTS" in map(ast.unparse, names):
                yield from (str(ast.literal_eval(key)) for key in item.value.keys if key)


def _results(now: str) -> Candidates:
    """Offer folders that hold a result, and those that lead to some."""
    for name, about in _files(now, "/"):
        if Path(name, SUMMARY).is_file():
            yield name.removesuffix("/"), "result"
        else:
            yield name, about


def _names(kind: catalog.Kind, now: str) -> Candidates:
    """Offer the shipped files, and those of the user's folder."""
    for name in catalog.names(kind):
        yield name, _first_line(catalog.find(kind, name))
    yield from _files(now, ".py")


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().lstrip('r"').rstrip('".')


def _files(now: str, ending: str) -> Candidates:
    """Offer folders and files of that ending beneath what is typed; ``/`` for folders alone."""
    typed, slash, last = now.rpartition("/")
    folder = Path(f"{typed}/" if slash else ".").expanduser()
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") and not last.startswith("."):
            continue
        if path.is_dir():
            yield f"{typed}{slash}{path.name}/", "folder"
        elif path.name.endswith(ending):
            yield f"{typed}{slash}{path.name}", "file"


def _settings(kind: catalog.Kind, names: Sequence[str]) -> Candidates:
    """Offer settings of files as ``NAME=``, and ``NAME=VALUE`` where a value is one of few."""
    wanted = "problem" if kind == "cases" else "stepper"
    for name in names:
        for item in _parsed(kind, name):
            if isinstance(item, ast.FunctionDef) and item.name == wanted:
                yield from _arguments(item)


def _parsed(kind: catalog.Kind, name: str) -> list[ast.stmt]:
    """Read the statements of a file; none if it can't be read."""
    try:
        return ast.parse(catalog.find(kind, name).read_text(encoding="utf-8")).body
    except (InputError, OSError, SyntaxError, ValueError):
        return []


def _arguments(function: ast.FunctionDef) -> Candidates:
    """Offer the arguments that have a default."""
    given = function.args
    places = given.args[len(given.args) - len(given.defaults) :]
    pairs = [*zip(places, given.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
    for argument, default in pairs:
        annotation = argument.annotation
        kind = ast.unparse(annotation) if annotation is not None else ""
        words = []
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
            words = list(ast.literal_eval(ast.Tuple([annotation.slice], ast.Load()))[:1])
            words = list(words[0]) if isinstance(words[0], tuple) else words
        elif kind == "bool":
            words = ["true", "false"]
        about = f"default {ast.unparse(default)}"
        if words:
            yield from ((f"{argument.arg}={word}", about) for word in words)
        else:
            yield f"{argument.arg}=", f"{kind}, {about}" if kind else about
