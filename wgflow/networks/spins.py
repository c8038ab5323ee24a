"""The 3-spin function on a sphere, and networks of sigmoid or Gaussian units that learn it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.charts import Identity
from wgflow.networks.data import EmpiricalData
from wgflow.networks.empirical import empirical_features
from wgflow.networks.network import Network
from wgflow.networks.population import FeaturePopulation

__all__ = ["Radial", "Sigmoid", "SpinData", "Summing", "spin_network"]

Residual = Callable[[Array], Array]
"""Residuals (P,) of the outputs (P,) of a network."""

START = {"sigmoid": 5.0, "gaussian": 5.0}
"""Standard deviation of the output weights at the start; the target is of size sqrt(d)."""

SLOPE = 3.0
"""Standard deviation of <a, x> at the start: a sigmoid is then neither linear nor a step."""

SHARPNESS = 5.0
"""κ d of a Gaussian unit exp(-κ|x - y|²/2), by which it falls by e^-10 across the sphere."""


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
        Of the couplings a_ijk.

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

    def target(self, x: Array) -> Array:
        """Values f(x) at points ``(P, d)``."""
        d = self.dimension
        once = (x @ self.couplings.reshape(d, d * d)).reshape(-1, d, d)
        twice = np.matmul(once, x[:, :, None])[:, :, 0]
        return np.asarray(np.einsum("pi,pi->p", twice, x) / d)

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
        push = (1 - h) * h * left[:, None]
        inner = charge[:, None] * (push.T @ x)
        return np.column_stack([inner, charge * push.sum(axis=0), left @ h])

    @staticmethod
    def _units(x: Array, theta: Array) -> Array:
        from scipy.special import expit

        return np.asarray(expit(x @ theta[:, :-2].T + theta[:, -2]))


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
        return np.asarray(np.exp(-self.sharpness / 2 * (squares - 2 * x @ places.T)))


def spin_network(
    data: SpinData,
    units: Literal["sigmoid", "gaussian"] = "sigmoid",
    *,
    start: float | None = None,
    points: int = 2000,
) -> Network:
    """Network for the 3-spin function; there are particles only, no density.

    Sigmoids start from a ~ N(0, 9 I/d), b ~ N(0, 1), Gaussians from y uniform on the sphere with
    κ = 5/d, both from c ~ N(0, start²). Risk and moments are means over so many fixed points of
    the sphere: the moments are the values of the network there.

    Parameters
    ----------
    data : SpinData
    units : {"sigmoid", "gaussian"}
    start : float, optional
        Standard deviation of the output weights at the start, 5 by default.
    points : int
        Points of the sphere.

    Raises
    ------
    InputError
        If the kind of unit is not known, or the start not positive.

    References
    ----------
    Rotskoff, Vanden-Eijnden, "Trainability and accuracy of neural networks: an interacting
    particle system approach", arXiv:1805.00915 (2018), its 3-spin examples. Its starts differ.

    Examples
    --------
    >>> network = spin_network(SpinData(5), "gaussian", points=10)
    >>> network.draw(np.random.default_rng(0), 3).shape
    (3, 6)
    """
    if units not in START:
        raise InputError(f"units = {units!r}: give 'sigmoid' or 'gaussian'")
    spread = START[units] if start is None else start
    if not 0 < spread < math.inf:
        raise InputError(f"start = {spread}: give a finite number > 0")
    d = data.dimension
    # a stream of its own: the points must not be those of the couplings or of the training
    x, y = data.sample(np.random.default_rng([data.seed, 1]), points)
    unit: Sigmoid | Radial = Sigmoid() if units == "sigmoid" else Radial(SHARPNESS / d)
    features = empirical_features(unit, EmpiricalData(x, y))

    def draw(rng: np.random.Generator, size: int) -> Array:
        if units == "sigmoid":
            inner = rng.standard_normal((size, d + 1)) * ([SLOPE / math.sqrt(d)] * d + [1.0])
        else:
            inner = _sphere(rng, size, d)
        return np.column_stack([inner, spread * rng.standard_normal(size)])

    return Network(unit, data, features, FeaturePopulation(features), Identity(), draw)
