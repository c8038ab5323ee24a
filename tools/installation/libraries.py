"""What a build of PETSc needs from its machine, and where its libraries look for each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installation.processes import InstallError, facts, run, say


def need_tools(python: str) -> None:
    """Refuse a machine that cannot compile, before anything is fetched."""
    program = b'#include <stdio.h>\n#include <math.h>\nint main(void) { return puts("") < 0; }\n'
    with tempfile.TemporaryDirectory() as folder:
        words = ["cc", "-x", "c", "-", "-o", os.path.join(folder, "a"), "-lm"]
        try:
            works = not subprocess.run(words, input=program, capture_output=True).returncode
        except OSError:
            works = False
    if not works:
        raise InstallError(
            "no working C compiler: install one (Debian: apt-get install gcc libc6-dev make; "
            "cluster: module load gcc)"
        )
    for tool, package in (("make", "make"), ("nm", "binutils"), ("diff", "diffutils")):
        if shutil.which(tool) is None:
            raise InstallError(f"no {tool}: install it (Debian: apt-get install {package})")
    if run([python, "-m", "pip", "--version"]) is not None:
        raise InstallError(
            f"{python} has no pip: create a virtual environment, and give its Python"
        )


def with_headers(python: str, folder: Path, variables: dict[str, str]) -> None:
    """Find Python.h; on Debian without it, unpack it from its package, which needs no root."""
    known = facts(python)
    if os.path.exists(os.path.join(known["headers"], "Python.h")):
        return
    name = "libpython{}.{}-dev".format(*known["version"])
    say(f"fetching Python.h from Debian's {name}")
    own = [f"-oDir::State::lists={folder}/lists", f"-oDir::Cache={folder}/cache"]
    own += ["-oDebug::NoLocking=1", "-oAPT::Sandbox::User="]
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    steps = [
        ["apt-get", "--quiet", *own, "update"],
        ["apt-get", "--quiet", *own, "download", name],
        ["sh", "-c", f"dpkg-deb -x {name}_*.deb headers"],
    ]
    for words in steps:
        trouble = run(words, cwd=folder)
        if trouble is not None:
            raise InstallError(f"no Python.h: install {name} or python3-devel ({trouble})")
    unpacked = folder / "headers/usr/include"
    (found,) = unpacked.glob("python3.*")
    variables["CPATH"] = os.pathsep.join(map(str, (found, unpacked)))


@contextmanager
def plain_path(python: str) -> Iterator[str]:
    """Give a path of the Python without blanks: PETSc's configure cannot have them."""
    if not re.search(r"\s", python):
        yield python
        return
    with tempfile.TemporaryDirectory(prefix="wgflow-python-") as folder:
        home = Path(folder, "home")
        home.symlink_to(Path(python).parent.parent)
        yield str(home / "bin" / Path(python).name)


def settle(packages: Path, mpi_home: str | None, folder: Path) -> None:
    """Make the libraries find each other, and MPI, from where they lie now."""
    patchelf = folder / "tools/bin/patchelf"
    library = packages / "petsc/lib"
    if sys.platform != "linux":
        return  # elsewhere libraries carry the full paths of the build, which still hold
    config = packages / "petsc4py/lib/petsc.cfg"
    if config.exists():
        config.write_text(f"PETSC_DIR  = {packages / 'petsc'}\nPETSC_ARCH = \n")
    for file in [*library.glob("libpetsc.so.*.*"), *packages.glob("petsc4py/lib/PETSc.*.so")]:
        old = subprocess.run(
            [patchelf, "--print-rpath", file], check=True, capture_output=True, text=True
        ).stdout.strip()
        homes = [str(library)]
        if mpi_home is not None:
            homes.append(mpi_home)
        paths = ["$ORIGIN/" + os.path.relpath(home, file.parent) for home in homes]
        if mpi_home is None:  # the MPI's own paths, as its compiler wrapper gave them
            kept = [p for p in old.split(":") if os.path.isdir(p) and not p.startswith(str(folder))]
            paths += kept
        subprocess.run([patchelf, "--set-rpath", ":".join(paths), file], check=True)


def openblas(folder: Path) -> Path:
    """Give PyPI's OpenBLAS the names that PETSc looks for: its own begin with ``scipy_``."""
    source = folder / "tools/scipy_openblas32/lib/libscipy_openblas.so"
    target, names = folder / "libopenblas.so", folder / "names"
    if sys.platform != "linux":
        raise InstallError(
            "this works only on Linux: install PETSc in another way, and set PETSC_DIR"
        )
    shutil.copy(source, target)
    table = subprocess.run(
        ["nm", "-D", "--defined-only", source], check=True, capture_output=True, text=True
    ).stdout
    symbols = [line.split()[-1].split("@")[0] for line in table.splitlines()]
    ours = [name for name in symbols if name.startswith("scipy_")]
    names.write_text("".join(f"{name} {name.removeprefix('scipy_')}\n" for name in ours))
    words = ["--rename-dynamic-symbols", names, "--set-soname", target.name, target]
    subprocess.run([folder / "tools/bin/patchelf", *words], check=True)
    return target
