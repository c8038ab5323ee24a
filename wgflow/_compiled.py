"""Where compiled kernels are kept, on machines that have no usual place for them."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

__all__ = ["keep_compiled"]

PLACE = "NUMBA_CACHE_DIR"


def keep_compiled() -> None:
    """Give Numba a folder of one's own among the temporary ones if it would find none.

    Numba keeps kernels beside the package or below the home directory, and raises where neither
    can be written: a package that an administrator has installed, used by an account or on a
    node without a home.
    """
    if os.environ.get(PLACE) or _writable(_package()) or _writable(_home()):
        return
    place = str(_own_folder())
    os.environ[PLACE] = place
    if "numba" in sys.modules:  # it has read the environment already
        sys.modules["numba"].config.CACHE_DIR = place


def _package() -> Path:
    """Give the folder of compiled kernels, as a sign of whether all can be written."""
    return Path(__file__).parent / "fluxes" / "__pycache__"


def _home() -> Path:
    """Give the user's folder for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "numba"


def _writable(path: Path) -> bool:
    while not path.exists() and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK | os.X_OK)


def _own_folder() -> Path:
    """Make a folder that no one else can write: what lies in it will be executed."""
    if not hasattr(os, "getuid"):
        return Path(tempfile.mkdtemp(prefix="wgflow-numba-"))
    path = Path(tempfile.gettempdir()) / f"wgflow-numba-{os.getuid()}"
    with contextlib.suppress(FileExistsError):  # a link that leads nowhere, too
        path.mkdir(mode=0o700)
    found = path.lstat()
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not others:
        return path
    return Path(tempfile.mkdtemp(prefix="wgflow-numba-"))
