"""Entropy and power laws between quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.energies import PowerLaw
from wgflow.quantiles.line import Line

__all__ = ["LocalTerms"]

NEAR_CENTRE = 1e-12  # radius over the length that stands for 0 in ratios
LARGEST_EXPONENT = 600.0


class LocalTerms:
    """The sum of v H(m/v) over intervals of mass m and reference volume v, ∫ r^(d-1) dr.

    It is the local energy of the density that is proportional to the reference measure in each
    interval, and for entropies a convex function of the quantiles, since the volume of an
    interval is a log-concave function of its ends.

    Parameters
    ----------
    temperature : float
    powers : sequence of PowerLaw
    line : Line
    """

    def __init__(self, temperature: float, powers: Sequence[PowerLaw], line: Line) -> None:
        self._temperature, self._line = temperature, line
        self._powers = [term for term in powers if term.coefficient > 0]

    def __bool__(self) -> bool:
        return self._temperature > 0 or bool(self._powers)

    def value(self, positions: Array, masses: Array) -> float:
        """Energy; infinite if an interval with mass has no width."""
        gaps = self._line.gaps(positions)
        full = masses > 0
        if not np.all(gaps[full] > 0):
            return float("inf")
        return self._energy(self._log_ratio(positions, gaps, masses)[full], masses[full])

    def _energy(self, log_ratio: Array, masses: Array) -> float:
        total = self._temperature * float(masses @ log_ratio)
        for term in self._powers:
            power = term.exponent - 1
            grown = np.exp(np.minimum(power * log_ratio, LARGEST_EXPONENT))
            total += term.coefficient / power * float(masses @ grown)
        return total

    def _log_ratio(self, positions: Array, gaps: Array, masses: Array) -> Array:
        """Logarithm of the density relative to the reference measure."""
        with np.errstate(divide="ignore"):
            ratio: Array = np.log(masses) - np.log(gaps)
        d = self._line.radial
        if d != 1:
            inner, outer = positions[:-1], positions[1:]
            ratio -= (d - 1) * np.log(outer)
            # mean of (r/outer)^(d-1) over the interval, from 1 - (inner/outer)^d
            ratio -= np.log(self._shell(inner, outer) * outer / (d * gaps))
        return ratio

    def _shell(self, inner: Array, outer: Array) -> Array:
        """1 - (inner/outer)^d without cancellation."""
        with np.errstate(divide="ignore"):
            shell: Array = -np.expm1(self._line.radial * np.log1p((inner - outer) / outer))
        return shell

    def expand(self, positions: Array, masses: Array) -> tuple[float, Array, Array, Array]:
        """Energy, gradient, and second derivative: diagonal (n,) and beside it (intervals,)."""
        gaps = self._line.gaps(positions)
        full = masses > 0
        log_ratio = np.where(full, self._log_ratio(positions, gaps, masses), 0.0)
        pressure = np.full(len(gaps), self._temperature)  # P v/m
        stiffness = pressure.copy()  # v u² H''/m
        for term in self._powers:
            grown = np.exp(np.minimum((term.exponent - 1) * log_ratio, LARGEST_EXPONENT))
            pressure += term.coefficient * grown
            stiffness += term.coefficient * term.exponent * grown
        pressure, stiffness = pressure * masses, stiffness * masses
        low, high, low_bend, high_bend = self._volume_changes(positions, gaps)
        n = len(positions)
        gradient, diagonal = np.zeros(n), np.zeros(n)
        upper = (np.arange(len(gaps)) + 1) % n
        gradient[: len(gaps)] -= pressure * low
        gradient[upper] -= pressure * high
        diagonal[: len(gaps)] += stiffness * low**2 - pressure * low_bend
        diagonal[upper] += stiffness * high**2 - pressure * high_bend
        value = self._energy(log_ratio[full], masses[full])
        return value, gradient, diagonal, stiffness * low * high

    def _volume_changes(self, positions: Array, gaps: Array) -> tuple[Array, Array, Array, Array]:
        """Give dv/v by the lower and the upper end, and the second derivatives over v."""
        with np.errstate(divide="ignore"):
            inverse = np.where(gaps > 0, 1 / gaps, 0.0)
        if self._line.radial == 1:
            zero = np.zeros(len(gaps))
            return -inverse, inverse, zero, zero
        d = self._line.radial
        inner = np.maximum(positions[:-1], NEAR_CENTRE * self._line.length)
        outer = positions[1:]
        shell = self._shell(positions[:-1], outer)
        high = d / (outer * shell)
        low = -d * np.exp(d * np.log(inner / outer)) / (inner * shell)
        return low, high, (d - 1) / inner * low, (d - 1) / outer * high
