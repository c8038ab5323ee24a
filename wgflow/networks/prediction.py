"""Predictions of a network: the mean of its neurons, over a density or finitely many."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.units import Unit

__all__ = ["checked_inputs", "predict"]

INPUTS, OUTPUTS = 1024, 2**20  # inputs, and their outputs, that are computed at a time


def predict(unit: Unit, states: Array, x: Array, weights: Array | None = None) -> Array:
    """Evaluate a network: Σ_i w_i σ(x; θ_i), the mean over neurons by default.

    For a density on a grid, :meth:`wgflow.Solution.predict` gives the integral. On the samples
    themselves no integral is needed: with :func:`empirical_features` the moments, recorded in
    ``solution.moments``, are the predictions at the times of the history.

    Parameters
    ----------
    unit : Unit
        The neuron.
    states : Array, shape (N, D)
        θ_i, such as ``trajectory.final``.
    x : array_like, shape (P, p) or (P,)
        Inputs; a vector means P inputs with one component.
    weights : Array, shape (N,), optional
        w_i; 1/N by default.

    Returns
    -------
    Array, shape (P,)

    Raises
    ------
    InputError
        If the inputs are not finite or have another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> from wgflow.networks.units import Ridge
    >>> predict(Ridge(relu()), np.array([[1.0], [3.0]]), [2.0, -1.0])
    array([4., 0.])
    """
    inputs = checked_inputs(x)
    shares = np.full(len(states), 1.0 / len(states)) if weights is None else weights
    out = np.zeros(len(inputs))
    step = max(1, OUTPUTS // min(INPUTS, max(1, len(inputs))))
    for first in range(0, len(inputs), INPUTS):
        some = slice(first, first + INPUTS)
        for start in range(0, len(states), step):
            block = slice(start, start + step)
            out[some] += unit.value(inputs[some], states[block]) @ shares[block]
    return out


def checked_inputs(x: Array) -> Array:
    """Give inputs as an array (P, p), or raise InputError."""
    inputs = np.asarray(x, dtype=np.float64)
    inputs = inputs[:, None] if inputs.ndim == 1 else inputs
    if inputs.ndim != 2 or not np.isfinite(inputs).all():
        raise InputError(
            f"inputs of shape {np.shape(x)}: give finite numbers, an array (P, p) or a vector (P,)"
        )
    return inputs
