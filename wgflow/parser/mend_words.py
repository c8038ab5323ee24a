"""The words behind a command, put right: options and operands."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from wgflow import catalog
from wgflow.parser.likeness import OPTIONS, distance, nearest
from wgflow.parser.mend_settings import Settings, mend_new, mend_pair
from wgflow.parser.mend_values import example_of, mend_value
from wgflow.parser.tree import Command, takes_value

__all__ = ["mend_words"]

# Where results are written or printed: no reason to take another command for them.
BESIDE = {"--json", "--csv", "--figure", "--out", "--overwrite", "--verbose"}
FEW = 3


@dataclass
class _Line:
    """A command line while it is put right.

    Attributes
    ----------
    root, command : Command
    settings : Settings
        Of the case and the solver that the line names.
    said : list of str
        What was wrong, so far.
    options : list of list of str
        Options with their values, as they are to be typed.
    operands : list of str
        As they were typed.
    foreign : list of list of str
        Options of other commands.
    """

    root: Command
    command: Command
    settings: Settings
    said: list[str]
    options: list[list[str]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)
    foreign: list[list[str]] = field(default_factory=list)


def mend_words(root: Command, command: Command, rest: list[str], said: list[str]) -> list[str]:
    """Put the words behind a command right.

    Parameters
    ----------
    root : Command
        The tree of all commands.
    command : Command
        The one that was found.
    rest : list of str
        The words behind it.
    said : list of str
        Where to say what is wrong.

    Returns
    -------
    list of str
        The whole line: command, operands, options.
    """
    if {"--help", "-h"} & set(rest):
        help_alone = rest in (["--help"], ["-h"])
        if not help_alone and any(not _is_option(word) for word in rest):
            return [*command.words, *rest]
        return [*command.words, "--help"] if not help_alone else [*command.words, *rest]
    line = _Line(root, command, Settings.of(command, rest), said)
    words = list(rest)
    while words:
        word = words.pop(0)
        if _is_option(word):
            _option(line, word, words)
        else:
            line.operands.append(word)
    _spare(line)
    operands = list(_operands(line))
    chosen = _at_home(line)
    return [*chosen.words, *operands, *(word for option in line.options for word in option)]


def _is_option(word: str) -> bool:
    return len(word) > 1 and word[0] == "-" and not re.match(r"-[\d.]", word)


def _option(line: _Line, word: str, words: list[str]) -> None:
    """Take an option and what belongs to it from the words."""
    name, equals, value = word.partition("=")
    known = line.command.options
    if name not in known:
        found = _known_option(line, name)
        if found is None:
            _unknown(line, name, value if equals else None, words)
            return
        name = found
    action = known[name]
    if not takes_value(action):
        if equals:
            line.said.append(f"{name} takes no value")
        if not equals or value.lower() not in {"false", "no", "0", "off"}:
            line.options.append([name])
        return
    if not equals:
        value = _value(line, action, name, words)
    while action.dest in {"cells", "splits"} and words and re.fullmatch(r"\d+", words[0]):
        value = f"{value} {words.pop(0)}"  # --cells 64 64
    _place(line, action, name, value, bool(equals))


def _place(line: _Line, action: argparse.Action, name: str, value: str, joined: bool) -> None:
    """Put an option with its value, and that put right, on the line."""
    if action.dest == "set" and line.command.words == ("describe",) and not line.settings.case:
        line.said.append(f"{name} {value}: only a case has parameters")
        return
    if action.dest in {"set", "option"}:
        line.options.append(mend_pair(line.command, line.settings, action, value, line.said))
        return
    mended = mend_value(line.command, action, value, line.settings, line.said)
    if joined or re.match(r"-[\d.]+.*[^\d.]", mended):
        line.options.append([f"{name}={mended}"])
    else:
        line.options.append([name, mended])


def _value(line: _Line, action: argparse.Action, name: str, words: list[str]) -> str:
    """Take the value of an option from the words; give an example where there is none."""
    if words and not _is_option(words[0]):
        value = words.pop(0)
        if action.dest in {"set", "option"} and "=" not in value and words:
            if words[0] == "=":  # --set kappa = 0.4
                words.pop(0)
            if words and not _is_option(words[0]) and "=" not in words[0]:
                line.said.append(f"{name} {value}: write it as {name} NAME=VALUE")
                return f"{value}={words.pop(0)}"
        if re.match(r"-[\d.]+.*[^\d.eE+-]", value):
            line.said.append(f"{name} {value}: a value that begins with - is taken for an option")
        return value
    value = example_of(line.command, line.settings, action)
    line.said.append(f"{name} needs a value, for example {value}")
    return value


def _known_option(line: _Line, name: str) -> str | None:
    """Give the option of the command that an unknown one means, if it is no one else's."""
    known = line.command.options
    beginning = [each for each in known if len(name) > 3 and each.startswith(name)]
    if len({known[each].dest for each in beginning}) == 1:
        line.said.append(f"{name} is written out as {beginning[0]}")
        return beginning[0]
    plain = name.lstrip("-").replace("-", "_")
    settings = line.settings
    if plain in settings.parameters or (settings.solver and plain in settings.options):
        return None
    if OPTIONS.get(name) in known:
        line.said.append(f"unknown option {name} of `{line.command.line}`")
        return OPTIONS[name]
    if plain in settings.options or _is_elsewhere(line, name):
        return None
    found = nearest(name, [each for each in known if each.startswith("--")])
    others = [*settings.parameters, *settings.options, *([found] if found else [])]
    if found is None or (distance(name, found) > 1 and nearest(plain, others) != found):
        return None
    line.said.append(f"unknown option {name} of `{line.command.line}`")
    return found


def _unknown(line: _Line, name: str, value: str | None, words: list[str]) -> None:
    """Find a place for an option that the command does not have."""
    follows = words[0] if words and not _is_option(words[0]) else None
    plain = name.lstrip("-").replace("-", "_")
    settings = line.settings
    if name == "--case" and any(each.dest == "case" for each in line.command.operands):
        line.said.append("the case is given without --case")
        line.operands.extend([value] if value else [])
        return
    case, solver = f"a parameter of {settings.case}", f"an option of {settings.solver or 'solvers'}"
    for flag, names, whose in (
        ("--set", settings.parameters, case),
        ("--option", settings.options, solver),
    ):
        found = nearest(plain, names) if flag in line.command.options else None
        if found is not None and (found == plain or not _is_elsewhere(line, name)):
            if value is None:
                value = words.pop(0) if follows is not None else names[found]
            what = found if found == plain else f"unknown option {name}: {found}"
            line.said.append(f"{what} is {whose}, given with {flag}")
            action = line.command.options[flag]
            line.options.append(
                mend_pair(line.command, settings, action, f"{found}={value}", line.said)
            )
            return
    if _is_elsewhere(line, name):
        action = next(e.options[name] for e in line.root.leaves() if name in e.options)
        taken = [name]
        if takes_value(action):
            text = value if value is not None else (words.pop(0) if follows else None)
            taken += [text if text is not None else example_of(line.command, settings, action)]
        line.foreign.append(taken)
        return
    if follows is not None and re.fullmatch(r"[\d.,eE+-]+", follows):
        words.pop(0)
    if name == "--":
        line.said.append("options of PETSc, which follow --, begin with a dash")
    else:
        line.said.append(f"unknown option {name} of `{line.command.line}`")


def _is_elsewhere(line: _Line, name: str) -> bool:
    return any(name in leaf.options for leaf in line.root.leaves())


def _spare(line: _Line) -> None:
    """Give the operands that are too many the option that they lack."""
    options = line.command.options
    slots = len(line.command.operands)
    many = any(each.nargs == "*" for each in line.command.operands)
    kept: list[str] = []
    for text in line.operands:
        too_many = not many and len(line.operands) > slots
        names = line.settings.parameters if "--set" in options else {}
        if re.match(r"\w+=", text) and "--set" in options:
            key = text.partition("=")[0]
            flag = "--set" if key in names or key not in line.settings.options else "--option"
            line.said.append(f"{text} is given with {flag}")
            action = options[flag]
            line.options.append(mend_pair(line.command, line.settings, action, text, line.said))
        elif too_many and text in catalog.names("solvers") and "--solver" in options:
            line.said.append(f"the solver {text} is given with --solver")
            line.options.append(["--solver", text])
        elif too_many and re.fullmatch(r"\d+([x,]\d+)*", text) and "--cells" in options:
            line.said.append(f"the cells {text} are given with --cells")
            line.options.append(["--cells", text.replace("x", ",")])
        else:
            kept.append(text)
    if not many and len(kept) > slots:
        line.said.append(f"`{line.command.line}` takes no '{kept[slots]}'")
        kept = kept[:slots]
    line.operands = kept


def _operands(line: _Line) -> Iterator[str]:
    """Give the operands, put right, and an example where one is lacking."""
    left = list(line.operands)
    for action in line.command.operands:
        if action.nargs == "*":
            for text in left:
                yield mend_value(line.command, action, text, line.settings, line.said)
        elif left:
            text = left.pop(0)
            solvers = catalog.names("solvers")
            if action.dest == "new_name":
                text, more = mend_new(text, line.command.words[-1], line.said)
                line.options.extend(option for option in more if option not in line.options)
                yield text
            elif action.dest == "case" and text in solvers and "--solver" in line.command.options:
                line.said.append(f"'{text}' is a solver, not a case")
                line.options.append(["--solver", text])
                yield example_of(line.command, line.settings, action)
            else:
                yield mend_value(line.command, action, text, line.settings, line.said)
        else:
            what = action.metavar or action.dest
            line.said.append(f"`{line.command.line}` needs a {what}")
            yield example_of(line.command, line.settings, action)


def _at_home(line: _Line) -> Command:
    """Take the command that has all the options; drop those that no command has with the rest."""
    if not line.foreign:
        return line.command
    names = {option[0].partition("=")[0] for option in line.options}
    foreign = {option[0] for option in line.foreign}
    kinds = [each.dest for each in line.command.operands]
    homes = [
        leaf
        for leaf in line.root.leaves()
        if names | foreign <= set(leaf.options) and [e.dest for e in leaf.operands] == kinds
    ]
    owners = [leaf for name in foreign for leaf in line.root.leaves() if name in leaf.options]
    # an option of many commands is no reason to take another
    home = homes[0] if 0 < len(homes) <= FEW and foreign - BESIDE else line.command
    owner = owners[0] if home is line.command else home
    listed = ", ".join(sorted(foreign))
    line.said.append(f"{listed}: an option of `{owner.line}`, not of `{line.command.line}`")
    if home is not line.command:
        line.options.extend(line.foreign)
    return home
