"""Units: what a single neuron σ(x; θ) computes, and its gradient with respect to θ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation

__all__ = ["Affine", "Cosine", "Ridge", "Unit"]


class Unit(Protocol):
    """A neuron: values and gradients for all pairs of P inputs and N states."""

    def value(self, x: Array, theta: Array) -> Array:
        """Return σ(x_p; θ_i), ``(P, N)``, of inputs ``(P, d)`` and states ``(N, D)``."""
        ...

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients of the outputs with respect to the states, shape ``(P, N, D)``."""
        ...


@dataclass(frozen=True)
class Ridge:
    """A ridge function σ(<w, x>), state θ = w in R^d.

    Parameters
    ----------
    activation : Activation
        The scalar function σ.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> unit = Ridge(relu())
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 1.0], [-1.0, 0.0]])
    >>> unit.value(x, w)
    array([[3., 0.]])
    >>> unit.gradient(x, w)
    array([[[1., 2.],
            [0., 0.]]])
    """

    activation: Activation

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, d)`` and weights ``(N, d)``."""
        return self.activation(x @ theta.T)

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, d)``: σ'(<w, x>) x."""
        return self.activation.derivative(x @ theta.T)[:, :, None] * x[:, None, :]


@dataclass(frozen=True)
class Cosine:
    """The cosine neuron √2 cos(x - θ), input and state in R (periodic, 2π).

    Examples
    --------
    >>> import numpy as np
    >>> value = Cosine().value(np.array([[0.5]]), np.array([[0.5], [0.5 + np.pi]]))
    >>> np.round(value, 6)
    array([[ 1.414214, -1.414214]])
    """

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, 1)`` and states ``(N, 1)``."""
        value: Array = math.sqrt(2.0) * np.cos(x - theta[:, 0])
        return value

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, 1)``: √2 sin(x - θ)."""
        gradient: Array = math.sqrt(2.0) * np.sin(x - theta[:, 0])[:, :, None]
        return gradient


@dataclass(frozen=True)
class Affine:
    """A neuron with output weight and bias, a σ(<w, x> + b), state θ = (a, w, b).

    Parameters
    ----------
    activation : Activation
        The scalar function σ.
    inputs : int
        Number p of components of x; the state has D = p + 2 components.

    Raises
    ------
    InputError
        If ``inputs`` is below 1, or (from the methods) if the states have another length.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> unit = Affine(relu(), inputs=1)
    >>> x, theta = np.array([[2.0]]), np.array([[3.0, 1.0, 0.5]])
    >>> unit.value(x, theta)
    array([[7.5]])
    >>> unit.gradient(x, theta)
    array([[[2.5, 6. , 3. ]]])
    """

    activation: Activation
    inputs: int = 1

    def __post_init__(self) -> None:
        if self.inputs < 1:
            raise InputError(f"inputs = {self.inputs}: a neuron needs at least 1 input")

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, p)`` and states ``(N, p + 2)``."""
        return theta[:, 0] * self.activation(self._argument(x, theta))

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, p + 2)`` with respect to (a, w, b)."""
        argument = self._argument(x, theta)
        slope = theta[:, 0] * self.activation.derivative(argument)
        return np.concatenate(
            [
                self.activation(argument)[:, :, None],
                slope[:, :, None] * x[:, None, :],
                slope[:, :, None],
            ],
            axis=2,
        )

    def _argument(self, x: Array, theta: Array) -> Array:
        if theta.shape[1] != self.inputs + 2:
            raise InputError(
                f"states have {theta.shape[1]} components: "
                f"(a, w, b) with {self.inputs} inputs has {self.inputs + 2}"
            )
        argument: Array = x @ theta[:, 1:-1].T + theta[:, -1]
        return argument
