"""Features of any network on given samples."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.networks.data import EmpiricalData
from wgflow.networks.features import Features
from wgflow.networks.losses import Loss, loss_of
from wgflow.networks.units import Unit

__all__ = ["empirical_features"]


def empirical_features(unit: Unit, data: EmpiricalData, loss: str | Loss = "square") -> Features:
    """Features of any network on M given samples: Φ_m(θ) = σ(x_m; θ), w = 1/M, v = y_m/M.

    Their moments are the predictions of the network for the samples.

    Parameters
    ----------
    unit : Unit
        The neuron.
    data : EmpiricalData
        The samples. The rank is their number M.
    loss : str or Loss
        "square" (the default), "logistic", "hinge" or "huber", or one of these with its
        parameter: ``SmoothHinge(width=0.5)``. The free energy F is the mean of ℓ, for the square
        (y - f)²/2; the risk is 2 F for the square, F for the others.

    Returns
    -------
    Features
        As many coordinates as the unit has parameters.

    Raises
    ------
    InputError
        If the loss is unknown, or wants labels ±1 and the data have others.

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
        value = unit.value(data.x, states(coordinates))
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
