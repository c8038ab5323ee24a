"""Networks of several widths beside the density that is their limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.compare.comparison import Comparison, ParticleSettings
from wgflow.compare.runs import compare
from wgflow.distances import first_marginal, sample_wasserstein1
from wgflow.errors import InputError
from wgflow.io import Checkpoint
from wgflow.mesh import Region
from wgflow.parallel import on_root
from wgflow.particles.coupling_table import fit_slope
from wgflow.particles.schedule import Progress
from wgflow.solution import Solution

__all__ = ["WidthStudy", "places", "width_study"]

THEORY = -0.5  # slope in N that the theorems' bound has
WITHIN = 0.15
CONFIDENCE = 0.95
TITLES = {"risk": "sup |R_N - R|", "scatter": "sup |R_N - mean|", "distance": "sup W1"}


@dataclass(frozen=True)
class WidthStudy:
    """Networks of several widths beside one density.

    Attributes
    ----------
    comparisons : tuple of Comparison
        One for each width, of the same solution.
    asked : ParticleSettings
        Those of all widths; each has a seed of its own that comes from theirs.
    risk : (seeds, widths) array
        Sup over the recorded times of |R_N - R|, R the risk of the density. Where the mean excess
        of the networks, of order 1/N, outweighs their scatter, it falls faster than N^(-1/2).
    distance : (seeds, widths) array
        Sup over the snapshots of the 1-Wasserstein distance between the first marginal of the
        density and the neurons of one network.
    grid_error : float or None
        Sup over the recorded times of the change of R from half as many cells to these.
    grid_distance : float or None
        Sup over the snapshots of the distance of the first marginals of both.
    """

    comparisons: tuple[Comparison, ...]
    asked: ParticleSettings
    risk: Array
    distance: Array
    grid_error: float | None = None
    grid_distance: float | None = None

    @property
    def solution(self) -> Solution:
        """The density."""
        return self.comparisons[0].solution

    @property
    def scatter(self) -> Array:
        """Sup over the recorded times of |R_N - mean of R_N over seeds|, (seeds, widths)."""
        away = [np.abs(one.risks - one.risk_mean).max(axis=1) for one in self.comparisons]
        return np.stack(away, axis=1)

    @property
    def sizes(self) -> list[int]:
        """Neurons of the networks."""
        return [one.settings.particles for one in self.comparisons]

    def slope(self, name: str) -> tuple[float, float, float]:
        """Slope of an error of ``TITLES`` against N on logarithmic axes, and its interval.

        The interval is at 95 %, by a jackknife over seeds.
        """
        return fit_slope(np.array(self.sizes, float), getattr(self, name), CONFIDENCE)

    def missed(self) -> list[str]:
        """Name what falls more slowly than the theorems' N^(-1/2) says.

        Not what has come down to the error of the grid: it falls no more.
        """
        floors = {"risk": self.grid_error or 0.0, "distance": self.grid_distance or 0.0}
        return [
            name
            for name in TITLES
            if not self.slope(name)[0] <= THEORY + WITHIN
            and not getattr(self, name)[:, -1].mean() <= floors.get(name, 0.0)
        ]

    def columns(self) -> dict[str, list[float]]:
        """Give mean errors and their standard errors as columns of numbers."""
        found: dict[str, list[float]] = {"neurons": [float(n) for n in self.sizes]}
        for name in TITLES:
            errors = getattr(self, name)
            found[name] = errors.mean(axis=0).tolist()
            spread = errors.std(axis=0, ddof=1) / math.sqrt(len(errors))
            found[f"{name}_error"] = spread.tolist()
        return found

    def to_text(self) -> str:
        """Give errors and slopes as a table."""
        columns, seeds, until = self.columns(), len(self.risk), self.solution.time
        head = f"{'N':>7}" + "".join(f"  {title:>21}" for title in TITLES.values())
        lines = [f"sup over t <= {until:g}, mean ± std error of {seeds} networks", head]
        lines.append("-" * len(head))
        for row in zip(*columns.values(), strict=True):
            pairs = zip(row[1::2], row[2::2], strict=True)
            lines.append(f"{row[0]:>7.0f}" + "".join(f"  {m:>11.3e} ± {e:.1e}" for m, e in pairs))
        if self.grid_error is not None:
            lines.append(
                f"half as many cells change R by {self.grid_error:.1e}, the first marginal by "
                f"{self.grid_distance:.1e} at most"
            )
        for name, title in TITLES.items():
            slope, low, high = self.slope(name)
            lines.append(
                f"slope of {title}: {slope:.2f} [{low:.2f}, {high:.2f}], theory {THEORY} or steeper"
            )
        return "\n".join(lines)

    def settings(self) -> dict[str, Any]:
        """Give how the networks were run."""
        return {**asdict(self.asked), "particles": self.sizes}

    def save(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the study and the files of the solution; all ranks call it together.

        ``widths.csv`` holds errors against N, ``risks.csv`` risks over time, ``widths.json`` the
        settings, errors and slopes, ``widths.png`` the figure, ``particles.h5`` the neurons of one
        of the widest networks.

        Raises
        ------
        InputError
            If the directory holds an earlier result and ``overwrite`` is false; this one is then
            in DIRECTORY-2.
        """
        from wgflow.io import write_or_keep

        whole = self.solution.gathered()
        gathered = replace(
            self, comparisons=tuple(replace(one, solution=whole) for one in self.comparisons)
        )

        def write(folder: Path) -> Path:
            on_root(self.solution.grid.comm, lambda: gathered._write(folder, overwrite))
            return self.solution.save(folder, overwrite=overwrite)

        return write_or_keep(directory, write, comm=self.solution.grid.comm)

    def _write(self, folder: Path, overwrite: bool) -> None:
        from wgflow.io import atomically, claim_directory, save_neurons, write_json, write_table
        from wgflow.plots.widths import widths_figure

        claim_directory(folder, overwrite=overwrite)
        write_table(folder / "widths.csv", self.columns())
        times = self.comparisons[0].times
        curves = {"time": times, "risk": _risk(self.solution, times)}
        for size, one in zip(self.sizes, self.comparisons, strict=True):
            curves |= {f"mean_{size}": one.risk_mean, f"deviation_{size}": one.risk_deviation}
        write_table(folder / "risks.csv", curves)
        content = {
            "settings": self.settings(),
            "errors": self.columns(),
            "slopes": {name: list(self.slope(name)) for name in TITLES},
            "grid_error": self.grid_error,
            "grid_distance": self.grid_distance,
        }
        write_json(folder / "widths.json", content)
        widest = self.comparisons[-1].coordinates[:, :1]
        save_neurons(folder, self.solution, widest)
        figure = widths_figure(self)
        atomically(folder / "widths.png", lambda path: figure.savefig(path, format="png", dpi=150))


def width_study(
    solution: Solution,
    sizes: Sequence[int],
    settings: ParticleSettings,
    progress: Progress | None = None,
    *,
    coarse: Solution | None = None,
    checkpoint: Checkpoint | None = None,
    restart: bool = False,
) -> WidthStudy:
    """Run networks of several widths beside a solution of their density equation.

    Parameters
    ----------
    solution : Solution
        Of a problem with a network, on a box.
    sizes : sequence of int
        Two or more widths N, increasing.
    settings : ParticleSettings
        Of the networks, but for the particles; two or more seeds. Networks of different widths
        are independent.
    progress : Progress, optional
    coarse : Solution, optional
        Of the same problem on half as many cells, to tell the error of the grid.
    checkpoint, restart
        As for :func:`wgflow.compare.compare`; the networks of each width have a folder there.

    Raises
    ------
    InputError
        If there are fewer than two sizes or seeds, the sizes do not increase, or what ``compare``
        raises.
    """
    if len(sizes) < 2 or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
        raise InputError(f"sizes {tuple(sizes)}: give two or more widths >= 1 that increase")
    if settings.seeds < 2:
        raise InputError(f"seeds = {settings.seeds}: give at least 2, for the slopes' intervals")
    if isinstance(solution.known_problem.domain, Region):
        raise InputError(f"the domain is {solution.known_problem.domain!r}: this study needs a box")
    of_size = [None] * len(sizes) if checkpoint is None else places(checkpoint, sizes)
    comparisons = tuple(
        compare(
            solution, _sized(settings, size), progress, checkpoint=place, restart=restart
        )
        for size, place in zip(sizes, of_size, strict=True)
    )  # fmt: skip
    times, whole = comparisons[0].times, solution.gathered()
    risk = _risk(solution, times)
    return WidthStudy(
        comparisons,
        settings,
        np.stack([np.abs(one.risks - risk).max(axis=1) for one in comparisons], axis=1),
        np.stack([_distances(whole, one.coordinates[:, :, 0]) for one in comparisons], axis=1),
        None if coarse is None else float(np.abs(risk - _risk(coarse, times)).max()),
        None if coarse is None else _apart(whole, coarse.gathered()),
    )


def places(checkpoint: Checkpoint, sizes: Sequence[int]) -> list[Checkpoint]:
    """Give where the checkpoints of the networks of each width are."""
    return [replace(checkpoint, directory=checkpoint.path / f"width-{n}") for n in sizes]


def _sized(settings: ParticleSettings, size: int) -> ParticleSettings:
    """Give a width its own seed, or its first neurons would be those of the narrower."""
    seed = int(np.random.SeedSequence([settings.seed, size]).generate_state(1)[0])
    return replace(settings, particles=size, seed=seed)


def _risk(solution: Solution, times: Array) -> Array:
    history = solution.history
    return np.interp(times, history["time"], history["risk"])


def _apart(fine: Solution, coarse: Solution) -> float:
    """Sup over snapshots of the distance of the first marginals of two solutions."""
    axis, found = fine.grid.box.axes[0], []
    edges = fine.grid.edges[0]
    for pair in zip(fine.densities, coarse.densities, strict=True):
        gap = np.zeros(len(edges))
        for sign, density, grid in zip((1, -1), pair, (fine.grid, coarse.grid), strict=True):
            masses = first_marginal(density, grid.widths) * grid.widths[0]
            below = np.concatenate([[0.0], np.cumsum(masses)])
            gap += sign * np.interp(edges, grid.edges[0], below)
        if axis.periodic:  # mass may go either way round
            gap -= np.median(gap)
        found.append(float(np.abs((gap[1:] + gap[:-1]) / 2) @ np.diff(edges)))
    return max(found)


def _distances(solution: Solution, coordinates: Array) -> Array:
    """Sup over snapshots of the distance of each network, from coordinates (S, seeds, N)."""
    sharp = [solution.sharp(i) for i in range(len(solution.times))]
    pairs = zip(sharp, coordinates, strict=True)
    found = [[sample_wasserstein1(d, one, grid) for one in each] for (grid, d), each in pairs]
    return np.max(found, axis=0)  # type: ignore[no-any-return]
