"""A network: its unit, its data, and what the density and the particles need from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation
from wgflow.networks.charts import Chart, Identity, Radius
from wgflow.networks.data import CosineData, DataLaw, IsotropicGaussians
from wgflow.networks.features import Features, cosine_features, isotropic_features
from wgflow.networks.gaussian_population import GaussianRidgePopulation
from wgflow.networks.population import FeaturePopulation, Population
from wgflow.networks.relu_population import ReluPopulation
from wgflow.networks.units import Cosine, Ridge, Unit

__all__ = ["Network", "cosine_network", "gaussian_weights", "isotropic_network"]


@dataclass(frozen=True, eq=False)
class Network:
    """A two-layer network f(x) = mean of σ(x; θ_i), for its density and its particles.

    Parameters
    ----------
    unit : Unit
        The neuron σ(x; θ) in full dimension.
    data : DataLaw
        The law of (x, y), for stochastic gradient descent.
    features : Features
        V and U in low-rank form, in the coordinates of the density, and the loss.
    population : Population
        Exact risk and gradient of a finite network in full dimension.
    chart : Chart
        From the full state of a neuron to the coordinates of the density.
    draw : callable
        ``draw(rng, N)`` returns independent initial states ``(N, D)``.

    Raises
    ------
    InputError
        If features and population have different losses.

    Examples
    --------
    >>> import numpy as np
    >>> network = cosine_network(amplitude=0.8, start=0.3)
    >>> theta = network.draw(np.random.default_rng(0), 4)
    >>> theta.shape
    (4, 1)
    >>> field = network.gradient_field(theta, np.array([0.3, 0.0]))  # (0.8 - 0.3) sin θ
    >>> bool(np.allclose(field, 0.5 * np.sin(theta)))
    True
    """

    unit: Unit
    data: DataLaw
    features: Features
    population: Population
    chart: Chart
    draw: Callable[[np.random.Generator, int], Array]

    def __post_init__(self) -> None:
        square = isinstance(self.population, GaussianRidgePopulation | ReluPopulation)
        if square and not self.features.quadratic:
            raise InputError(
                f"features with {self.features.loss} and a population of the square loss: use "
                "FeaturePopulation(features)"
            )

    def gradient_field(self, theta: Array, moments: Array) -> Array:
        """Gradient of Ψ(·; rho) at the states, in full dimension.

        Parameters
        ----------
        theta : Array, shape (N, D)
            States of the neurons.
        moments : Array, shape (K,)
            Moments of the density rho.

        Returns
        -------
        Array, shape (N, D)
            ∇Ψ(θ_i; rho); the nonlinear dynamics moves against it.
        """
        coordinates = self.chart.coordinates(theta)
        return self.chart.pullback(theta, self.features.potential_gradient(moments, *coordinates))

    def moments(self, theta: Array) -> Array:
        """Moments ``(K,)`` of the empirical measure of the states ``(N, D)``."""
        values = self.features.functions(*self.chart.coordinates(theta))
        moments: Array = values.mean(axis=1)
        return moments


def gaussian_weights(
    dimension: float, spread: float
) -> Callable[[np.random.Generator, int], Array]:
    """Give the draw of weights w ~ N(0, spread² I/d); raise InputError for a bad spread."""
    if not 0 < spread < math.inf:
        raise InputError(f"spread = {spread}: must be a positive finite number")

    def draw(rng: np.random.Generator, size: int) -> Array:
        if math.isinf(dimension):
            raise InputError("dimension = inf has no neurons to draw: give a finite dimension")
        d = int(dimension)
        return rng.standard_normal((size, d)) * (spread / math.sqrt(d))

    return draw


def isotropic_network(
    activation: Activation, data: IsotropicGaussians, spread: float = 0.8, order: int = 8
) -> Network:
    """Ridge network on two isotropic Gaussians, started from w ~ N(0, spread² I/d).

    Parameters
    ----------
    activation : Activation
        σ.
    data : IsotropicGaussians
        The law of the data. In infinite dimension only the density exists: drawing neurons is
        an error.
    spread : float
        κ > 0, the typical norm of an initial weight vector.
    order : int
        Order of the features of the density (even).

    Raises
    ------
    InputError
        If the spread is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import ramp
    >>> network = isotropic_network(ramp(), IsotropicGaussians(40, 0.8))
    >>> network.draw(np.random.default_rng(1), 3).shape
    (3, 40)
    """
    draw = gaussian_weights(data.dimension, spread)
    return Network(
        unit=Ridge(activation),
        data=data,
        features=isotropic_features(activation, data, order),
        population=GaussianRidgePopulation(activation, data),
        chart=Radius(),
        draw=draw,
    )


def cosine_network(amplitude: float = 0.8, start: float = 0.3) -> Network:
    """Cosine network, started from the wrapped Cauchy density with mean resultant ``start``.

    The density is (1 - z²) / (2π (1 - 2 z cos θ + z²)) with z = ``start``; its moments are
    (z, 0), and without noise it stays wrapped Cauchy.

    Parameters
    ----------
    amplitude : float
        A of the target √2 A cos x.
    start : float
        z, strictly between -1 and 1.

    Raises
    ------
    InputError
        If the start is outside (-1, 1) or the amplitude is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> network = cosine_network(0.8, 0.3)
    >>> theta = network.draw(np.random.default_rng(2), 100_000)
    >>> np.round(network.moments(theta), 1) + 0.0
    array([0.3, 0. ])
    """
    if not -1 < start < 1:
        raise InputError(f"start = {start}: must lie strictly between -1 and 1")
    data = CosineData(amplitude)
    features = cosine_features(data)

    def draw(rng: np.random.Generator, size: int) -> Array:
        # The half angle of a uniform angle, sent through the Möbius map of the circle.
        half = rng.uniform(-0.5 * math.pi, 0.5 * math.pi, size=(size, 1))
        return np.asarray(2.0 * np.arctan((1.0 - start) / (1.0 + start) * np.tan(half)))

    return Network(
        unit=Cosine(),
        data=data,
        features=features,
        population=FeaturePopulation(features, Identity()),
        chart=Identity(),
        draw=draw,
    )
