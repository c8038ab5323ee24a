"""Networks of one width beside the density, as the dimension of the data grows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from wgflow._typing import Array
from wgflow.compare.comparison import Comparison
from wgflow.compare.runs import compare
from wgflow.compare.settings import ParticleSettings
from wgflow.errors import InputError
from wgflow.particles.coupling_table import fit_slope
from wgflow.particles.schedule import Progress
from wgflow.solution import Solution

__all__ = ["DimensionStudy", "dimension_study"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class DimensionStudy:
    """Gaps between the density and networks of one width, for data of several dimensions.

    Attributes
    ----------
    dimensions : tuple of int
    comparisons : tuple of Comparison
        One for each dimension, with a step of its own.
    gaps : (seeds, dimensions) array
        Sup over the recorded times of |R_N - R|, R the risk of the density.
    grid_errors : (dimensions,) array
        Sup over the recorded times of the change of R from half as many cells; nan if not known.
    """

    dimensions: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    gaps: Array
    grid_errors: Array

    @property
    def slope(self) -> tuple[float, float, float]:
        """Slope of the mean gap against d on logarithmic axes, and its interval at 95 %."""
        return fit_slope(np.array(self.dimensions, float), self.gaps, CONFIDENCE)

    @property
    def grows(self) -> bool:
        """Whether the gap grows with the dimension, beyond the error bars of its slope."""
        return not self.slope[1] <= 0

    def columns(self) -> dict[str, list[float]]:
        """Give dimensions, steps, mean gaps with standard errors, and errors of the grid."""
        spread = self.gaps.std(axis=0, ddof=1) / math.sqrt(len(self.gaps))
        return {
            "dimension": [float(d) for d in self.dimensions],
            "step": [one.settings.step for one in self.comparisons],
            "gap": self.gaps.mean(axis=0).tolist(),
            "gap_error": spread.tolist(),
            "grid_error": self.grid_errors.tolist(),
        }

    def to_text(self) -> str:
        """Give the gaps as a table, with the slope."""
        first = self.comparisons[0]
        until, neurons = first.solution.time, first.settings.particles
        head = f"{'d':>6} {'step':>10}  {'sup |R_N - R|':>21} {'half the cells':>15}"
        lines = [
            f"sup over t <= {until:g}, N = {neurons}, mean ± std error over {len(self.gaps)} seeds",
            head,
            "-" * len(head),
        ]
        for d, step, gap, error, grid in zip(*self.columns().values(), strict=True):
            lines.append(f"{d:>6.0f} {step:>10.3g}  {gap:>11.3e} ± {error:.1e} {grid:>15.1e}")
        slope, low, high = self.slope
        lines.append(f"slope against d: {slope:.2f} [{low:.2f}, {high:.2f}], theory 0 or below")
        return "\n".join(lines)


def dimension_study(
    solve: Callable[[int], tuple[Solution, Solution | None]],
    dimensions: Sequence[int],
    settings: ParticleSettings,
    progress: Progress | None = None,
) -> DimensionStudy:
    """Run networks of one width beside the density for data of several dimensions.

    The bounds of the theory do not depend on the dimension d of the data if the step of SGD
    is c/d, which is what its noise takes: at a fixed number of neurons the gap does not grow.

    Parameters
    ----------
    solve : callable
        ``solve(d)`` gives the solution for data of dimension d, and one on half as many cells
        or None.
    dimensions : sequence of int
        Two or more, increasing.
    settings : ParticleSettings
        Of the networks; two or more seeds. The step is d times that of each dimension.
    progress : Progress, optional

    Raises
    ------
    InputError
        If there are fewer than two dimensions or seeds, or the dimensions do not increase.

    References
    ----------
    Mei, Misiakiewicz, Montanari (2019), "Mean-field theory of two-layers neural networks:
    dimension-free bounds and kernel limit", theorem 1.
    """
    if len(dimensions) < 2 or any(a >= b for a, b in pairwise(dimensions)):
        raise InputError(f"dimensions {tuple(dimensions)}: give two or more that increase")
    if settings.seeds < 2:
        raise InputError(f"seeds = {settings.seeds}: give at least 2, for the gaps' error bars")
    comparisons, gaps, grid_errors = [], [], []
    for d in dimensions:
        solution, coarse = solve(d)
        # a stream of its own: networks of different dimensions are independent
        seed = int(np.random.SeedSequence([settings.seed, d]).generate_state(1)[0])
        one = compare(solution, replace(settings, step=settings.step / d, seed=seed), progress)
        risk = _risk(solution, one.times)
        gaps.append(np.abs(one.risks - risk).max(axis=1))
        grid_errors.append(
            math.nan if coarse is None else float(np.abs(risk - _risk(coarse, one.times)).max())
        )
        comparisons.append(one)
    return DimensionStudy(
        tuple(dimensions), tuple(comparisons), np.stack(gaps, axis=1), np.array(grid_errors)
    )


def _risk(solution: Solution, times: Array) -> Array:
    return np.interp(times, solution.history["time"], solution.history["risk"])
