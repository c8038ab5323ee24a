"""What a comparison of the density equation with finite networks holds."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from wgflow._typing import Array
from wgflow.compare.settings import ParticleSettings
from wgflow.errors import InputError
from wgflow.parallel import on_root
from wgflow.solution import Solution

__all__ = ["Comparison"]

PICTURED = 6  # panels of the figure
NAMES = {"sgd": "SGD", "gradient": "GD", "particle": "PD", "nonlinear": "ND"}


@dataclass(frozen=True)
class Comparison:
    """Risk and coordinates of finite networks at times of a solution.

    Attributes
    ----------
    solution : Solution
    settings : ParticleSettings
    times : (T,) array
        Times at which the networks were recorded; the snapshots' are among them.
    risks : (seeds, T) array
        Population risk of each network.
    means : (seeds, T, D) array
        Mean over the neurons of each coordinate of the density.
    coordinates : (S, seeds, D, N) array
        Coordinates of the neurons at the solution's snapshot times.
    half_risks : (seeds, T) array or None
        Population risk of other networks, of half the width.
    states : (seeds, N, D) array or None
        Full states of the neurons at the end, of networks that are trained on samples.
    """

    solution: Solution
    settings: ParticleSettings
    times: Array
    risks: Array
    means: Array
    coordinates: Array
    half_risks: Array | None = None
    states: Array | None = None

    @property
    def risk_mean(self) -> Array:
        """Mean over seeds, shape (T,)."""
        return np.asarray(self.risks.mean(axis=0))

    @property
    def risk_deviation(self) -> Array:
        """Standard deviation over seeds, shape (T,); nan with one seed."""
        return _deviation(self.risks)

    @property
    def limit(self) -> tuple[Array, Array]:
        """Mean risk extrapolated to infinite width, and its standard error, shape (T,).

        Raises
        ------
        InputError
            If no networks of half the width were run.
        """
        if self.half_risks is None:
            raise InputError("no networks of half the width were run: set extrapolate")
        mean: Array = 2 * self.risk_mean - self.half_risks.mean(axis=0)
        variance = 4 * self.risk_deviation**2 + _deviation(self.half_risks) ** 2
        return mean, np.sqrt(variance / len(self.risks))

    def sample(self, snapshot: int, axis: int = 0) -> Array:
        """One coordinate of all neurons of all networks at a snapshot."""
        return np.asarray(self.coordinates[snapshot, :, axis].ravel())

    @property
    def lines(self) -> list[int]:
        """Axes of which means are compared: those that are not periodic."""
        axes = self.solution.grid.box.axes
        return [k for k, axis in enumerate(axes) if not axis.periodic]

    def equation_means(self) -> Array:
        """Means of the coordinates under the density at the snapshots, shape (S, D); collective."""
        sharp = [self.solution.sharp(i) for i in range(len(self.solution.times))]
        return np.array(
            [[g.integrate_product(x, density) for x in g.coordinates] for g, density in sharp]
        )

    def pictured(self) -> list[int]:
        """Numbers of the snapshots a figure shows: the start and the latest."""
        count = len(self.solution.times)
        return [0, *range(max(1, count - PICTURED + 1), count)]

    def rows(self) -> list[dict[str, float]]:
        """Risks of both at the snapshot times."""
        found = []
        names, equation_means = self.solution.grid.box.names, self.equation_means()
        for number, time in enumerate(self.solution.times):
            i = int(np.argmin(np.abs(self.times - time)))
            equation = self.solution.at(time, "risk")
            mean, deviation = float(self.risk_mean[i]), float(self.risk_deviation[i])
            found.append(
                {
                    "time": float(time),
                    "iterations": float(time) / self.settings.step,
                    "risk_equation": equation,
                    "risk_network": mean,
                    "deviation": deviation,
                    "difference": mean - equation,
                }
            )
            if self.half_risks is not None:
                limit, error = (float(v[i]) for v in self.limit)
                found[-1] |= {
                    "risk_limit": limit,
                    "limit_error": error,
                    "limit_difference": limit - equation,
                }
            for axis in self.lines:
                found[-1] |= {
                    f"mean_{names[axis]}_equation": float(equation_means[number, axis]),
                    f"mean_{names[axis]}_network": float(self.means[:, i, axis].mean()),
                }
        return found

    def to_text(self) -> str:
        """Give the rows as a table."""
        label = NAMES[self.settings.dynamics]
        columns = [
            ("time", "time", "8.4g"),
            ("iterations", "iterations", "11.4g"),
            ("risk_equation", "R density", "10.5f"),
            ("risk_network", f"R {label}", "10.5f"),
            ("deviation", "± std dev", "10.1e"),
        ]
        if self.half_risks is None:
            columns += [("difference", "difference", "+11.1e")]
        else:
            columns += [
                ("risk_limit", "R N→∞", "10.5f"),
                ("limit_error", "± std err", "10.1e"),
                ("limit_difference", "difference", "+11.1e"),
            ]
        text = f"{self._table(columns)}\n{self._known()}"
        if len(self.lines) < 2:
            return text
        columns = columns[:1]
        for axis in self.lines:
            coordinate = self.solution.grid.box.names[axis]
            columns += [
                (f"mean_{coordinate}_equation", f"{coordinate} density", "11.5f"),
                (f"mean_{coordinate}_network", f"{coordinate} {label}", "10.5f"),
            ]
        return f"{text}\n\nmeans\n{self._table(columns)}"

    def _known(self) -> str:
        """Say how well so few networks tell the mean, by Student's distribution."""
        from scipy.special import stdtrit

        seeds = self.settings.seeds
        if seeds < 2:
            return "one network: their spread is not known"
        factor = float(stdtrit(seeds - 1, 0.975))  # between both: 95 %
        said = f"{seeds} networks: their mean is known to ± {factor / math.sqrt(seeds):.2g} std dev"
        if self.half_risks is not None:  # Welch's degrees of freedom are seeds - 1 or more
            said += f", its limit to ± {factor:.2g} std err at most"
        return f"{said}, at 95 %"

    def _table(self, columns: list[tuple[str, str, str]]) -> str:
        """Give some columns of the rows: key, heading and format of each."""
        widths = [int(form.lstrip("+").split(".")[0]) for _, _, form in columns]
        head = " ".join(f"{t:>{w}}" for (_, t, _), w in zip(columns, widths, strict=True))
        lines = [head, "-" * len(head)]
        lines += [
            " ".join(f"{row[key]:>{form}}" for key, _, form in columns) for row in self.rows()
        ]
        return "\n".join(lines)

    def save(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the comparison and the files of the solution; all ranks call it together.

        ``comparison.csv`` holds the risks, ``comparison.json`` the settings and the table,
        ``comparison.png`` the figure, ``particles.h5`` the neurons at the snapshots. Of networks
        that are trained on samples, ``predictor.csv`` and ``predictor.png`` hold the predictions
        of both.

        Raises
        ------
        InputError
            If the directory holds an earlier result and ``overwrite`` is false; this one is then
            in DIRECTORY-2.
        """
        from wgflow.io import write_or_keep

        comm = self.solution.grid.comm
        whole = replace(self, solution=self.solution.gathered())

        def write(folder: Path) -> Path:
            on_root(comm, lambda: whole._write(folder, overwrite))
            saved = self.solution.save(folder, overwrite=overwrite)
            on_root(comm, lambda: whole._write_predictor(folder))
            return saved

        return write_or_keep(directory, write, comm=comm)

    def _write(self, folder: Path, overwrite: bool) -> None:
        from wgflow.io import atomically, claim_directory, save_neurons, write_json, write_table
        from wgflow.plots import comparison_figure

        claim_directory(folder, overwrite=overwrite)
        columns: dict[str, Array] = {"time": self.times, "risk_mean": self.risk_mean}
        for number, risk in enumerate(self.risks):
            columns[f"risk_{number}"] = risk
        for axis in self.lines if len(self.lines) > 1 else []:
            columns[f"mean_{self.solution.grid.box.names[axis]}"] = self.means[..., axis].mean(
                axis=0
            )
        if self.half_risks is not None:
            columns["risk_limit"], columns["risk_limit_error"] = self.limit
        write_table(folder / "comparison.csv", columns)
        write_json(
            folder / "comparison.json", {"settings": asdict(self.settings), "rows": self.rows()}
        )
        save_neurons(folder, self.solution, self.coordinates)
        figure = comparison_figure(self)
        atomically(
            folder / "comparison.png", lambda path: figure.savefig(path, format="png", dpi=150)
        )

    def _write_predictor(self, folder: Path) -> None:
        """Replace the files of the density's predictions by those of both."""
        from wgflow.io import save_predictor
        from wgflow.plots.predictor import predictor_of

        if self.states is not None:
            save_predictor(predictor_of(self.solution, list(self.states)), folder)


def _deviation(risks: Array) -> Array:
    """Give the standard deviation over the first axis; nan for one row."""
    if len(risks) < 2:
        return np.full(risks.shape[1], math.nan)
    return np.asarray(risks.std(axis=0, ddof=1))
