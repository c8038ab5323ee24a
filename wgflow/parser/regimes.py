"""The words of the studies of regimes: students of a teacher, lazy training, three layers."""

from __future__ import annotations

from wgflow.parser.base import (
    ACTIVATIONS,
    Parser,
    Words,
    add_command,
    add_files,
    add_folder,
    add_number,
    add_restart,
    add_verbose,
)

__all__ = ["add_regimes"]


def add_regimes(studies: Words) -> None:
    """Add the words of these studies."""
    for add in (_teacher_student, _lazy_training, _three_layer):
        add(studies)


def _teacher_student(studies: Words) -> None:
    teacher = add_command(
        studies,
        "teacher_student",
        "risk of students of a ReLU teacher against their width",
        [
            "wgflow study teacher_student --figure teacher_student.png",
            "wgflow study teacher_student --dimension 20 --sizes 2,4,8 --until 10 --seeds 2",
        ],
    )
    teacher.add_argument(
        "--sizes",
        default="1,2,3,4,6,10,20,50,100,200",
        metavar="N,N…",
        help="widths (default: 1 to 200)",
    )
    add_number(teacher, "dimension", int, 100, "D", "dimension of the inputs")
    add_number(teacher, "teacher", int, 4, "N", "neurons of the teacher")
    add_number(teacher, "spread", float, 1.0, "K", "size of the initial weights")
    add_number(teacher, "step", float, 0.1, "E", "step size of SGD")
    add_number(teacher, "batch", int, 100, "P", "fresh samples per step")
    add_number(teacher, "until", float, 100.0, "T", "training time")
    add_number(teacher, "seeds", int, 8, "M", "students of each width")
    _finish(teacher, "regimes:study_teacher")


def _lazy_training(studies: Words) -> None:
    lazy = add_command(
        studies,
        "lazy_training",
        "distance of networks from their lazy limit, by width and by scale",
        [
            "wgflow study lazy_training --figure lazy_training.png",
            "wgflow study lazy_training --sizes 50,100 --scales 1,4 --seeds 2 --csv lazy.csv",
        ],
    )
    lazy.add_argument(
        "--sizes",
        default="50,100,200,400,800,1600",
        metavar="N,N…",
        help="widths, even (default: 50 to 1600)",
    )
    lazy.add_argument(
        "--scales",
        default="1,2,4,8,16,32,64,128,256",
        metavar="A,A…",
        help="scales of the output (default: 1 to 256)",
    )
    add_number(lazy, "neurons", int, 400, "N", "width at which the scale varies")
    add_number(lazy, "dimension", int, 5, "D", "dimension of the inputs")
    add_number(lazy, "samples", int, 20, "M", "number of samples")
    _add_activation(lazy)
    add_number(lazy, "until", float, 10.0, "T", "final time")
    add_number(lazy, "dt", float, 0.1, "X", "largest time step")
    add_number(lazy, "seeds", int, 5, "M", "networks of each kind")
    _finish(lazy, "regimes:study_lazy")


def _three_layer(studies: Words) -> None:
    three = add_command(
        studies,
        "three_layer",
        "distance of three-layer networks from their infinite-width limit",
        [
            "wgflow study three_layer --figure three_layer.png",
            "wgflow study three_layer --out three_layer --restart",
            "wgflow study three_layer --sizes 8,16 --indices 200 --seeds 4 --until 5",
        ],
    )
    three.add_argument(
        "--sizes",
        default="8,16,32,64,128,256",
        metavar="N,N…",
        help="widths of both hidden layers (default: 8 to 256)",
    )
    add_number(three, "indices", int, 1000, "N", "points of each index space of the limit")
    add_number(three, "spaces", int, 4, "K", "number of limits, for their scatter at N indices")
    add_number(three, "dimension", int, 2, "D", "dimension of the inputs")
    add_number(three, "samples", int, 30, "M", "number of samples")
    _add_activation(three)
    add_number(three, "until", float, 40.0, "T", "final time")
    add_number(three, "step", float, 0.5, "X", "largest time step")
    add_number(three, "seeds", int, 30, "M", "networks of each width")
    _finish(three, "regimes:study_three_layer")


def _add_activation(parser: Parser) -> None:
    """Add the choice of a smooth unit."""
    parser.add_argument(
        "--activation",
        choices=ACTIVATIONS,
        default="tanh",
        metavar="A",
        help="tanh (default), erf or logistic",
    )


def _finish(parser: Parser, command: str) -> None:
    add_number(parser, "seed", int, 0, "S", "seed of the first")
    output = add_folder(parser)
    add_restart(output)
    add_files(output, csv="the table", figure="it")
    add_verbose(parser)
    parser.set_defaults(command=command)
