"""PETSc's options database: what the command line and the environment give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wgflow.errors import InputError
from wgflow.parallel.communicator import Communicator

__all__ = ["configure", "insert_options", "unused_options"]

PREFIX = "wgflow_"


def insert_options(words: Sequence[str]) -> None:
    """Add options, as ``-wgflow_pc_type gamg``, to those of ``PETSC_OPTIONS``."""
    from petsc4py import PETSc

    PETSc.Options().insertString(" ".join(words))


def configure(solver: Any) -> None:
    """Let options change a KSP or another object of PETSc.

    Raises
    ------
    InputError
        If PETSc does not know what an option names.
    """
    from petsc4py import PETSc

    try:
        solver.setFromOptions()
    except PETSc.Error as error:
        said = str(error).strip().splitlines()[-1]
        raise InputError(f"PETSc refuses an option: {said}") from None


def unused_options(comm: Communicator, given: Sequence[str] = ()) -> list[str]:
    """Name the options that nobody has asked for: mistyped ones, mostly.

    Parameters
    ----------
    comm : Communicator
    given : sequence of str
        Words of the command line; of other options only those with wgflow's prefix are named.
    """
    if not comm.active:
        return []
    from petsc4py import PETSc

    options = PETSc.Options()
    asked = {word.lstrip("-") for word in given if word.startswith("-")}
    names = [name for name in options.getAll() if name in asked or name.startswith(PREFIX)]
    return [f"-{name}" for name in names if not options.used(name)]
