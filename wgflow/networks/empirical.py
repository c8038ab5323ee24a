"""Networks on given samples: features, risk, and the networks themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.networks.charts import Identity
from wgflow.networks.data import EmpiricalData
from wgflow.networks.features import Features
from wgflow.networks.losses import Loss, loss_of
from wgflow.networks.network import Network
from wgflow.networks.prediction import predict
from wgflow.networks.units import Unit, pull

__all__ = ["SamplePopulation", "empirical_features", "empirical_network"]

BLOCK = 2**20  # numbers of the features that are computed at a time


def empirical_features(unit: Unit, data: EmpiricalData, loss: str | Loss = "square") -> Features:
    """Features of any network on M given samples: Φ_m(θ) = σ(x_m; θ), w = 1/M, v = y_m/M.

    Their moments are the predictions of the network on the samples.

    Parameters
    ----------
    unit : Unit
        The neuron.
    data : EmpiricalData
        The samples. The rank is their number M.
    loss : str or Loss
        "square" (the default), "logistic", "hinge" or "huber", or a loss with a parameter, such
        as ``SmoothHinge(width=0.5)``. The free energy F is the mean of ℓ, with ℓ = (y - f)²/2
        for the square loss; the risk is 2 F for the square loss and F for the others.

    Returns
    -------
    Features
        As many coordinates as the unit has parameters.

    Raises
    ------
    InputError
        If the loss is unknown, or needs labels ±1 and the data have others.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> from wgflow.networks.units import Ridge
    >>> data = EmpiricalData(np.array([[1.0], [-2.0]]), np.array([1.0, 0.0]))
    >>> features = empirical_features(Ridge(relu()), data)
    >>> features.functions(np.array([3.0, -1.0]))
    array([[3., 0.],
           [0., 2.]])
    >>> huber = empirical_features(Ridge(relu()), data, loss="huber")
    >>> huber.risk(np.array([4.0, 0.5]))  # the mean of 3 - 1/2 and 1/8
    1.3125
    """
    count = len(data.y)

    def states(coordinates: tuple[Array, ...]) -> Array:
        return np.stack([np.ravel(c) for c in np.broadcast_arrays(*coordinates)], axis=1)

    def functions(*coordinates: Array) -> Array:
        neurons = states(coordinates)
        value = np.empty((count, len(neurons)))
        step = max(1, BLOCK // count)
        for start in range(0, len(neurons), step):  # so that what is made besides stays small
            block = slice(start, start + step)
            value[:, block] = unit.value(data.x, neurons[block])
        return value.reshape(count, *np.broadcast_shapes(*(np.shape(c) for c in coordinates)))

    def gradient(*coordinates: Array) -> Array:
        derivative = np.moveaxis(unit.gradient(data.x, states(coordinates)), 2, 0)
        shape = np.broadcast_shapes(*(np.shape(c) for c in coordinates))
        return derivative.reshape(len(coordinates), count, *shape)

    return Features(
        functions=functions,
        gradient=gradient,
        weights=np.full(count, 1.0 / count),
        targets=data.y / count,
        second_moment=data.second_moment,
        loss=loss_of(loss),
    )


@dataclass(frozen=True)
class SamplePopulation:
    """Risk and gradient of a finite network on samples, by matrix products.

    Equivalent to :class:`FeaturePopulation` with :func:`empirical_features`, without its array
    of (D, M, N) numbers.

    Parameters
    ----------
    unit : Unit
    data : EmpiricalData
    features : Features
        Features of the unit on the data, with the loss.
    """

    unit: Unit
    data: EmpiricalData
    features: Features

    def risk(self, theta: Array) -> float:
        """Risk of the states ``(N, D)``."""
        return self.features.risk(predict(self.unit, theta, self.data.x))

    def gradient(self, theta: Array) -> Array:
        """Gradient ``(N, D)`` of the first variation at the states."""
        factors = self.features.slope(predict(self.unit, theta, self.data.x))
        return pull(self.unit, self.data.x, theta, factors)


def empirical_network(
    unit: Unit,
    data: EmpiricalData,
    draw: Callable[[np.random.Generator, int], Array],
    loss: str | Loss = "square",
) -> Network:
    """Make a network of given units, on samples, with any loss.

    Parameters
    ----------
    unit : Unit
        The neuron; the density is in the coordinates of its state.
    data : EmpiricalData
        The samples.
    draw : callable
        ``draw(rng, N)`` returns the initial states ``(N, D)``.
    loss : str or Loss
        As for :func:`empirical_features`.

    Raises
    ------
    InputError
        If the loss is unknown, or needs labels ±1 and the data have others.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> from wgflow.networks.units import Ridge
    >>> data = EmpiricalData(np.array([1.0, -2.0]), np.array([1.0, 0.0]))
    >>> network = empirical_network(Ridge(relu()), data, lambda rng, n: rng.normal(size=(n, 1)))
    >>> network.population.risk(np.array([[3.0], [-1.0]]))  # f = 3/2 and 1
    0.625
    """
    features = empirical_features(unit, data, loss)
    return Network(
        unit=unit,
        data=data,
        features=features,
        population=SamplePopulation(unit, data, features),
        chart=Identity(),
        draw=draw,
    )
