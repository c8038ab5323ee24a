"""Brownian increments that several discretizations of one equation can share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError

__all__ = ["Brownian"]


@dataclass(frozen=True)
class Brownian:
    """One Brownian path, seen at any step that is a multiple of its own.

    The path is fixed by the seed: its fine increments are drawn in order of time. A coarser step
    gets the sum of the fine increments it covers, so that two dynamics given the same object see
    the same path, whatever their steps. Strong errors (differences path by path) need this.

    Parameters
    ----------
    seed : int
        Seed of the path.
    shape : tuple of int
        Shape of the increments, (N, D).
    dt : float
        The fine step.

    Raises
    ------
    InputError
        If dt is not positive.

    Examples
    --------
    >>> path = Brownian(seed=1, shape=(3, 2), dt=0.01)
    >>> fine, coarse = path.increments(0.01), path.increments(0.04)
    >>> total = sum(next(fine) for _ in range(4))
    >>> bool(np.allclose(total, next(coarse), rtol=1e-14))
    True
    """

    seed: int
    shape: tuple[int, ...]
    dt: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.dt) and self.dt > 0):
            raise InputError(f"Brownian step is {self.dt}; it must be finite and > 0")

    def increments(self, step: float) -> Increments:
        """Increments over successive intervals of length ``step``, from time 0 on, without end.

        Parameters
        ----------
        step : float
            A multiple of ``dt``.

        Returns
        -------
        Increments
            An iterator of arrays of the path's shape, independent N(0, step) entries.

        Raises
        ------
        InputError
            If the step is not a multiple of ``dt`` (relative tolerance 1e-9).

        Examples
        --------
        >>> next(Brownian(0, (2, 1), 0.5).increments(1.0)).shape
        (2, 1)
        """
        ratio = round(step / self.dt) if math.isfinite(step) else 0
        if ratio < 1 or abs(ratio * self.dt - step) > 1e-9 * step:
            raise InputError(
                f"step {step:g} is not a multiple of the Brownian step {self.dt:g}: "
                "choose one that is"
            )
        return Increments(self, ratio)


class Increments:
    """Increments of a path over successive intervals of so many fine steps."""

    def __init__(self, path: Brownian, ratio: int) -> None:
        self._shape, self._ratio, self._root = path.shape, ratio, math.sqrt(path.dt)
        self._rng = np.random.default_rng(path.seed)

    def __iter__(self) -> Increments:
        return self

    def __next__(self) -> Array:
        total = self._rng.standard_normal(self._shape)
        for _ in range(self._ratio - 1):
            total += self._rng.standard_normal(self._shape)
        total *= self._root
        return total

    def take(self, count: int) -> Array:
        """Give the next ``count`` increments, (count, *shape): those that ``next`` would give."""
        if self._ratio > 1:
            return np.stack([next(self) for _ in range(count)])
        drawn = self._rng.standard_normal((count, *self._shape))
        drawn *= self._root
        return drawn

    def state(self) -> dict[str, Any]:
        """Give what the next increments depend on."""
        return {"generator": self._rng.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._rng.bit_generator.state = state["generator"]
