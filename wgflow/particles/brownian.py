"""Brownian increments that several discretizations of one equation can share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

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

    def increments(self, step: float) -> Iterator[Array]:
        """Increments over successive intervals of length ``step``, from time 0 on, without end.

        Parameters
        ----------
        step : float
            A multiple of ``dt``.

        Returns
        -------
        iterator of Array
            Arrays of the path's shape, independent N(0, step) entries.

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
        return self._draw(ratio)

    def _draw(self, ratio: int) -> Iterator[Array]:
        rng = np.random.default_rng(self.seed)
        root = math.sqrt(self.dt)
        while True:
            total = rng.standard_normal(self.shape)
            for _ in range(ratio - 1):
                total += rng.standard_normal(self.shape)
            total *= root
            yield total
