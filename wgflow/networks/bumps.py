"""Gaussians on the torus, and neurons c φ(x - y) with a position y and a charge c."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError

__all__ = ["Bump", "Charge", "ChargeData"]

NEGLIGIBLE = 1e-18  # of the largest value: images that add less are left out
WIDEST = 2.0  # standard deviation; the mean then exceeds what varies by eight


@dataclass(frozen=True)
class Bump:
    """A Gaussian wrapped around the torus, φ(x) ∝ Σ_m exp(-|x + 2πm|²/(2 σ²)), with E φ² = 1.

    The expectation is over x uniform on [-π, π)^d.

    Parameters
    ----------
    width : float
        σ, between 0 and 2.
    dimension : int
        d >= 1.

    Raises
    ------
    InputError
        If the width or the dimension is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> bump = Bump(width=0.6, dimension=1)
    >>> x = np.linspace(-np.pi, np.pi, 64, endpoint=False)[:, None]
    >>> round(float(np.mean(bump(x) ** 2)), 12)
    1.0
    """

    width: float
    dimension: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.width <= WIDEST:
            raise InputError(f"width = {self.width}: give a number > 0, at most {WIDEST:g}")
        if self.dimension < 1:
            raise InputError(f"dimension = {self.dimension}: give a whole number >= 1")

    @cached_property
    def height(self) -> float:
        """Factor of one axis for which E φ² = 1."""
        # E of the squared sum of images: an image sum of variance 2 σ², at 0
        overlap = _images(np.zeros(1), math.sqrt(2) * self.width)[0]
        return math.sqrt(2 * math.sqrt(math.pi) / (self.width * float(overlap)))

    def coefficients(self, waves: Array) -> Array:
        """Fourier coefficients E φ(x) e^{-i<k, x>} at whole k ``(K, d)``: real, shape ``(K,)``."""
        mean = self.height * self.width / math.sqrt(2 * math.pi)
        decay = np.exp(-(self.width**2) / 2 * np.einsum("ka,ka->k", waves, waves))
        found: Array = mean**self.dimension * decay
        return found

    def __call__(self, x: Array) -> Array:
        """Values at points ``(..., d)``, shape ``(...)``."""
        value: Array = self.factors(x).prod(axis=-1)
        return value

    def factors(self, x: Array) -> Array:
        """One factor of φ for each coordinate, of the shape of ``x``."""
        return self.height * _images(x, self.width)

    def slopes(self, x: Array) -> Array:
        """Differentiate the factors by their coordinates; of the shape of ``x``."""
        return self.height * _images(x, self.width, slope=True)


def _images(x: Array, width: float, slope: bool = False) -> Array:
    """Sum exp(-(x + 2πm)²/(2 width²)) over whole m, or differentiate it."""
    turn = 2 * math.pi
    near = x - turn * np.rint(x / turn)
    reach = width * math.sqrt(-2 * math.log(NEGLIGIBLE))
    most = max(0, math.ceil((reach / math.pi - 1) / 2))
    total = np.zeros_like(near)
    for m in range(-most, most + 1):
        away = near + turn * m
        term = np.exp(-((away / width) ** 2) / 2)
        total += -away / width**2 * term if slope else term
    return total


@dataclass(frozen=True)
class ChargeData:
    """Inputs uniform on [-π, π)^d with target f(x) = Σ_j q_j g(x - z_j), g a :class:`Bump`.

    Parameters
    ----------
    charges : sequence of float
        q_j.
    places : sequence of sequences of float
        z_j, each of length d.
    width : float
        Standard deviation of g.

    Raises
    ------
    InputError
        If there are no charges, not as many charges as places, or places of different lengths.

    Examples
    --------
    >>> data = ChargeData(charges=(1.0, -1.0), places=((0.0,), (3.0,)), width=0.3)
    >>> round(data.second_moment, 6)  # 2 for charges far apart
    2.0
    """

    charges: Sequence[float]
    places: Sequence[Sequence[float]]
    width: float

    def __post_init__(self) -> None:
        charges = tuple(float(q) for q in self.charges)
        places = tuple(tuple(float(a) for a in z) for z in self.places)
        if not charges or len(charges) != len(places) or len({len(z) for z in places}) != 1:
            raise InputError(
                f"{len(charges)} charges at {len(places)} places: give as many of both, at least "
                "one, and places of one dimension"
            )
        if not np.isfinite([*charges, *itertools.chain(*places)]).all():
            raise InputError(f"charges {charges} at {places}: give finite numbers")
        object.__setattr__(self, "charges", charges)
        object.__setattr__(self, "places", places)

    @property
    def dimension(self) -> int:
        """Number d of inputs."""
        return len(self.places[0])

    @cached_property
    def bump(self) -> Bump:
        """The function g."""
        return Bump(self.width, self.dimension)

    def target(self, x: Array) -> Array:
        """Values f(x) at points ``(..., d)``, shape ``(...)``."""
        pairs = zip(self.charges, self.places, strict=True)
        return np.asarray(sum(q * self.bump(x - np.array(z)) for q, z in pairs))

    @cached_property
    def second_moment(self) -> float:
        """E f² = Σ q_i q_j (g ⋆ g)(z_i - z_j), a bump of twice the variance."""
        q, z = np.array(self.charges), np.array(self.places)
        wide = math.sqrt(2) * self.width
        near = _images(z[:, None] - z[None], wide) / _images(np.zeros(1), wide)
        return float(q @ near.prod(axis=-1) @ q)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples: inputs ``(size, d)``, targets ``(size,)``."""
        x = rng.uniform(-math.pi, math.pi, size=(size, self.dimension))
        return x, self.target(x)


@dataclass(frozen=True)
class Charge:
    """The neuron c φ(x - y) with the state θ = (y, c), y in the torus.

    Parameters
    ----------
    bump : Bump
        φ.
    fixed : bool
        Whether c is not trained: its derivative is then 0.

    Examples
    --------
    >>> import numpy as np
    >>> unit = Charge(Bump(0.6))
    >>> x, theta = np.array([[0.5]]), np.array([[0.5, 2.0], [0.5, -1.0]])
    >>> (unit.value(x, theta) / unit.bump(np.zeros(1))).round(12)
    array([[ 2., -1.]])
    """

    bump: Bump
    fixed: bool = False

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, d)`` and states ``(N, d + 1)``."""
        value: Array = theta[:, -1] * self.bump(x[:, None] - theta[:, :-1])
        return value

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, d + 1)`` with respect to (y, c)."""
        away = x[:, None] - theta[:, :-1]
        factors, slopes = self.bump.factors(away), self.bump.slopes(away)
        out = np.zeros((*away.shape[:2], theta.shape[1]))
        for axis in range(away.shape[-1]):
            others = np.delete(factors, axis, axis=-1).prod(axis=-1)
            out[..., axis] = -theta[:, -1] * slopes[..., axis] * others
        if not self.fixed:
            out[..., -1] = factors.prod(axis=-1)
        return out
