"""Running other programs: clean surroundings, a limit of time, and a word when they fail."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# What make and launchers tell their children must not reach PETSc's make, pip, or the check.
FOREIGN = re.compile(
    r"(MAKE.*|MFLAGS|PYTHON|VENV|PYTEST|BENCH|OUT|MPI|PETSC_OPTIONS"
    r"|PMI_.*|PMIX_.*|HYDI?_.*|OMPI_COMM_.*|OMPI_MCA_(ess|orte)_.*|MPI_LOCAL.*)$"
)

FACTS = """
import json, os, sys, sysconfig
from importlib import metadata

def file_of(package, end):
    try:
        files = [os.path.normpath(f.locate()) for f in metadata.files(package) or []]
    except metadata.PackageNotFoundError:
        return ""
    return next((file for file in files if file.endswith(end)), "")

print(json.dumps({
    "version": list(sys.version_info[:2]),
    "headers": sysconfig.get_path("include"),
    "packages": sysconfig.get_path("platlib"),
    "scripts": sysconfig.get_path("scripts"),
    "mpicc": file_of("mpich", "/bin/mpicc"),
    "libmpi": file_of("mpich", "/libmpi.so.12"),
}))
"""


class InstallError(Exception):
    """What is missing or failed, with the remedy."""


def facts(python: str) -> dict[str, str]:
    """Ask a Python where its files lie."""
    done = subprocess.run([python, "-c", FACTS], capture_output=True, text=True)
    if done.returncode:
        raise InstallError(f"{python} does not run: give another with --python")
    return json.loads(done.stdout)


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop the variables of a make or a launcher around us."""
    return {name: value for name, value in environment.items() if not FOREIGN.match(name)}


def pip(python: str, variables: Mapping[str, str], *words: str) -> str:
    """Run pip; its output. Keeps the output of a failure in a file and names it."""
    words = (words[0], "--disable-pip-version-check", *words[1:])
    done = subprocess.run(
        [python, "-m", "pip", *words],
        env={**variables, "PIP_NO_INPUT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        with tempfile.NamedTemporaryFile("w", prefix="pip-", suffix=".log", delete=False) as log:
            log.write(done.stdout)
        end = "\n".join(done.stdout.splitlines()[-25:])
        raise InstallError(
            f"pip {words[0]} {words[-1]} failed, its output is in {log.name}:\n{end}"
        )
    return done.stdout


def run(
    words: Sequence[str | Path],
    also: Mapping[str, str] | None = None,
    timeout: float | None = None,
    cwd: Path | None = None,
) -> str | None:
    """Run a command; None, or the last line it said if it failed."""
    process = subprocess.Popen(
        words,
        env={**clean(os.environ), **(also or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=cwd,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"no end within {timeout:.0f} s: {' '.join(map(str, words))[:60]}"
    lines = [line for line in said.splitlines() if line.strip()] or ["it said nothing"]
    return lines[-1].strip() if process.returncode else None


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"== {text}", flush=True)
