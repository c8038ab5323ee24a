"""Numbers on a command line, put right."""

from __future__ import annotations

import re
from collections.abc import Collection

from wgflow.parser.likeness import nearest

__all__ = ["mend_list", "mend_number", "mend_starts", "mend_sweep"]

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def mend_number(flag: str, text: str, whole: bool, example: str, said: list[str]) -> str:
    """Put a number right; give the example for what is none."""
    if _is(int if whole else float, text):
        return text
    said.append(f"{flag} '{text}': give a {'whole ' if whole else ''}number")
    ratio = re.fullmatch(r"([\d.]+)/([\d.]+)", text)
    if ratio and all(_is(float, part) for part in ratio.groups()) and float(ratio[2]):
        value = float(ratio[1]) / float(ratio[2])
    else:
        text = re.sub(r"(?<=[\d.])[^\d.,]?(?=[+-]\d+$)", "e", text)  # 4r-3
        found = re.match(NUMBER, text.replace(",", "."))
        if found is None:
            return example
        if not whole:
            return found[0]
        value = float(found[0])
    return str(max(round(value), 1)) if whole else f"{value:g}"


def mend_list(
    flag: str, text: str, kind: type, form: str, said: list[str], pair: bool = False
) -> str:
    """Put numbers between commas right; a pair is two of them."""
    parts = text.split(",")
    if all(_is(kind, part) for part in parts) and (len(parts) == 2 or not pair):
        return text
    said.append(f"{flag} '{text}': give {'two ' if pair else ''}{form}")
    found = re.findall(NUMBER.replace("[+-]?", "-?", 1) if kind is float else r"\d+", text)
    if pair and len(found) != 2:
        return "0.1,0.4"
    if not found:
        return "400" if kind is int else "0.1,1"
    return ",".join(found)


def mend_starts(flag: str, text: str, known: Collection[str], said: list[str]) -> str:
    """Put ``NAME=VALUE,VALUE`` right."""
    name, _, values = text.partition("=")
    name = _parameter(flag, name, known, said)
    return f"{name}={mend_list(flag, values, float, 'NAME=VALUE,VALUE', said)}"


def mend_sweep(flag: str, text: str, known: Collection[str], said: list[str]) -> str:
    """Put ``NAME=FROM:TO:COUNT`` right."""
    name, _, values = text.partition("=")
    name = _parameter(flag, name, known, said)
    parts = values.split(":")
    if len(parts) == 3 and all(map(_is, (float, float, int), parts)):
        return f"{name}={values}"
    said.append(f"{flag} '{text}': write it as NAME=FROM:TO:COUNT")
    found = re.findall(NUMBER, values)
    if len(found) != 3:
        found = [*found[:2], "1", "2"][:2]
        found.append("13")
    first, last, count = found
    return f"{name}={first}:{last}:{round(float(count))}"


def _parameter(flag: str, name: str, known: Collection[str], said: list[str]) -> str:
    """Put the name of a parameter right."""
    if not known or name in known:
        return name
    said.append(f"{flag}: the case has no parameter '{name}'")
    return nearest(name, known) or name


def _is(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
