"""Files a run leaves behind: each is written aside and renamed, so that none is ever half there."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wgflow.errors import InputError
from wgflow.io.durable import aside_of, make_folder, reserve_folder, unmake_folder
from wgflow.parallel import SERIAL, Communicator, on_root

__all__ = [
    "atomically",
    "check_directory",
    "check_file",
    "claim_directory",
    "free_directory",
    "write_json",
    "write_or_keep",
    "write_table",
]

MARKER = "summary.json"  # a directory that holds it holds a result


def check_directory(
    directory: Path, *, overwrite: bool = False, comm: Communicator = SERIAL
) -> Path:
    """Raise InputError if results cannot or must not go into a directory; change nothing.

    The root looks, and all ranks of ``comm`` learn of it.
    """
    return on_root(comm, lambda: _checked(directory, overwrite))


def _checked(directory: Path, overwrite: bool) -> Path:
    if (directory / MARKER).exists() and not overwrite:
        raise InputError(
            f"{directory} holds the result of an earlier run: give another folder, or replace it "
            "with --overwrite (overwrite=True)"
        )
    nearest = directory
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise InputError(f"{nearest} is a file, not a folder: give another")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"{nearest} is not writable: give another folder")
    return directory


def check_file(path: Path) -> Path:
    """Raise InputError if a file cannot be written there; change nothing."""
    if path.is_dir() or not path.name:
        raise InputError(f"{str(path)!r} is a folder: give the name of a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}: create it, or give another")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: {path.parent} is not writable: give another folder")
    return path


def claim_directory(
    directory: Path, *, overwrite: bool = False, comm: Communicator = SERIAL
) -> Path:
    """Make a directory for results, or raise InputError if it cannot or must not be used.

    The root does it, and all ranks of ``comm`` learn of it.
    """
    return on_root(comm, lambda: _claimed(directory, overwrite))


def _claimed(directory: Path, overwrite: bool) -> Path:
    _checked(directory, overwrite)
    try:
        make_folder(directory)
    except OSError as error:
        raise InputError(
            f"{directory} cannot be created ({error.strerror}): give another"
        ) from None
    return directory


def free_directory(name: str, comm: Communicator = SERIAL) -> Path:
    """Make the first of NAME, NAME-2, NAME-3, … that is not there; the same on all ranks.

    It is made at once, for two runs that are started together not to take the same.
    """

    def free() -> Path:
        for number in itertools.count(1):
            directory = Path(name if number == 1 else f"{name}-{number}")
            try:
                reserve_folder(directory)
            except FileExistsError:
                continue
            except OSError as error:
                raise InputError(
                    f"{directory.resolve()} cannot be created ({error.strerror}): give another "
                    "with --out"
                ) from None
            return directory
        raise AssertionError("there is always a next number")

    return on_root(comm, free)


def write_or_keep(
    directory: str | os.PathLike[str],
    write: Callable[[Path], Path],
    keep: Callable[[Path], Path] | None = None,
    comm: Communicator = SERIAL,
) -> Path:
    """Write a result; where it is refused, write it beside, and then raise: nothing is lost.

    A script that ends with the error has the result of its hours. It does end: were the other
    folder only logged, what is read from ``directory`` later would be the earlier result.

    Parameters
    ----------
    directory : path
    write : callable
        Writes the result into a directory and gives it.
    keep : callable, optional
        Writes it into a free directory, in place of ``write``, whose options may be what is
        refused.
    comm : Communicator
        The ranks that call it together.

    Raises
    ------
    InputError
        If it is refused; the message names the folder that holds the result.
    """
    if not isinstance(directory, str | os.PathLike):
        refusal, path = InputError(f"folder {directory!r}: give a path"), Path("result")
    else:
        path = Path(directory)
        try:
            return write(path)
        except InputError as error:
            refusal = error
        if path.name in ("", ".."):  # these take no number
            path = path.resolve()
    for place in (path, Path(path.name)):  # beside it, or where the script runs
        free: Path | None = None
        try:
            free = free_directory(str(place), comm)
            kept = (keep or write)(free)
        except (InputError, OSError):
            if comm.is_root and free is not None:
                unmake_folder(free)
            continue
        raise InputError(f"{refusal}; this one is in {kept}") from None
    raise refusal


def atomically(path: Path, write: Callable[[Path], object], comm: Communicator = SERIAL) -> None:
    """Write a file under another name in its directory, then rename it.

    A directory that was made for it and stays empty is removed again.

    Parameters
    ----------
    path : Path
    write : callable
        Called with the other name, on all ranks of ``comm``.
    comm : Communicator
        The ranks that write it together; the root renames it.
    """
    aside = aside_of(path)
    whole = False
    try:
        write(aside)
        on_root(comm, lambda: os.replace(aside, path))
        whole = True
    except OSError as error:
        if error.filename is None:  # a full disk does not say where
            error.filename = str(path)
        raise
    finally:
        if comm.is_root:
            aside.unlink(missing_ok=True)
            if not whole:
                unmake_folder(path.parent)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as JSON; nan becomes null, an infinite number text."""
    text = json.dumps(_plain(content), indent=2, allow_nan=False) + "\n"
    atomically(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def as_numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give numbers as they were before :func:`write_json`.

    Examples
    --------
    >>> as_numbers({"energy": None, "bound": "inf", "steps": 3})
    {'energy': nan, 'bound': inf, 'steps': 3}
    """
    written = {None: math.nan, "inf": math.inf, "-inf": -math.inf}
    return {
        key: written[value] if value is None or value in ("inf", "-inf") else value
        for key, value in values.items()
    }


def write_table(path: Path, columns: Mapping[str, Iterable[float | str]]) -> None:
    """Write columns as CSV, numbers with all digits."""

    def write(aside: Path) -> None:
        with aside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            rows = zip(*columns.values(), strict=True)
            writer.writerows(
                [v if isinstance(v, str) else repr(float(v)) for v in row] for row in rows
            )

    atomically(path, write)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (math.inf, -math.inf)):
        return None if value != value else str(value)
    return value
