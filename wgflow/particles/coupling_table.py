"""Results of a coupling experiment: mean errors, fitted slopes, and the words to print them."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError

__all__ = ["CouplingRow", "CouplingSlope", "CouplingTable"]

SLOPE_COLUMNS = ("slope", "low", "high", "expected")


@dataclass(frozen=True)
class CouplingRow:
    """One error at one size or step, over the seeds.

    Parameters
    ----------
    pair : str
        ``"rho-ND"``, ``"ND-PD"``, ``"PD-GD"`` or ``"GD-SGD"``.
    norm : str
        ``"pred"``, ``"risk"``, ``"rms"`` or ``"max"``; see :func:`coupling_errors`.
    parameter : str
        What is varied: ``"N"`` or ``"step"``.
    value : float
        Its value.
    mean : float
        Mean over seeds of the sup over times.
    error : float
        Standard error of that mean; NaN with one seed.
    """

    pair: str
    norm: str
    parameter: str
    value: float
    mean: float
    error: float


@dataclass(frozen=True)
class CouplingSlope:
    """Slope of log(mean error) against log(N) or log(step).

    Parameters
    ----------
    pair, norm, parameter : str
        As in :class:`CouplingRow`.
    slope : float
        Least-squares slope.
    low, high : float
        Confidence interval, from a jackknife over seeds; NaN with one seed.
    expected : float
        The theorem's: -1/2, -1/2, 1, 1/2.
    claimed : bool
        Whether this norm is the one in which the slope is claimed.
    """

    pair: str
    norm: str
    parameter: str
    slope: float
    low: float
    high: float
    expected: float
    claimed: bool


@dataclass(frozen=True)
class CouplingTable:
    """Errors between the coupled dynamics, with slopes.

    Parameters
    ----------
    rows : tuple of CouplingRow
        All errors.
    slopes : tuple of CouplingSlope
        One for each pair and norm.
    seeds : int
        Number of seeds.
    neurons : int
        N while the step varied.
    until : float
        The last time.
    confidence : float
        Level of the intervals.

    Examples
    --------
    >>> row = CouplingRow("PD-GD", "rms", "step", 0.1, 2e-3, 1e-4)
    >>> slope = CouplingSlope("PD-GD", "rms", "step", 1.01, 0.98, 1.04, 1.0, True)
    >>> table = CouplingTable((row,), (slope,), seeds=5, neurons=100, until=1.0, confidence=0.95)
    >>> print(table.to_text())
    error   norm  against          sup over t <= 1, mean ± std error, 5 seeds
    PD-GD   rms   step = 0.1       2.00e-03 ± 1.0e-04
    <BLANKLINE>
    error   norm  against     slope  95 % interval     expected
    PD-GD   rms   step        1.010  [ 0.980,  1.040]       1.0
    <BLANKLINE>
    PD-GD and GD-SGD with N = 100.
    """

    rows: tuple[CouplingRow, ...]
    slopes: tuple[CouplingSlope, ...]
    seeds: int
    neurons: int
    until: float
    confidence: float

    def slope(self, pair: str, norm: str | None = None) -> CouplingSlope:
        """Look up a slope.

        Parameters
        ----------
        pair : str
            Such as ``"ND-PD"``.
        norm : str, optional
            Such as ``"rms"``; the norm of the claim by default.

        Returns
        -------
        CouplingSlope
            The slope.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        for each in self.slopes:
            if each.pair == pair and (each.claimed if norm is None else each.norm == norm):
                return each
        known = ", ".join(f"{each.pair} {each.norm}" for each in self.slopes)
        raise InputError(f"no slope {pair} {norm or ''}: there are {known}")

    def errors(self, pair: str, norm: str) -> dict[float, tuple[float, float]]:
        """Mean and standard error by size or step.

        Parameters
        ----------
        pair, norm : str
            As in :class:`CouplingRow`.

        Returns
        -------
        dict of float to (float, float)
            In the order of the experiment; empty if there are none of that name.
        """
        return {
            row.value: (row.mean, row.error)
            for row in self.rows
            if row.pair == pair and row.norm == norm
        }

    def missed(self, within: float = 0.15) -> tuple[CouplingSlope, ...]:
        """Claimed slopes farther than ``within`` from the theorem's; empty if all hold.

        Parameters
        ----------
        within : float
            Tolerance.

        Returns
        -------
        tuple of CouplingSlope
            Those missed; a slope that is not a number is missed.
        """
        return tuple(
            each
            for each in self.slopes
            if each.claimed and not abs(each.slope - each.expected) <= within
        )

    def to_text(self) -> str:
        """Lay the table out for a terminal.

        Returns
        -------
        str
            Lines of at most 80 characters; ``*`` marks norms in which nothing is claimed.
        """
        lines = [
            f"error   norm  against          sup over t <= {self.until:g}, "
            f"mean ± std error, {self.seeds} seeds"
        ]
        lines += [
            f"{row.pair:<7} {row.norm:<5} {f'{row.parameter} = {row.value:.4g}':<16} "
            f"{row.mean:.2e} ± {row.error:.1e}"
            for row in self.rows
        ]
        heading = f"{100 * self.confidence:g} % interval"
        lines += ["", f"error   norm  against     slope  {heading:<17} expected"]
        lines += [
            f"{each.pair:<7} {each.norm:<5} {each.parameter:<8}{each.slope:>9.3f}  "
            f"[{each.low:>6.3f}, {each.high:>6.3f}]  {each.expected:>8}"
            + ("" if each.claimed else " *")
            for each in self.slopes
        ]
        if not all(each.claimed for each in self.slopes):
            lines += ["", "* shown, not claimed: see wgflow.particles.coupling_errors."]
        lines += ["", f"PD-GD and GD-SGD with N = {self.neurons}."]
        return "\n".join(lines)

    def columns(self) -> dict[str, list[float | str]]:
        """Give the errors as columns, each row with the slope of its pair and norm."""
        found: dict[str, list[float | str]] = {}
        for row in self.rows:
            slope = self.slope(row.pair, row.norm)
            both = asdict(row) | {name: getattr(slope, name) for name in SLOPE_COLUMNS}
            for name, value in both.items():
                found.setdefault(name, []).append(value)
        return found

    def to_json(self) -> str:
        """Write the table as JSON; numbers that are not finite become null.

        Returns
        -------
        str
            An object with the fields of this class.

        Examples
        --------
        >>> CouplingTable((), (), 1, 10, 1.0, 0.95).to_json().splitlines()[1]
        '  "rows": [],'
        """
        return json.dumps(_finite(asdict(self)), indent=2, allow_nan=False)


def fit_slope(values: Array, errors: Array, confidence: float) -> tuple[float, float, float]:
    """Slope of log(mean error) against log(value), with an interval.

    The interval is a jackknife over seeds with Student's quantile: it needs no model of how the
    errors at different values depend on each other, which they do within a seed.

    Parameters
    ----------
    values : Array (L,)
        Sizes or steps.
    errors : Array (S, L)
        Errors of S seeds.
    confidence : float
        Level of the interval.

    Returns
    -------
    slope, low, high : float
        NaN where an error vanishes or there is one seed.
    """
    seeds = len(errors)
    slope = _slope(values, errors.mean(axis=0))
    if seeds < 2:
        return slope, math.nan, math.nan
    from scipy.special import stdtrit

    without = np.array([_slope(values, np.delete(errors, k, 0).mean(axis=0)) for k in range(seeds)])
    spread = math.sqrt((seeds - 1) / seeds * float(np.sum((without - without.mean()) ** 2)))
    half = float(stdtrit(seeds - 1, 0.5 * (1 + confidence))) * spread
    return slope, slope - half, slope + half


def _slope(values: Array, means: Array) -> float:
    if not np.all(means > 0):
        return math.nan
    x = np.log(values) - np.log(values).mean()
    return float(x @ np.log(means) / (x @ x))


def _finite(item: object) -> object:
    if isinstance(item, dict):
        return {key: _finite(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [_finite(value) for value in item]
    if isinstance(item, float) and not math.isfinite(item):
        return None
    return item
