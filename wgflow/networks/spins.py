"""The 3-spin function on a sphere, and networks of sigmoid or Gaussian units that learn it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.charts import Identity
from wgflow.networks.data import EmpiricalData
from wgflow.networks.empirical import empirical_features
from wgflow.networks.network import Network
from wgflow.networks.population import FeaturePopulation
from wgflow.networks.spin_settings import spin_settings

__all__ = ["Radial", "Sigmoid", "SpinData", "Summing", "spin_network"]

Residual = Callable[[Array], Array]
"""Residuals (P,) of the outputs (P,) of a network."""


@runtime_checkable
class Summing(Protocol):
    """A unit that sums its gradients over samples by matrix products."""

    def descent(self, x: Array, theta: Array, residual: Residual) -> Array:
        """Sum residual_p ∇σ(x_p; θ_i) over the samples, ``(N, D)``, at the network's residuals."""
        ...


@dataclass(frozen=True)
class SpinData:
    """Inputs uniform on |x|² = d, target f(x) = (1/d) Σ_ijk a_ijk x_i x_j x_k, a_ijk ~ N(0, 1).

    Parameters
    ----------
    dimension : int
        d >= 2.
    seed : int
        Seed of the couplings a_ijk.

    Raises
    ------
    InputError
        If the dimension is below 2 or the seed negative.

    Examples
    --------
    >>> x, y = SpinData(5).sample(np.random.default_rng(0), 4)
    >>> x.shape, (x**2).sum(axis=1).round(12).tolist()
    ((4, 5), [5.0, 5.0, 5.0, 5.0])
    """

    dimension: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dimension < 2:
            raise InputError(f"dimension = {self.dimension}: give a whole number >= 2")
        if self.seed < 0:
            raise InputError(f"seed = {self.seed}: give a whole number >= 0")

    @cached_property
    def couplings(self) -> Array:
        """The symmetric part of a_ijk, shape ``(d, d, d)``."""
        a = np.random.default_rng(self.seed).standard_normal((self.dimension,) * 3)
        a = (a + a.transpose(1, 2, 0) + a.transpose(2, 0, 1)) / 3
        return np.asarray((a + a.transpose(0, 2, 1)) / 2)

    @cached_property
    def _pairs(self) -> tuple[Any, Any, Array]:
        """Pairs i <= j, and coefficients ``(pairs, d)`` of x_i x_j x_k: half of a whole matrix."""
        i, j = np.triu_indices(self.dimension)
        return i, j, self.couplings[i, j] * np.where(i == j, 1, 2)[:, None] / self.dimension

    def target(self, x: Array) -> Array:
        """Values f(x) at points ``(P, d)``."""
        i, j, coefficients = self._pairs
        return np.asarray(np.einsum("pk,pk->p", (x[:, i] * x[:, j]) @ coefficients, x))

    @cached_property
    def second_moment(self) -> float:
        """E f² = (6 |a|² + 9 |tr a|²) / ((d + 2)(d + 4)), a symmetric: pairings of six spins."""
        d, a = self.dimension, self.couplings
        whole, trace = float(np.sum(a**2)), float(np.sum(np.einsum("ijj->i", a) ** 2))
        return (6 * whole + 9 * trace) / ((d + 2) * (d + 4))

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples: inputs ``(size, d)``, targets ``(size,)``."""
        x = _sphere(rng, size, self.dimension)
        return x, self.target(x)


def _sphere(rng: np.random.Generator, size: int, dimension: int) -> Array:
    x = rng.standard_normal((size, dimension))
    x *= math.sqrt(dimension) / np.sqrt(np.einsum("pd,pd->p", x, x))[:, None]
    return x


@dataclass(frozen=True)
class Sigmoid:
    """The neuron c h(<a, x> + b) with h(z) = 1/(1 + e^{-z}) and the state θ = (a, b, c).

    Examples
    --------
    >>> Sigmoid().value(np.array([[2.0]]), np.array([[0.0, 0.0, 3.0]]))
    array([[1.5]])
    """

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, d)`` and states ``(N, d + 2)``."""
        value: Array = theta[:, -1] * self._units(x, theta)
        return value

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, d + 2)`` with respect to (a, b, c)."""
        h = self._units(x, theta)
        slope = (theta[:, -1] * h * (1 - h))[:, :, None]
        return np.concatenate([slope * x[:, None], slope, h[:, :, None]], axis=2)

    def descent(self, x: Array, theta: Array, residual: Residual) -> Array:
        """See :class:`Summing`."""
        h, charge = self._units(x, theta), theta[:, -1]
        left = residual(h @ charge / len(theta))
        outer = left @ h
        h -= h * h
        h *= left[:, None]
        return np.column_stack([charge[:, None] * (h.T @ x), charge * h.sum(axis=0), outer])

    @staticmethod
    def _units(x: Array, theta: Array) -> Array:
        # in place, twice as fast as expit; exp may overflow, and 1/(1 + inf) = 0 is right
        z: Array = x @ theta[:, :-2].T
        z += theta[:, -2]
        np.negative(z, out=z)
        with np.errstate(over="ignore"):
            np.exp(z, out=z)
        z += 1
        return np.reciprocal(z, out=z)


@dataclass(frozen=True)
class Radial:
    """The neuron c exp(-κ |x - y|²/2) with the state θ = (y, c).

    Parameters
    ----------
    sharpness : float
        κ > 0.

    Examples
    --------
    >>> Radial(2.0).value(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0, 3.0]])).round(6)
    array([[1.103638]])
    """

    sharpness: float

    def __post_init__(self) -> None:
        if not 0 < self.sharpness < math.inf:
            raise InputError(f"sharpness = {self.sharpness}: give a finite number > 0")

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, d)`` and states ``(N, d + 1)``."""
        value: Array = theta[:, -1] * self._units(x, theta)
        return value

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, d + 1)`` with respect to (y, c)."""
        phi = self._units(x, theta)
        slope = self.sharpness * theta[:, -1] * phi
        away = x[:, None] - theta[:, :-1]
        return np.concatenate([slope[:, :, None] * away, phi[:, :, None]], axis=2)

    def descent(self, x: Array, theta: Array, residual: Residual) -> Array:
        """See :class:`Summing`."""
        phi, places, charge = self._units(x, theta), theta[:, :-1], theta[:, -1]
        left = residual(phi @ charge / len(theta))
        pull = left @ phi
        push = (phi * left[:, None]).T @ x - pull[:, None] * places
        return np.column_stack([self.sharpness * charge[:, None] * push, pull])

    def _units(self, x: Array, theta: Array) -> Array:
        places = theta[:, :-1]
        squares = np.einsum("pd,pd->p", x, x)[:, None] + np.einsum("nd,nd->n", places, places)
        z: Array = x @ places.T
        z *= 2
        z -= squares
        z *= self.sharpness / 2
        return np.exp(z, out=z)


def spin_network(
    data: SpinData,
    units: Literal["sigmoid", "gaussian"] = "sigmoid",
    *,
    start: float | None = None,
    points: int = 2000,
) -> Network:
    """Network for the 3-spin function, for particles only: there is no density.

    Sigmoids start from a ~ N(0, s² I/d), b ~ N(0, 1), Gaussians from y uniform on the sphere with
    κ = s/d, and both from c ~ N(0, start²), by default as in :func:`spin_settings`. In the limit of
    infinite width the initial network is then 0. Risk and moments are averages over ``points``
    fixed points of the sphere: the moments are the values of the network there.

    Parameters
    ----------
    data : SpinData
    units : {"sigmoid", "gaussian"}
    start : float, optional
        Initial standard deviation of the output weights.
    points : int
        Number of points on the sphere.

    Raises
    ------
    InputError
        If the kind of unit is not known, or ``start`` is not positive.

    References
    ----------
    Rotskoff, Vanden-Eijnden, "Trainability and accuracy of neural networks: an interacting
    particle system approach", arXiv:1805.00915 (2018), 3-spin examples, initialized otherwise.

    Examples
    --------
    >>> network = spin_network(SpinData(5), "gaussian", points=10)
    >>> network.draw(np.random.default_rng(0), 3).shape
    (3, 6)
    """
    settings = spin_settings(units, data.dimension)
    spread = settings.start if start is None else start
    if not 0 < spread < math.inf:
        raise InputError(f"start = {spread}: give a finite number > 0")
    d = data.dimension
    # a stream of its own: the points must not be those of the couplings or of the training
    x, y = data.sample(np.random.default_rng([data.seed, 1]), points)
    unit: Sigmoid | Radial = Sigmoid() if units == "sigmoid" else Radial(settings.inner / d)
    features = empirical_features(unit, EmpiricalData(x, y))

    def draw(rng: np.random.Generator, size: int) -> Array:
        if units == "sigmoid":
            scales = [settings.inner / math.sqrt(d)] * d + [1.0]
            inner = rng.standard_normal((size, d + 1)) * scales
        else:
            inner = _sphere(rng, size, d)
        return np.column_stack([inner, spread * rng.standard_normal(size)])

    return Network(unit, data, features, FeaturePopulation(features), Identity(), draw)
