"""Commands that study regimes: students of a teacher, lazy training, three layers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow.commands.inputs import check_files, numbers, whole_numbers
from wgflow.parallel import on_root, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["add_regimes", "study_lazy", "study_teacher", "study_three_layer"]


def study_teacher(given: argparse.Namespace) -> int:
    """Train students of several widths on a ReLU teacher."""
    from wgflow.compare import Team
    from wgflow.particles.teacher_student import teacher_student
    from wgflow.plots.regimes import teacher_figure

    check_files(given)
    table = teacher_student(
        whole_numbers(given.sizes, "--sizes") or (),
        dimension=given.dimension,
        neurons=given.teacher,
        spread=given.spread,
        step=given.step,
        batch=given.batch,
        until=given.until,
        seeds=given.seeds,
        seed=given.seed,
        share=Team(world()).share,
    )
    print(table.to_text())
    _write(given, table.columns(), lambda: teacher_figure(table))
    return 0


def study_lazy(given: argparse.Namespace) -> int:
    """Measure how far networks are from their lazy limit."""
    from wgflow.compare import Team
    from wgflow.particles.lazy_study import lazy_training
    from wgflow.plots.regimes import lazy_figure

    check_files(given)
    table = lazy_training(
        whole_numbers(given.sizes, "--sizes") or (),
        numbers(given.scales, "--scales"),
        neurons=given.neurons,
        dimension=given.dimension,
        samples=given.samples,
        activation=given.activation,
        until=given.until,
        dt=given.dt,
        seeds=given.seeds,
        seed=given.seed,
        share=Team(world()).share,
    )
    print(table.to_text())
    _write(given, table.columns(), lambda: lazy_figure(table))
    return 0


def study_three_layer(given: argparse.Namespace) -> int:
    """Measure how far three-layer networks are from their limit."""
    from wgflow.compare import Team
    from wgflow.particles.three_layer_study import three_layer
    from wgflow.plots.three_layer import three_layer_figure

    check_files(given)
    table = three_layer(
        whole_numbers(given.sizes, "--sizes") or (),
        indices=given.indices,
        spaces=given.spaces,
        dimension=given.dimension,
        samples=given.samples,
        activation=given.activation,
        until=given.until,
        dt=given.step,
        seeds=given.seeds,
        seed=given.seed,
        share=lambda task, count: Team(world()).share(task, count),
    )
    print(table.to_text())
    _write(given, table.columns(), lambda: three_layer_figure(table))
    return 0


def _write(given: argparse.Namespace, columns: Mapping[str, Iterable[float]], draw: Any) -> None:
    from wgflow.io import write_table

    def write() -> None:
        if given.csv:
            write_table(Path(given.csv), columns)
        if given.figure:
            figure: Figure = draw()
            figure.savefig(given.figure, dpi=150)

    on_root(world(), write)


def add_regimes(studies: Any) -> None:
    """Add the words of these studies."""
    teacher = studies.add_parser(
        "teacher_student", help="risk of students of a ReLU teacher against their width"
    )
    teacher.add_argument(
        "--sizes", default="1,2,3,4,6,10,20,50,100,200", metavar="N,N…", help="widths"
    )
    _number(teacher, "dimension", int, 100, "D", "of the inputs")
    _number(teacher, "teacher", int, 4, "N", "neurons of the teacher")
    _number(teacher, "spread", float, 1.0, "K", "size of the initial weights")
    _number(teacher, "step", float, 0.1, "E", "step size of SGD")
    _number(teacher, "batch", int, 100, "P", "fresh samples a step")
    _number(teacher, "until", float, 100.0, "T", "training time")
    _number(teacher, "seeds", int, 8, "M", "students of each width")
    _finish(teacher, study_teacher)
    lazy = studies.add_parser(
        "lazy_training", help="distance of networks from their lazy limit, in width and in scale"
    )
    lazy.add_argument(
        "--sizes", default="50,100,200,400,800,1600", metavar="N,N…", help="widths, even"
    )
    lazy.add_argument(
        "--scales", default="1,2,4,8,16,32,64,128,256", metavar="A,A…", help="of the output"
    )
    _number(lazy, "neurons", int, 400, "N", "width where the scale varies")
    _number(lazy, "dimension", int, 5, "D", "of the inputs")
    _number(lazy, "samples", int, 20, "M", "of the data")
    lazy.add_argument("--activation", default="tanh", metavar="A", help="tanh, erf or logistic")
    _number(lazy, "until", float, 10.0, "T", "end of the flow")
    _number(lazy, "dt", float, 0.1, "X", "longest time step")
    _number(lazy, "seeds", int, 5, "M", "networks of each kind")
    _finish(lazy, study_lazy)
    three = studies.add_parser(
        "three_layer", help="distance of three-layer networks from their limit of infinite width"
    )
    three.add_argument(
        "--sizes", default="8,16,32,64,128,256", metavar="N,N…", help="widths of both hidden layers"
    )
    _number(three, "indices", int, 1000, "N", "of each index space of the limit")
    _number(three, "spaces", int, 4, "K", "limits, to know how much N indices scatter")
    _number(three, "dimension", int, 2, "D", "of the inputs")
    _number(three, "samples", int, 30, "M", "of the data")
    three.add_argument("--activation", default="tanh", metavar="A", help="tanh, erf or logistic")
    _number(three, "until", float, 40.0, "T", "end of the flow")
    _number(three, "step", float, 0.5, "X", "longest time step")
    _number(three, "seeds", int, 30, "M", "networks of each width")
    _finish(three, study_three_layer)


def _number(parser: Any, name: str, kind: type, default: float, letter: str, text: str) -> None:
    parser.add_argument(
        f"--{name}", type=kind, default=default, metavar=letter, help=f"{text} ({default:g})"
    )


def _finish(parser: Any, command: Any) -> None:
    _number(parser, "seed", int, 0, "S", "of the first")
    parser.add_argument("--csv", metavar="FILE", help="write the table there")
    parser.add_argument("--figure", metavar="FILE", help="draw it there")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
    parser.set_defaults(command=command)
