"""Where compiled kernels and lists of fonts are kept, on machines without a usual place."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

__all__ = ["keep_compiled", "keep_fonts"]

PLACE, FONTS = "NUMBA_CACHE_DIR", "MPLCONFIGDIR"


def keep_compiled() -> None:
    """Give Numba a folder of one's own among the temporary ones if it would find none.

    Numba keeps kernels beside the package or below the home directory, and raises where neither
    can be written: a package that an administrator has installed, used by an account or on a
    node without a home.
    """
    if os.environ.get(PLACE) or _writable(_package()) or _writable(_home()):
        return
    place = str(_own_folder("numba"))
    os.environ[PLACE] = place
    if "numba" in sys.modules:  # it has read the environment already
        sys.modules["numba"].config.CACHE_DIR = place


def keep_fonts() -> None:
    """Give Matplotlib a folder of one's own in the same way: it would make a new one in each run.

    It also says so, in two lines.
    """
    if os.environ.get(FONTS) or all(map(_writable, _homes_of_matplotlib())):
        return
    os.environ[FONTS] = str(_own_folder("matplotlib"))


def _package() -> Path:
    """Give the folder of compiled kernels, as a sign of whether all can be written."""
    return Path(__file__).parent / "fluxes" / "__pycache__"


def _home() -> Path:
    """Give the user's folder for what can be made again."""
    return _below_home("XDG_CACHE_HOME", ".cache") / "numba"


def _homes_of_matplotlib() -> list[Path]:
    if not sys.platform.startswith(("linux", "freebsd")):
        return [_below_home("", ".matplotlib")]
    bases = _below_home("XDG_CONFIG_HOME", ".config"), _below_home("XDG_CACHE_HOME", ".cache")
    return [base / "matplotlib" for base in bases]


def _below_home(variable: str, name: str) -> Path:
    # an account of a number alone has none, and os.path then leaves the ~ as it is
    return Path(os.environ.get(variable) or os.path.expanduser(f"~/{name}"))


def _writable(path: Path) -> bool:
    if path.parts[:1] == ("~",):
        return False
    while not path.exists() and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK | os.X_OK)


def _own_folder(name: str) -> Path:
    """Make a folder that no one else can write: what lies in it will be executed."""
    import tempfile

    prefix = f"wgflow-{name}-"
    if not hasattr(os, "getuid"):
        return Path(tempfile.mkdtemp(prefix=prefix))
    path = Path(tempfile.gettempdir()) / f"{prefix}{os.getuid()}"
    with contextlib.suppress(FileExistsError):  # a link that leads nowhere, too
        path.mkdir(mode=0o700)
    found = path.lstat()
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not others:
        return path
    return Path(tempfile.mkdtemp(prefix=prefix))
