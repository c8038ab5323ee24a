"""The files of checkpoints: numbered generations, each valid once its header is there.

A generation N is ``checkpoint-N.h5`` (densities, arrays) and ``checkpoint-N.json``, its header:
what is small, and the size and BLAKE2b digest of the HDF5 file and of every snapshot file it
relies on. Each file is written aside, synced and renamed; the header is last, and bears a digest
of itself. So a generation is whole or does not count, and whole files are told from torn or
altered ones by streaming through them once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.io.cells import CellFile
from wgflow.io.durable import (
    aside_of,
    commit,
    digest,
    make_folder,
    reserve,
    unmake_folder,
)
from wgflow.parallel import SERIAL, on_root

__all__ = ["Contents", "Generations", "NotWrittenError"]

FORMAT = 1
KEPT = 2  # generations
OURS = re.compile(r"\.?(checkpoint-\d+\.(h5|json)|snapshot-\d+\.h5)(\.part)?")
OVERHEAD = 4096  # bytes of HDF5's own a dataset, more than it takes


class NotWrittenError(Exception):
    """A checkpoint could not be written; on all ranks alike. Those before are as they were."""


@dataclass
class Contents:
    """What a checkpoint holds.

    Attributes
    ----------
    numbers : dict
        What JSON can hold; the same on all ranks.
    cells : dict of str to array of the grid's shape
        This rank's cells.
    arrays : dict of str to array
        The same on all ranks.
    snapshots : list of arrays of the grid's shape
        This rank's cells. Each is written once, as a file of its own.
    """

    numbers: dict[str, Any]
    cells: dict[str, Array] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    snapshots: list[Array] = field(default_factory=list)


class Generations:
    """The checkpoints of one run in one directory.

    Its methods are collective; what goes wrong is raised on all ranks alike.

    Parameters
    ----------
    directory : Path
        Made when the first is written.
    grid : Grid or Mesh, optional
        Without one there are no cells and no snapshots, and the calling rank acts on its own.
    """

    def __init__(self, directory: Path, grid: Grid | None = None) -> None:
        self.directory = directory
        self.grid: Any = grid
        self.comm = SERIAL if grid is None else grid.comm
        self._good: list[int] = []  # generations known to be whole, oldest first
        self._next: int | None = None
        self._stored: list[dict[str, Any]] = []  # headers of the snapshot files

    def write(self, contents: Contents) -> None:
        """Write a generation, then remove all but the last two.

        Raises
        ------
        NotWrittenError
            If a file cannot be written, for want of space say.
        """
        if self._next is None:
            numbers = self._on_root(lambda: _numbers(self.directory))
            self._next = max(numbers, default=-1) + 1
        stored = len(self._stored)
        try:
            self._on_root(lambda: make_folder(self.directory))
            for index, density in enumerate(contents.snapshots[stored:], stored):
                name = f"snapshot-{index:04d}.h5"
                self._stored.append(self._file(name, {"density": density}, {}))
            stem = f"checkpoint-{self._next:06d}"
            header = {
                "format": FORMAT,
                "generation": self._next,
                **self._file(f"{stem}.h5", contents.cells, contents.arrays),
                "snapshots": self._stored,
                "numbers": contents.numbers,
            }
            self._on_root(lambda: _write_header(self.directory / f"{stem}.json", header))
        except (OSError, RuntimeError) as error:  # HDF5 gives either for a full disk
            del self._stored[stored:]
            self._on_root(lambda: _tidy(self.directory, lambda name: name.endswith(".part")))
            self._on_root(lambda: unmake_folder(self.directory))
            raise NotWrittenError(f"{self.directory}: {error}") from error
        self._good = [*self._good, self._next][-KEPT:]
        self._next += 1
        self._on_root(lambda: _tidy(self.directory, self._outdated))

    def newest(self) -> tuple[dict[str, Any] | None, list[str]]:
        """Find the newest generation that is whole, and say what is wrong with newer ones.

        Returns
        -------
        header : dict or None
            Its ``numbers`` are those of :class:`Contents`; None if no checkpoint was finished.
        faults : list of str

        Raises
        ------
        InputError
            If there are checkpoints and none is whole.
        """
        header, faults = self._on_root(lambda: _newest(self.directory))
        return header, faults

    def read(self, header: dict[str, Any]) -> Contents:
        """Read a generation, the one before which the next will be written."""
        found = Contents(header["numbers"])
        with CellFile(self.directory / header["file"], "r", self.comm) as file:
            found.cells = {name: file.read(name, self.grid) for name in header["cells"]}
            found.arrays = {name: file.get(name) for name in header["arrays"]}
        for entry in header["snapshots"]:
            with CellFile(self.directory / entry["file"], "r", self.comm) as file:
                found.snapshots.append(file.read("density", self.grid))
        self._good, self._stored = [header["generation"]], list(header["snapshots"])
        return found

    def _file(self, name: str, cells: dict[str, Array], arrays: dict[str, Array]) -> dict[str, Any]:
        """Write one HDF5 file; give its entry in the header."""
        path = self.directory / name
        aside = aside_of(path)
        size = sum(values.nbytes for values in arrays.values())
        size += int(self.comm.sum(float(sum(values.nbytes for values in cells.values()))))
        self._on_root(lambda: reserve(aside, size + OVERHEAD * (1 + len(cells) + len(arrays))))
        with CellFile(aside, "w", self.comm) as file:
            for key, values in cells.items():
                file.write(key, self.grid, values)
            for key, values in arrays.items():
                file.put(key, values)

        def entry() -> dict[str, Any]:
            found = {"file": name, "bytes": aside.stat().st_size, "digest": digest(aside)}
            commit(aside, path)
            return found

        return {**self._on_root(entry), "cells": [*cells], "arrays": [*arrays]}

    def _outdated(self, name: str) -> bool:
        if name.endswith(".part"):
            return True
        return name.startswith("checkpoint-") and _number(name) not in self._good

    def _on_root(self, action: Callable[[], Any]) -> Any:
        return on_root(self.comm, action)


def holds_checkpoints(directory: Path) -> bool:
    """Whether a directory has finished checkpoints or parts of some."""
    return directory.is_dir() and any(OURS.fullmatch(p.name) for p in directory.iterdir())


def remove_checkpoints(directory: Path) -> None:
    """Remove the files of checkpoints, headers first, and the directory if nothing is left."""
    if not directory.is_dir():
        return
    _tidy(directory, lambda name: name.endswith(".json"))
    _tidy(directory, lambda name: True)
    if not any(directory.iterdir()):
        directory.rmdir()


def _tidy(directory: Path, unwanted: Callable[[str], bool]) -> None:
    """Remove unwanted files of ours."""
    if directory.is_dir():
        for path in sorted(directory.iterdir(), reverse=True):  # headers before their files
            if OURS.fullmatch(path.name) and unwanted(path.name):
                path.unlink(missing_ok=True)


def _number(name: str) -> int:
    return int(name.split("-")[1].split(".")[0])


def _numbers(directory: Path) -> list[int]:
    """List the generations of which there is a file."""
    names = [p.name for p in directory.iterdir()] if directory.is_dir() else []
    return sorted({_number(n) for n in names if OURS.fullmatch(n) and n.startswith("checkpoint-")})


def _newest(directory: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """Give the header of the newest whole generation, if any, and the faults of newer ones."""
    faults: list[str] = []
    headers = 0
    for number in reversed(_numbers(directory)):
        path = directory / f"checkpoint-{number:06d}.json"
        if not path.exists():
            faults.append(f"{path.with_suffix('.h5')} was not finished: {path.name} is missing")
            continue
        headers += 1
        try:
            return _checked_header(path), faults
        except (OSError, ValueError, KeyError, TypeError) as error:
            faults.append(f"{path.with_suffix('')}: {error}")
    if headers:
        raise InputError(
            f"no checkpoint in {directory} is whole ({'; '.join(faults)}): repair the files, or "
            "start over with --overwrite"
        )
    return None, faults


def _checked_header(path: Path) -> dict[str, Any]:
    """Read a header and verify it and all files it names; raise ValueError if one is not whole."""
    header: dict[str, Any] = json.loads(path.read_bytes())
    if header.pop("check") != _fingerprint(header):
        raise ValueError("the header is not what was written")
    if header["format"] != FORMAT:
        raise ValueError(f"its format is {header['format']}, this version reads {FORMAT}")
    for entry in (header, *header["snapshots"]):
        file = path.with_name(entry["file"])
        size = file.stat().st_size
        if size != entry["bytes"]:
            raise ValueError(f"{file.name} has {size} bytes, {entry['bytes']} were written")
        if digest(file) != entry["digest"]:
            raise ValueError(f"{file.name} is not what was written")
    return header


def _write_header(path: Path, header: dict[str, Any]) -> None:
    text = json.dumps({**header, "check": _fingerprint(header)}, indent=1)
    aside = aside_of(path)
    aside.write_text(text + "\n", encoding="utf-8")
    commit(aside, path)


def _fingerprint(header: dict[str, Any]) -> str:
    # through JSON and back, for what is read to equal what was written
    text = json.dumps(json.loads(json.dumps(header)), sort_keys=True)
    return hashlib.blake2b(text.encode()).hexdigest()
