"""Convex losses of a network's prediction f against a label y."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, nearest_first

__all__ = ["Huber", "Logistic", "Loss", "SmoothHinge", "Square", "loss_of"]


class Loss(Protocol):
    """A convex function ℓ(f, y) of the prediction, with its first two derivatives in f.

    All take arrays of one shape and return one; none overflows for finite arguments whose loss
    is finite.
    """

    def value(self, f: Array, y: Array) -> Array:
        """Loss ℓ(f, y) >= 0."""
        ...

    def slope(self, f: Array, y: Array) -> Array:
        """Differentiate ℓ by f."""
        ...

    def curvature(self, f: Array, y: Array) -> Array:
        """Differentiate ℓ by f twice; >= 0."""
        ...

    def check(self, y: Array) -> None:
        """Raise InputError, naming the first bad value, if labels are not those of the loss."""
        ...


@dataclass(frozen=True)
class Square:
    """The square loss ℓ = (y - f)²/2, for labels of any size.

    Examples
    --------
    >>> import numpy as np
    >>> Square().value(np.array([1.0]), np.array([3.0]))
    array([2.])
    """

    def value(self, f: Array, y: Array) -> Array:
        """Loss (y - f)²/2."""
        value: Array = np.square(y - f) / 2
        return value

    def slope(self, f: Array, y: Array) -> Array:
        """Slope f - y."""
        slope: Array = f - y
        return slope

    def curvature(self, f: Array, y: Array) -> Array:
        """Curvature 1."""
        return np.ones(np.broadcast_shapes(np.shape(f), np.shape(y)))

    def check(self, y: Array) -> None:
        """Take any label."""


@dataclass(frozen=True)
class Logistic:
    """The logistic loss ℓ = log(1 + exp(-y f)) for labels ±1.

    It is the negative log-likelihood of y if f is the log-odds of +1. On separable data it has
    no minimum, but decreases to 0 as predictions grow.

    References
    ----------
    Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 2nd edition (2009),
    section 10.6.

    Examples
    --------
    >>> import numpy as np
    >>> Logistic().value(np.array([0.0, -1e4]), np.array([1.0, 1.0])).round(6)
    array([6.93147e-01, 1.00000e+04])
    """

    def value(self, f: Array, y: Array) -> Array:
        """Loss log(1 + exp(-y f))."""
        value: Array = np.logaddexp(0.0, -y * f)
        return value

    def slope(self, f: Array, y: Array) -> Array:
        """Slope -y / (1 + exp(y f))."""
        slope: Array = -y * _one_over_one_plus_exp(y * f)
        return slope

    def curvature(self, f: Array, y: Array) -> Array:
        """Curvature p (1 - p) with p = 1/(1 + exp(y f))."""
        curvature: Array = _one_over_one_plus_exp(y * f) * _one_over_one_plus_exp(-y * f)
        return curvature

    def check(self, y: Array) -> None:
        """Raise InputError if a label is not ±1."""
        _check_signs("logistic", y)


@dataclass(frozen=True)
class SmoothHinge:
    """The hinge loss for labels ±1, with its corner rounded by a parabola of width γ.

    With the margin z = y f: 0 for z >= 1, (1 - z)²/(2γ) for 1 - γ < z < 1, and 1 - z - γ/2
    below. The slope is continuous, the curvature 1/γ on the parabola and 0 elsewhere.

    Parameters
    ----------
    width : float
        γ > 0. With γ = 1 it is the smooth hinge of Rennie and Srebro.

    Raises
    ------
    InputError
        If the width is not positive and finite.

    References
    ----------
    Rennie, Srebro, "Loss functions for preference levels" (2005); Shalev-Shwartz, Zhang,
    J. Mach. Learn. Res. 14 (2013) 567-599, section 5, for any width.

    Examples
    --------
    >>> import numpy as np
    >>> SmoothHinge().value(np.array([2.0, 0.5, -1.0]), np.ones(3))
    array([0.   , 0.125, 1.5  ])
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        _check_positive("width of the hinge", self.width)

    def value(self, f: Array, y: Array) -> Array:
        """Loss at a prediction."""
        short = np.maximum(1.0 - y * f, 0.0)
        bent = np.minimum(short, self.width)
        value: Array = bent**2 / (2 * self.width) + (short - bent)
        return value

    def slope(self, f: Array, y: Array) -> Array:
        """Slope -y min(max(1 - y f, 0)/γ, 1)."""
        slope: Array = -y * np.clip((1.0 - y * f) / self.width, 0.0, 1.0)
        return slope

    def curvature(self, f: Array, y: Array) -> Array:
        """Curvature 1/γ on the parabola, else 0."""
        short = 1.0 - y * f
        return np.where((short > 0.0) & (short < self.width), 1.0 / self.width, 0.0)

    def check(self, y: Array) -> None:
        """Raise InputError if a label is not ±1."""
        _check_signs("hinge", y)


@dataclass(frozen=True)
class Huber:
    """Huber's loss: r²/2 for |r| <= δ and δ (|r| - δ/2) beyond, with r = y - f.

    A distant sample pulls no harder than one at distance δ.

    Parameters
    ----------
    threshold : float
        δ > 0, in the units of the labels.

    Raises
    ------
    InputError
        If the threshold is not positive and finite.

    References
    ----------
    Huber, Ann. Math. Statist. 35 (1964) 73-101.

    Examples
    --------
    >>> import numpy as np
    >>> Huber().value(np.array([0.5, 3.0]), np.zeros(2))
    array([0.125, 2.5  ])
    """

    threshold: float = 1.0

    def __post_init__(self) -> None:
        _check_positive("threshold of Huber's loss", self.threshold)

    def value(self, f: Array, y: Array) -> Array:
        """Loss at a prediction."""
        far = np.abs(y - f)
        near = np.minimum(far, self.threshold)
        value: Array = near**2 / 2 + self.threshold * (far - near)
        return value

    def slope(self, f: Array, y: Array) -> Array:
        """Slope f - y, at most δ in size."""
        slope: Array = np.clip(f - y, -self.threshold, self.threshold)
        return slope

    def curvature(self, f: Array, y: Array) -> Array:
        """Curvature 1 where |y - f| < δ, else 0."""
        return np.where(np.abs(y - f) < self.threshold, 1.0, 0.0)

    def check(self, y: Array) -> None:
        """Take any label."""


def loss_of(loss: str | Loss) -> Loss:
    """Find a loss by name; a loss is returned unchanged.

    Raises
    ------
    InputError
        If the name is unknown.

    Examples
    --------
    >>> loss_of("huber")
    Huber(threshold=1.0)
    >>> loss_of("hubert")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wgflow.errors.InputError: unknown loss 'hubert': known, nearest first: huber, ...
    """
    if not isinstance(loss, str):
        return loss
    if loss not in _NAMED:
        listed = ", ".join(nearest_first(loss, _NAMED))
        raise InputError(f"unknown loss '{loss}': known, nearest first: {listed}")
    return _NAMED[loss]


def _one_over_one_plus_exp(z: Array) -> Array:
    """1/(1 + exp(z)) at every z."""
    result: Array = np.exp(-np.logaddexp(0.0, z))
    return result


def _check_signs(name: str, y: Array) -> None:
    wrong = np.flatnonzero(np.abs(y) != 1.0)
    if wrong.size:
        first = int(wrong[0])
        raise InputError(
            f"label y[{first}] = {np.ravel(y)[first]:g} with the {name} loss: labels must be +1 "
            "or -1; recode them (2 y - 1 for labels 0 and 1), or use the square or huber loss"
        )


def _check_positive(what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise InputError(f"{what} = {value}: give a finite number > 0")


_NAMED: dict[str, Loss] = {
    "square": Square(),
    "logistic": Logistic(),
    "hinge": SmoothHinge(),
    "huber": Huber(),
}
