"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import itertools
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime

from wgflow.catalog import explain
from wgflow.commands import find
from wgflow.commands.compiling import compiling_told
from wgflow.errors import InputError, Interrupted, InterruptedByKeyboard, WgflowError
from wgflow.parallel import (
    SERIAL,
    Communicator,
    abort,
    all_failed,
    insert_options,
    launched_rank,
    unused_options,
    world,
)
from wgflow.parser import START, WordsError, build_parser
from wgflow.parser.complete import ASKED, answer
from wgflow.parser.mend import Mended, mend
from wgflow.parser.mend_reason import mend_by

__all__ = ["main"]

EXIT_BAD_INPUT, EXIT_INTERRUPTED = 2, 130
EXIT_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: run it again
ERROR = "wgflow: error: "


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    0: done. 1: a rate was missed. 2: bad input or a run that failed, one line on stderr.
    75: stopped by SIGTERM or SIGUSR1 after a checkpoint, to be continued with ``--restart``.
    130: stopped by Ctrl-C, at the first after a checkpoint if the command writes any.
    What follows ``--`` are options of PETSc.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [ASKED]:  # a shell asks how a word may end
        sys.stdout.write(answer(build_parser(), words[1:]))
        return 0
    words, options = _split(words)
    try:
        # the doctor asks for the ranks itself, for it tells what is wrong with them
        comm = SERIAL if words[:1] == ["doctor"] else world()
    except WgflowError as error:
        if launched_rank() == 0:
            sys.stderr.write(f"{ERROR}{error}\n")
        return EXIT_BAD_INPUT
    if isinstance(sys.stdout, io.TextIOWrapper):  # a job's log is read while the job runs
        sys.stdout.reconfigure(line_buffering=True)
    with contextlib.nullcontext() if comm.is_root else _silence():
        return _answer(words, options, comm)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Divide the words at the ``--`` that options of PETSc follow, which begin with a dash.

    Another, as in ``-- cells 64``, is a slip.
    """
    for place, (word, after) in enumerate(itertools.pairwise([*words, "-"])):
        if word == "--" and after[:1] == "-":
            return words[:place], words[place + 1 :]
    return words, []


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep a rank from printing: the root speaks for all."""
    with (
        open(os.devnull, "w", encoding="utf-8") as sink,
        contextlib.redirect_stdout(sink),
        warnings.catch_warnings(),
    ):
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield


def _answer(words: list[str], options: list[str], comm: Communicator) -> int:
    """Do what the words say; return the exit code."""
    try:
        given = build_parser().parse_args(words)
    except WordsError as error:
        if comm.is_root:
            sys.stderr.write(f"{_not_understood(words, options, error)}\n")
        return EXIT_BAD_INPUT
    given.typed = shlex.join(["wgflow", *words, *(["--", *options] if options else [])])
    given.started = datetime.now().astimezone()
    if given.command is None:
        sys.stdout.write(START)
        return 0
    _configure_logging(given.verbose, comm.is_root)
    code, message = _run_command(given, comm, options)
    if message is None:
        return code
    if not all_failed(comm):
        abort(comm, message, code)
    if comm.is_root and message:
        sys.stderr.write(f"{_with_remedy(message, words, options)}\n")
    return code


def _not_understood(words: Sequence[str], options: Sequence[str], error: WordsError) -> str:
    """Say on one line what is wrong with the words, and what to type."""
    mended = mend(build_parser(), words)
    if mended is None:
        return f"{ERROR}{error}: see `{error.command} --help`"
    return f"{ERROR}{mended.said}: did you mean: {_typed(mended, options)}"


def _with_remedy(message: str, words: Sequence[str], options: Sequence[str]) -> str:
    """Add to a refusal what to type, where the words were understood but named something wrong."""
    if not message.startswith(ERROR):
        return message
    reason = message.removeprefix(ERROR)
    parser = build_parser()
    mended = mend(parser, words) or mend_by(parser, words, reason)
    if mended is None:
        return message
    return f"{ERROR}{mended.said}: did you mean: {_typed(mended, options)}"


def _typed(mended: Mended, options: Sequence[str]) -> str:
    return mended.line + (f" -- {shlex.join(options)}" if options else "")


def _go_on(given: argparse.Namespace) -> str:
    """Say how an interrupted run is continued, or what would have let it be."""
    if not hasattr(given, "restart"):
        return ""
    if not hasattr(given, "checkpoint_every"):  # it keeps what is finished
        if given.out is None:
            return ": with --out DIR, finished networks are kept for --restart"
        return ": the same command with --restart runs the remaining networks"
    if given.checkpoint_every or given.checkpoint_steps:
        return ": the same command with --restart resumes from the last checkpoint"
    return ": with --checkpoint-every S it writes checkpoints for --restart"


def _configure_logging(verbose: bool, speaks: bool) -> None:
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(
        level=level if speaks else logging.ERROR,
        format="wgflow: %(levelname)s: %(message)s",
        force=True,
    )
    logging.addLevelName(logging.WARNING, "warning")
    logging.addLevelName(logging.INFO, "info")
    for noisy in ("matplotlib", "numba", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _run_command(
    given: argparse.Namespace, comm: Communicator, options: Sequence[str]
) -> tuple[int, str | None]:
    """Run a command; return the exit code and, if it failed, one line that says why."""
    try:
        if options:
            if not comm.active:
                raise InputError(
                    f"options of PETSc ({' '.join(options)}) without PETSc: start with mpiexec, "
                    "or omit them"
                )
            insert_options(options)
        try:
            with compiling_told(comm.is_root):
                code = find(given.command)(given)
        finally:
            unused = unused_options(comm, options)
            folders = sys.modules.get("wgflow.io.durable")
            if folders is not None:  # nothing is written without it
                folders.remove_unfilled()
        for option in unused:
            logging.warning("PETSc option %s was not used", option)
        return code, None
    except Interrupted as stop:
        by_hand = isinstance(stop, InterruptedByKeyboard)
        return EXIT_INTERRUPTED if by_hand else EXIT_STOPPED, f"wgflow: {stop}"
    except WgflowError as error:
        return EXIT_BAD_INPUT, f"{ERROR}{error}"
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED, f"wgflow: interrupted{_go_on(given)}"
    except BrokenPipeError:
        # the reader of our output went away, as in `wgflow cases | head -1`
        sys.stderr.close()
        return 0, None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        remedy = "free some space, or write to another disk" if full else "name another file"
        message = f"{ERROR}{where}{error.strerror or error}: {remedy}"
        return EXIT_BAD_INPUT, message
    except MemoryError as error:
        message = f"wgflow: error: out of memory: {error}: give fewer cells or particles"
        return EXIT_BAD_INPUT, message
    except (Exception, SystemExit) as error:  # a rank that leaves alone would not be missed
        cause = explain(error)
        if cause is None:  # none of the user's files took part: a defect, to be reported whole
            raise
        logging.info("the whole traceback", exc_info=True)
        return EXIT_BAD_INPUT, f"{ERROR}{cause}"
