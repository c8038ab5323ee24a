"""The command that solves a network case and runs finite networks beside it."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow import catalog
from wgflow.commands.inputs import report, settings_of, solve_case
from wgflow.commands.progress import NetworkBar
from wgflow.commands.restarts import already_done, checkpoint_in, how_to_go_on, place
from wgflow.errors import InputError, Interrupted, WgflowError
from wgflow.io import Checkpoint
from wgflow.loop.plain import differences, plain
from wgflow.parallel import Communicator, on_root, world
from wgflow.solution import Solution

if TYPE_CHECKING:
    from wgflow.compare import Comparison, ParticleSettings

__all__ = ["cleared_after_failure", "compare", "particle_settings", "settled"]


def compare(given: argparse.Namespace) -> int:
    """Solve a network case and run finite networks beside it, or go on where it was stopped."""
    from wgflow.compare import clear

    case = catalog.load("cases", given.case)
    settings = particle_settings(given, case)
    out = place(given)
    if case.problem(**settings_of(case.problem, given.set)).network is None:
        raise InputError(
            f"{given.case} has no finite network to compare with: choose a network case "
            "with a finite dimension, such as isotropic_gaussians or data_network"
        )
    if already_done(out, given, case) and settled(out / "comparison.json", asdict(settings)):
        print(f"{out}/ holds the finished comparison: nothing to do")
        return 0
    # the density is needed again if the networks are stopped
    checkpoint = replace(checkpoint_in(out, given), last=True)
    with how_to_go_on(out, given):
        solution = solve_case(given, case, checkpoint, given.restart)
        print(report(solution))
        print(_announced(solution, settings))
        comparison = _compared(given, solution, settings, checkpoint)
    comparison.save(out, overwrite=given.overwrite or given.restart)
    if solution.grid.comm.is_root:
        clear(checkpoint)
    print(comparison.to_text())
    print(f"written to {out}/ (see comparison.png)")
    return 0


def particle_settings(
    given: argparse.Namespace, case: types.ModuleType, plan: Mapping[str, Any] | None = None
) -> ParticleSettings:
    """Give the settings of the command line, over those of a plan, over those of the case."""
    from wgflow.compare import ParticleSettings

    asked = {field.name: getattr(given, field.name, None) for field in fields(ParticleSettings)}
    chosen = {name: value for name, value in asked.items() if value is not None}
    stated = dict(getattr(case, "PARTICLES", {}))
    if plan and chosen.get("dynamics") in (None, plan.get("dynamics", "sgd")):
        stated |= plan  # its step is that of its dynamics
    if {**stated, **chosen}.get("dynamics", "sgd") != "sgd":
        stated.pop("batch", None)  # of the case's own dynamics
    if plan is not None:
        stated.pop("extrapolate", None)
        stated.pop("particles", None)
    return ParticleSettings(**{**stated, **chosen})


def _announced(solution: Solution, settings: ParticleSettings) -> str:
    steps = math.ceil(solution.time / settings.step)
    halves = f" and {settings.seeds} of {settings.particles // 2}" if settings.extrapolate else ""
    return (
        f"{settings.seeds} networks of {settings.particles} neurons{halves}, {steps} steps of "
        f"{settings.step:g} each ({settings.dynamics})"
    )


def _compared(
    given: argparse.Namespace,
    solution: Solution,
    settings: ParticleSettings,
    checkpoint: Checkpoint,
) -> Comparison:
    """Run the networks, or those that are left."""
    from wgflow import compare as comparing

    comm = solution.grid.comm
    count = settings.seeds * (1 + settings.extrapolate)
    bar = NetworkBar(len(range(comm.rank, count, comm.size)))
    with cleared_after_failure(given, comm, [checkpoint]):
        return comparing.compare(
            solution, settings, bar, checkpoint=checkpoint, restart=given.restart
        )


@contextlib.contextmanager
def cleared_after_failure(
    given: argparse.Namespace, comm: Communicator, places: Sequence[Checkpoint]
) -> Iterator[None]:
    """Remove the checkpoints of networks that failed, if nobody has asked for any.

    The last of the places is that of the density.
    """
    from wgflow.compare import clear

    try:
        yield
    except Interrupted:
        raise
    except WgflowError:
        asked = given.restart or given.checkpoint_every or given.checkpoint_steps
        if comm.is_root and not asked:
            for place in places:
                clear(place)
            with contextlib.suppress(OSError):  # it is not there, or holds something
                places[-1].path.parent.rmdir()
        raise


def settled(path: Path, settings: Mapping[str, Any]) -> bool:
    """Whether the networks too have been run, as the file says that holds their settings.

    Raises
    ------
    InputError
        If others have.
    """

    def stored() -> dict[str, Any] | None:
        if not path.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["settings"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} cannot be read ({error}): remove it and try again") from None
        return found

    there = on_root(world(), stored)
    if there is None:
        return False
    differing = differences(there, {k: plain(v) for k, v in settings.items()})
    if differing:
        raise InputError(
            f"{path.parent} holds the result of other networks ({'; '.join(differing)}): name "
            "another --out, or start over with --overwrite instead of --restart"
        )
    return True
