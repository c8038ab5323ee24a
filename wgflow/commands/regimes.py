"""Commands that study regimes: students of a teacher, lazy training, three layers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from wgflow.commands.inputs import check_files, numbers, whole_numbers
from wgflow.commands.keeping import finished_before, keeping
from wgflow.commands.leaving import leave, slope

if TYPE_CHECKING:
    pass

__all__ = ["study_lazy", "study_teacher", "study_three_layer"]


def study_teacher(given: argparse.Namespace) -> int:
    """Train students of several widths on a ReLU teacher."""
    from wgflow.particles.teacher_student import teacher_student
    from wgflow.plots.regimes import teacher_figure

    check_files(given)
    if (code := finished_before(given, "study teacher_student")) is not None:
        return code
    with keeping(given, "study teacher_student") as kept:
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
            share=kept.share,
        )
        print(table.to_text())
        leave(given, "study teacher_student", table.columns(), figure=lambda: teacher_figure(table))
    return 0


def study_lazy(given: argparse.Namespace) -> int:
    """Measure how far networks are from their lazy limit."""
    from wgflow.particles.lazy_study import MEASURED, SERIES, lazy_training
    from wgflow.plots.regimes import lazy_figure

    check_files(given)
    if (code := finished_before(given, "study lazy_training")) is not None:
        return code
    with keeping(given, "study lazy_training") as kept:
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
            share=kept.share,
        )
        print(table.to_text())
        variables = ("m, scaling 1/m", "m, scaling 1/√m", "α")
        slopes = [
            slope(f"{quantity} against {variable} (± {error:.3f}, standard error)", (at,))
            for series, variable in zip(SERIES, variables, strict=True)
            for quantity in MEASURED
            for at, error in (table.slope(series, quantity),)
        ]
        leave(
            given,
            "study lazy_training",
            table.columns(),
            figure=lambda: lazy_figure(table),
            findings=slopes,
        )
    return 0


def study_three_layer(given: argparse.Namespace) -> int:
    """Measure how far three-layer networks are from their limit."""
    from wgflow.particles.three_layer_study import THEORY, THREE_LAYER_ERRORS, three_layer
    from wgflow.plots.three_layer import three_layer_figure

    check_files(given)
    if (code := finished_before(given, "study three_layer")) is not None:
        return code
    with keeping(given, "study three_layer") as kept:
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
            share=kept.share,
        )
        print(table.to_text())
        slopes = [slope(n, table.slope(n), f"{THEORY:g}") for n in THREE_LAYER_ERRORS]
        leave(
            given,
            "study three_layer",
            table.columns(),
            figure=lambda: three_layer_figure(table),
            findings=slopes,
        )
    return 0
