"""Files that are whole or not there, also after a crash of the machine, and their folders."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

__all__ = [
    "aside_of",
    "commit",
    "digest",
    "make_folder",
    "remove_unfilled",
    "reserve",
    "reserve_folder",
    "unmake_folder",
]

BLOCK = 1 << 22  # bytes that are read at once
# of file systems that cannot tell beforehand
UNABLE = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}

_made: set[Path] = set()  # folders that this process has made


def aside_of(path: Path) -> Path:
    """Give the name under which a file is written before it is whole."""
    return path.with_name(f".{path.name}.part")


def reserve(path: Path, size: int) -> None:
    """Raise OSError unless a file of so many bytes can be written there now.

    HDF5 does not survive a disk that fills up under it: the process ends later, in its own exit.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in UNABLE:
                raise
        finally:
            path.unlink(missing_ok=True)


def commit(aside: Path, path: Path) -> None:
    """Give a file that is complete its name, for good."""
    _sync(aside)
    os.replace(aside, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """Give the BLAKE2b digest of a file, read block by block."""
    found = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, if they are not there."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    _made.update(path.resolve() for path in missing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        unmake_folder(folder)
        raise


def reserve_folder(folder: Path) -> None:
    """Make a folder; raise FileExistsError if it is there, whoever has made it."""
    try:
        make_folder(folder.parent)
    except FileExistsError as error:  # as a file: no other number would help
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
    folder.mkdir()
    _made.add(folder.resolve())


def remove_unfilled() -> None:
    """Remove all folders that were made here and are empty: a command has ended."""
    for path in sorted(_made, reverse=True):  # those within others first
        unmake_folder(path)
    _made.clear()


def unmake_folder(folder: Path) -> None:
    """Remove a folder in which a write has failed, and those above: made here, and empty."""
    for path in (folder.resolve(), *folder.resolve().parents):
        if path in _made:
            try:
                path.rmdir()
            except FileNotFoundError:  # it could not be made
                pass
            except OSError:  # it holds something
                return
            _made.discard(path)
