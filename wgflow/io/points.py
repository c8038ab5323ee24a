"""Reads samples (x, y) from a text file."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import EmpiricalData
from wgflow.networks.losses import Loss, Square
from wgflow.parallel import SERIAL, Communicator, on_root

__all__ = ["read_points"]

ALIKE = 1e-12  # how far a correlation is from ±1
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")
SEPARATORS = re.compile(r"\s*[,;\t]\s*|\s+")


def read_points(
    path: str | Path,
    loss: Loss | None = None,
    *,
    inputs: tuple[int, ...] = (),
    comm: Communicator = SERIAL,
) -> EmpiricalData:
    r"""Read samples: a line each, the components of x and then y.

    Numbers are parted by commas, semicolons, tabs or spaces. Empty lines and those that begin
    with ``#`` are left out; the first line may be a header.

    Parameters
    ----------
    path : str or Path
    loss : Loss, optional
        Whose labels y must be; any by default.
    inputs : tuple of int, optional
        Numbers of components that x may have; any from 1 by default.
    comm : Communicator
        The root reads, and all ranks have the samples, or its error.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no samples; if a line is not as it should be, or a
        value is missing; if a column of x is constant, or two are the same but for unit and zero.
        The line or column is named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "points.csv"
    ...     _ = path.write_text("x, y\n0.5, 1\n-1.5, -1\n")
    ...     data = read_points(path)
    >>> data.x.tolist(), data.y.tolist()
    ([[0.5], [-1.5]], [1.0, -1.0])
    """
    known = Square() if loss is None else loss
    x, y = on_root(comm, lambda: _read(Path(path).expanduser(), known, inputs))
    _check_columns(path, np.array(x))
    return EmpiricalData(np.array(x), np.array(y))


def _read(path: Path, loss: Loss, inputs: tuple[int, ...]) -> tuple[list[list[float]], list[float]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        where = "" if path.is_absolute() else f", looked from {Path.cwd()}"
        raise InputError(
            f"{path} cannot be read ({error.strerror}{where}): give the path of a text file with "
            "one sample per line"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path} is not UTF-8 text: give a file of comma-separated numbers"
        ) from None
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        words = SEPARATORS.split(stripped)
        if not rows and not any(_is_number(word) for word in words):
            continue  # a header
        rows.append(_row(f"{path}, line {number}", words, rows, loss, inputs))
    if not rows:
        raise InputError(f"{path} holds no samples: give lines like 0.5, 1.2, -1 (x, then y)")
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def _row(
    where: str, words: list[str], rows: list[list[float]], loss: Loss, inputs: tuple[int, ...]
) -> list[float]:
    """Read a line, or say what is wrong with it."""
    row = []
    for column, word in enumerate(words, start=1):
        if word.lower() in MISSING:
            raise InputError(
                f"{where}, column {column}: the value is missing ({word!r}): fill it in, or remove "
                "the line"
            )
        if not _is_number(word):
            raise InputError(
                f"{where}, column {column}: {word!r} is not a number: correct it, or remove "
                "the line"
            )
        row.append(float(word))
        if not math.isfinite(row[-1]):
            raise InputError(f"{where}, column {column}: {word} is not finite: remove the line")
    if rows and len(row) != len(rows[0]):
        raise InputError(
            f"{where} has {len(row)} columns, the lines before it {len(rows[0])}: give each "
            "line the components of x, then y"
        )
    allowed = [p + 1 for p in inputs]
    if len(row) < 2 or (allowed and len(row) not in allowed):
        wanted = " or ".join(map(str, allowed)) if allowed else "at least 2"
        raise InputError(
            f"{where} has {len(row)} columns: give {wanted}, the components of x, then y"
        )
    try:
        loss.check(np.array(row[-1:]))
    except InputError as error:
        remedy = str(error).partition(": ")[2]
        raise InputError(f"{where}: label {row[-1]:g}: {remedy}") from None
    return row


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _check_columns(path: str | Path, x: Array) -> None:
    """Refuse inputs of which a network can learn nothing, or the same from two of them."""
    if len(x) < 2:
        return
    spread = x - x.mean(axis=0)
    for column in np.flatnonzero(np.ptp(x, axis=0) == 0).tolist():
        raise InputError(
            f"{path}, column {column + 1}: x is {x[0, column]:g} in all {len(x)} lines: remove the "
            "column, nothing can be learnt from it"
        )
    size = np.sqrt(np.sum((spread / np.abs(spread).max(axis=0)) ** 2, axis=0))
    unit = spread / np.abs(spread).max(axis=0) / size
    for one, other in itertools.combinations(range(x.shape[1]), 2):
        same = np.array_equal(x[:, one], x[:, other])
        # of two samples all columns are alike
        if same or (len(x) > 2 and abs(unit[:, one] @ unit[:, other]) > 1 - ALIKE):
            raise InputError(
                f"{path}, columns {one + 1} and {other + 1}: the same "
                f"{'numbers' if same else 'up to a factor and a shift'}: remove one of them"
            )
