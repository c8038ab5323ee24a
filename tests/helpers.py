"""What several test files share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import wgflow as wg
from wgflow.cli import main
from wgflow.networks.data import CosineData
from wgflow.networks.features import cosine_features
from wgflow.steppers import Stepper

CIRCLE = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
NEURON = wg.Risk(cosine_features(CosineData(0.8)))


def cosine(
    flux: wg.Upwind | wg.MUSCL | wg.ScharfetterGummel,
    temperature: float = 0.05,
    cells: int = 64,
    scale: float | Callable[[float], float] = 2.0,
    sharpness: float = 0.3,
) -> wg.FiniteVolume:
    z = sharpness
    problem = wg.Problem(
        CIRCLE,
        NEURON + wg.Entropy(temperature),
        initial=lambda x: (1 - z**2) / (1 - 2 * z * np.cos(x - 1) + z**2),
        time_scale=scale,
    )
    return wg.FiniteVolume(problem, wg.Grid(CIRCLE, cells), flux)


def advance(stepper: Stepper, until: float, density: wg.Array | None = None) -> wg.Array:
    density = stepper.space.initial_density() if density is None else density
    time = 0.0
    while time < until * (1 - 1e-12):
        step = stepper.step(density, time, until - time)
        density, time = step.density, time + step.dt
    return density


def errors(make: Callable[[float], Stepper], reference: wg.Array, steps: list[int]) -> list[float]:
    found = [advance(make(0.5 / n), 0.5) for n in steps]
    grid = make(0.5).space.grid
    return [grid.integrate(np.abs(density - reference)) for density in found]


def refuses(make: Callable[[], object], value: str, remedy: str) -> None:
    """Check that bad input is refused in one line with the value and the remedy."""
    with pytest.raises(wg.InputError) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert value in message
    assert remedy in message


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must be refused; return its one line."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("wgflow: error: ")]
    assert len(lines) == 1, captured.err
    assert "Traceback" not in captured.err
    return lines[0]
