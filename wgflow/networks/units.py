"""Units: what a single neuron σ(x; θ) computes, and its gradient with respect to θ."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation

__all__ = ["Affine", "Cosine", "Ridge", "Standardized", "Unit", "pull"]

PULLED = 2**22  # numbers in the gradients of a block of inputs


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

    Each of a and b may instead be a constant shared by all neurons, which is not trained and not
    part of the state: (w, b), (a, w) or w.

    Parameters
    ----------
    activation : Activation
        The scalar function σ.
    inputs : int
        Number p of components of x; the state has D = p + 2 components, fewer if a or b is given.
    output, bias : float, optional
        The constant a or b of all neurons; trained if omitted.

    Raises
    ------
    InputError
        If ``inputs`` is below 1, a number is not finite or the output weight is 0, or (from the
        methods) if the states have another length.

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
    >>> fixed = Affine(relu(), inputs=1, output=3.0)
    >>> fixed.names, fixed.gradient(x, theta[:, 1:])
    (('w', 'b'), array([[[6., 3.]]]))
    """

    activation: Activation
    inputs: int = 1
    output: float | None = None
    bias: float | None = None

    def __post_init__(self) -> None:
        if self.inputs < 1:
            raise InputError(f"inputs = {self.inputs}: a neuron needs at least 1 input")
        if self.output is not None and not (math.isfinite(self.output) and self.output != 0):
            raise InputError(f"output weight {self.output}: give a finite number, not 0")
        if self.bias is not None and not math.isfinite(self.bias):
            raise InputError(f"bias {self.bias}: give a finite number")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the components of the state."""
        weights = ("w",) if self.inputs == 1 else tuple(f"w{k + 1}" for k in range(self.inputs))
        return ("a",) * (self.output is None) + weights + ("b",) * (self.bias is None)

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)`` of inputs ``(P, p)`` and states ``(N, D)``."""
        output, weights, bias = self._parts(theta)
        return output * self.activation(x @ weights.T + bias)

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, D)`` with respect to what is trained of (a, w, b)."""
        output, weights, bias = self._parts(theta)
        argument = x @ weights.T + bias
        slope = output * self.activation.derivative(argument)
        parts = [slope[:, :, None] * x[:, None, :]]
        if self.output is None:
            parts.insert(0, self.activation(argument)[:, :, None])
        if self.bias is None:
            parts.append(slope[:, :, None])
        return np.concatenate(parts, axis=2)

    def pull(self, x: Array, theta: Array, factors: Array) -> Array:
        """Sum ``c_p ∇σ(x_p; θ_i)`` over inputs ``(P, p)``, shape ``(N, D)``, by matrix products."""
        return self.descent(x, theta, lambda _: factors)

    def descent(self, x: Array, theta: Array, residual: Callable[[Array], Array]) -> Array:
        """Sum ``c_p ∇σ(x_p; θ_i)`` with c a function of the network's outputs ``(P,)``."""
        output, weights, bias = self._parts(theta)
        argument = x @ weights.T + bias
        hidden = self.activation(argument)
        factors = residual((output * hidden).mean(axis=1))
        slope = factors[:, None] * self.activation.derivative(argument)
        slope *= output
        parts = [slope.T @ x]
        if self.output is None:
            parts.insert(0, (factors @ hidden)[:, None])
        if self.bias is None:
            parts.append(slope.sum(axis=0)[:, None])
        return np.concatenate(parts, axis=1)

    def _parts(self, theta: Array) -> tuple[Array | float, Array, Array | float]:
        """Part the states into a, w and b."""
        if theta.shape[1] != len(self.names):
            raise InputError(
                f"states have {theta.shape[1]} components: ({', '.join(self.names)}) with "
                f"{self.inputs} inputs has {len(self.names)}"
            )
        first = 0 if self.output is not None else 1
        output = theta[:, 0] if self.output is None else self.output
        bias = theta[:, -1] if self.bias is None else self.bias
        return output, theta[:, first : first + self.inputs], bias


@dataclass(frozen=True)
class Standardized:
    """A neuron that sees standardized inputs: less their mean, over their standard deviation.

    The network still takes inputs and makes predictions in the units of the data.

    Parameters
    ----------
    unit : Affine
        The neuron.
    centre, scale : tuple of float
        What is subtracted from each component of x, and what it is then divided by, > 0.

    Raises
    ------
    InputError
        If their number is not that of the unit's inputs, one is not finite, or a scale is not
        positive.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> unit = Standardized(Affine(relu(), 1, output=1.0, bias=0.0), (100.0,), (5.0,))
    >>> unit.value(np.array([[110.0]]), np.array([[3.0]]))
    array([[6.]])
    """

    unit: Affine
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.centre) == len(self.scale) == self.unit.inputs
        finite = all(map(math.isfinite, (*self.centre, *self.scale)))
        if not (fits and finite and min(self.scale) > 0):
            raise InputError(
                f"centre {self.centre}, scale {self.scale}: give {self.unit.inputs} finite numbers "
                "each, scales > 0"
            )

    def seen(self, x: Array) -> Array:
        """Give what the neuron sees of inputs ``(…, p)``."""
        seen: Array = (x - np.array(self.centre)) / np.array(self.scale)
        return seen

    def value(self, x: Array, theta: Array) -> Array:
        """Return outputs ``(P, N)``."""
        return self.unit.value(self.seen(x), theta)

    def gradient(self, x: Array, theta: Array) -> Array:
        """Gradients ``(P, N, D)``."""
        return self.unit.gradient(self.seen(x), theta)

    def pull(self, x: Array, theta: Array, factors: Array) -> Array:
        """As for :class:`Affine`."""
        return self.unit.pull(self.seen(x), theta, factors)

    def descent(self, x: Array, theta: Array, residual: Callable[[Array], Array]) -> Array:
        """As for :class:`Affine`."""
        return self.unit.descent(self.seen(x), theta, residual)


def pull(unit: Unit, x: Array, theta: Array, factors: Array) -> Array:
    """Sum ``c_p ∇σ(x_p; θ_i)`` over P inputs, for states ``(N, D)``: an array ``(N, D)``.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> x, w, c = np.array([[1.0], [2.0]]), np.array([[1.0]]), np.array([1.0, 10.0])
    >>> pull(Ridge(relu()), x, w, c)
    array([[21.]])
    """
    if isinstance(unit, Affine | Standardized):
        return unit.pull(x, theta, factors)
    total = np.zeros(theta.shape)
    step = max(1, PULLED // theta.size)
    for start in range(0, len(x), step):  # the gradients of all inputs at once may be large
        some = slice(start, start + step)
        total += np.einsum("p,pnd->nd", factors[some], unit.gradient(x[some], theta))
    return total
