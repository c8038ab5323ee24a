"""Two centred Gaussians whose widths differ only along some coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.data import Convention, widths

__all__ = ["AnisotropicGaussians"]


@dataclass(frozen=True)
class AnisotropicGaussians:
    """Two centred Gaussians: y = ±1, x ~ N(0, diag(τ±² on s0 coordinates, 1 on the others)).

    The two labels are equally likely. Choosing the axes in another orthonormal basis makes no
    difference to a network that starts from a rotation-invariant density.

    Parameters
    ----------
    dimension : float
        Number d of inputs, an integer >= 1, or ``math.inf`` for the limit d -> inf, which has
        exact features but cannot be sampled.
    signal : float
        Number s0 of coordinates that carry the signal, 1 <= s0 <= d; ``math.inf`` in the limit
        with s0 = γ d. With s0 = d the law is isotropic.
    separation : float
        Δ, strictly between 0 and 1.
    convention : {"widths", "variances"}
        What Δ separates: τ± = 1 ± Δ, or τ±² = 1 ± Δ; see :func:`widths`.

    Raises
    ------
    InputError
        If a dimension or the separation is outside its range.

    References
    ----------
    Mei, Montanari & Nguyen (2018), PNAS 115, E7665, section "Centered anisotropic Gaussians".

    Examples
    --------
    >>> import numpy as np
    >>> law = AnisotropicGaussians(dimension=5, signal=2, separation=0.8)
    >>> law.others
    3
    >>> x, y = law.sample(np.random.default_rng(0), 4)
    >>> x.shape, sorted(set(y.tolist()))
    ((4, 5), [-1.0, 1.0])
    """

    dimension: float
    signal: float
    separation: float
    convention: Convention = "widths"

    def __post_init__(self) -> None:
        d, s0 = self.dimension, self.signal
        for name, value in (("dimension", d), ("signal", s0)):
            if not (value >= 1 and (math.isinf(value) or value == int(value))):
                raise InputError(f"{name} = {value}: must be an integer >= 1, or inf for the limit")
        if s0 > d:
            raise InputError(f"signal = {s0:g}: must be at most the dimension {d:g}")
        widths(self.separation, self.convention)

    @property
    def others(self) -> float:
        """Number d - s0 of coordinates of width 1 for both labels."""
        return math.inf if math.isinf(self.dimension) else self.dimension - self.signal

    @property
    def scales(self) -> tuple[float, float]:
        """Standard deviations (τ₊, τ₋) of a signal coordinate for y = +1 and y = -1."""
        return widths(self.separation, self.convention)

    @property
    def second_moment(self) -> float:
        """E y² = 1."""
        return 1.0

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness: the labels are drawn first, then the inputs.
        size : int
            Number of samples.

        Returns
        -------
        x : Array, shape (size, d)
        y : Array, shape (size,)
            Labels +1.0 or -1.0.

        Raises
        ------
        InputError
            If the dimension is infinite.
        """
        if math.isinf(self.dimension):
            raise InputError("dimension = inf cannot be sampled: give a finite dimension")
        y: Array = 2.0 * rng.integers(0, 2, size=size).astype(np.float64) - 1.0
        x = rng.standard_normal((size, int(self.dimension)))
        x[:, : int(self.signal)] *= np.where(y > 0, *self.scales)[:, None]
        return x, y
