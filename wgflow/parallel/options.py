"""PETSc's options database: what the command line and the environment give it."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from wgflow.errors import InputError
from wgflow.parallel.communicator import Communicator

__all__ = ["configure", "insert_options", "told_by_petsc", "unused_options"]

PREFIX = "wgflow_"


def insert_options(words: Sequence[str]) -> None:
    """Add options, as ``-wgflow_pc_type gamg``, to those of ``PETSC_OPTIONS``.

    Raises
    ------
    InputError
        If a word is neither an option nor the value of one: PETSc would pass it over.
    """
    from petsc4py import PETSc

    for before, word in itertools.pairwise(["", *words]):
        if not word.startswith("-") and not before.startswith("-"):
            raise InputError(
                f"'{word}' after -- is not an option of PETSc: give words like -wgflow_pc_type gamg"
            )
    PETSc.Options().insertString(" ".join(words))


def configure(solver: Any) -> None:
    """Let options change a KSP or another object of PETSc.

    Raises
    ------
    InputError
        If PETSc does not know what an option names.
    """
    with told_by_petsc("PETSc refuses an option"):
        solver.setFromOptions()


@contextlib.contextmanager
def told_by_petsc(what: str) -> Iterator[None]:
    """Give one line for an error of PETSc's, which comes with its calls.

    Raises
    ------
    InputError
        In place of ``PETSc.Error``; what Python raised while PETSc called it is raised again.
    """
    from petsc4py import PETSc

    try:
        yield
    except PETSc.Error as error:
        if error.__cause__ is not None:  # as by Ctrl-C
            raise error.__cause__ from None
        said = re.sub(r"^\[\d+\] ", "", str(error).strip().splitlines()[-1])
        raise InputError(f"{what}: {said.rstrip('.')}: give others, or none") from None


def unused_options(comm: Communicator, given: Sequence[str] = ()) -> list[str]:
    """Name the options that nobody has asked for: mistyped ones, mostly.

    Parameters
    ----------
    comm : Communicator
    given : sequence of str
        Words of the command line; of other options only those with wgflow's prefix are named.
        The others PETSc names itself, at the end.
    """
    if not comm.active:
        return []
    from petsc4py import PETSc

    options = PETSc.Options()
    asked = {word.lstrip("-") for word in given if word.startswith("-")}
    names = [name for name in options.getAll() if name in asked or name.startswith(PREFIX)]
    unused = [name for name in names if not options.used(name)]
    for name in unused:
        options.delValue(name)  # or PETSc would name it again
    return [f"-{name}" for name in unused]
