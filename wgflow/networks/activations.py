"""Activations: piecewise linear ones, with exact Hermite coefficients, and smooth ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from wgflow._typing import Array
from wgflow.errors import InputError, nearest_first

__all__ = [
    "Activation",
    "PiecewiseLinear",
    "Smooth",
    "activation",
    "nonmonotone",
    "ramp",
    "relu",
    "truncated_relu",
]


class Activation(Protocol):
    """A scalar function σ applied elementwise, with its derivative."""

    def __call__(self, t: ArrayLike) -> Array:
        """Return σ(t), of the shape of ``t``."""
        ...

    def derivative(self, t: ArrayLike) -> Array:
        """Return σ'(t), of the shape of ``t``."""
        ...


@dataclass(frozen=True)
class PiecewiseLinear:
    """A continuous piecewise-linear function given by its values at knots.

    Parameters
    ----------
    knots : tuple of float
        Strictly increasing, at least one.
    values : tuple of float
        Values at the knots.
    left_slope, right_slope : float
        Slopes to the left of the first and to the right of the last knot.

    Raises
    ------
    InputError
        If knots and values differ in number or are not finite, or the knots do not increase.

    Examples
    --------
    >>> f = PiecewiseLinear(knots=(0.5, 1.5), values=(-2.5, 7.5))
    >>> f([0.0, 1.0, 2.0])
    array([-2.5,  2.5,  7.5])
    >>> f.derivative([0.0, 0.5, 2.0])
    array([ 0., 10.,  0.])
    >>> f.jumps
    array([ 10., -10.])
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    left_slope: float = 0.0
    right_slope: float = 0.0

    def __post_init__(self) -> None:
        knots = tuple(float(t) for t in self.knots)
        values = tuple(float(v) for v in self.values)
        if not knots or len(knots) != len(values):
            raise InputError(
                f"{len(knots)} knots and {len(values)} values: give one value per knot, >= 1"
            )
        if not all(map(math.isfinite, (*knots, *values, self.left_slope, self.right_slope))):
            raise InputError(f"knots {knots}, values {values} and both slopes must be finite")
        if any(b <= a for a, b in itertools.pairwise(knots)):
            raise InputError(f"knots {knots}: must be strictly increasing, sort and merge them")
        object.__setattr__(self, "knots", knots)
        object.__setattr__(self, "values", values)

    @property
    def slopes(self) -> Array:
        """Slopes of the K + 1 pieces, from left to right."""
        inner = np.diff(self.values) / np.diff(self.knots)
        return np.concatenate([[self.left_slope], inner, [self.right_slope]])

    @property
    def jumps(self) -> Array:
        """Jump b_k of the slope at each of the K knots."""
        return np.diff(self.slopes)

    def __call__(self, t: ArrayLike) -> Array:
        """Values at ``t``."""
        t = np.asarray(t, dtype=np.float64)
        value: Array
        if len(self.knots) == 1:  # such as relu: no search for the piece
            value = np.full(t.shape, self.values[0])
        else:
            value = np.asarray(np.interp(t, self.knots, self.values))
        # Outer slopes only where they are not zero, so that t = ±inf stays a number there.
        if self.left_slope != 0.0:
            value = value + self.left_slope * np.minimum(t - self.knots[0], 0.0)
        if self.right_slope != 0.0:
            value = value + self.right_slope * np.maximum(t - self.knots[-1], 0.0)
        return value

    def derivative(self, t: ArrayLike) -> Array:
        """Slope at ``t``; at a knot, the slope from the right."""
        if len(self.knots) == 1:
            return np.where(np.asarray(t) >= self.knots[0], self.right_slope, self.left_slope)
        piece = np.searchsorted(self.knots, np.asarray(t, dtype=np.float64), side="right")
        slope: Array = self.slopes[piece]
        return slope


@dataclass(frozen=True)
class Smooth:
    """A smooth sigmoid by name: ``"tanh"``, ``"erf"`` or ``"logistic"``.

    Parameters
    ----------
    name : str
        Name of the function; ``"logistic"`` is 1 / (1 + e^{-t}).

    Raises
    ------
    InputError
        If the name is not known.

    Examples
    --------
    >>> Smooth("logistic")([-800.0, 0.0, 800.0])
    array([0. , 0.5, 1. ])
    >>> Smooth("tanh").derivative(0.0)
    array(1.)
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in _SMOOTH:
            known = ", ".join(nearest_first(self.name, _SMOOTH))
            raise InputError(f"unknown smooth activation '{self.name}': known are {known}")

    def __call__(self, t: ArrayLike) -> Array:
        """Values at ``t``."""
        return _SMOOTH[self.name][0](np.asarray(t, dtype=np.float64))

    def derivative(self, t: ArrayLike) -> Array:
        """Return the derivative at ``t``."""
        return _SMOOTH[self.name][1](np.asarray(t, dtype=np.float64))


def _tanh(t: Array) -> Array:
    return np.asarray(np.tanh(t))


def _tanh_derivative(t: Array) -> Array:
    # 1 - tanh² loses all digits beyond |t| = 19; this form does not, and never overflows.
    decay = np.exp(-2.0 * np.abs(t))
    return np.asarray(4.0 * decay / (1.0 + decay) ** 2)


def _erf(t: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(t))


def _erf_derivative(t: Array) -> Array:
    return np.asarray(2.0 / math.sqrt(math.pi) * np.exp(-(t**2)))


def _logistic(t: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(t))


def _logistic_derivative(t: Array) -> Array:
    return _tanh_derivative(t / 2.0) / 4.0


_SMOOTH: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (_tanh, _tanh_derivative),
    "erf": (_erf, _erf_derivative),
    "logistic": (_logistic, _logistic_derivative),
}


def relu() -> PiecewiseLinear:
    """Return the rectified linear unit max(t, 0).

    Examples
    --------
    >>> relu()([-1.0, 2.0])
    array([0., 2.])
    """
    return PiecewiseLinear((0.0,), (0.0,), right_slope=1.0)


def ramp(
    start: tuple[float, float] = (0.5, -2.5), end: tuple[float, float] = (1.5, 7.5)
) -> PiecewiseLinear:
    """Return a ramp: constant, linear from the point ``start`` to ``end``, constant.

    The default is the activation of the isotropic example of Mei, Montanari & Nguyen (2018).

    Parameters
    ----------
    start, end : tuple of float
        Points (t, value) where the slope changes.

    Examples
    --------
    >>> ramp()([0.0, 1.0, 9.0])
    array([-2.5,  2.5,  7.5])
    """
    return PiecewiseLinear((start[0], end[0]), (start[1], end[1]))


def truncated_relu() -> PiecewiseLinear:
    """ReLU clipped at one, min(max(t, 0), 1).

    Examples
    --------
    >>> truncated_relu()([-1.0, 0.25, 3.0])
    array([0.  , 0.25, 1.  ])
    """
    return PiecewiseLinear((0.0, 1.0), (0.0, 1.0))


def nonmonotone() -> PiecewiseLinear:
    """Return one that falls, then rises: (0, -2.5), (0.5, -4), (1.5, 7.5), constant outside.

    The activation for which gradient descent from small weights fails (Mei, Montanari &
    Nguyen 2018).

    Examples
    --------
    >>> nonmonotone()([-1.0, 0.5, 2.0])
    array([-2.5, -4. ,  7.5])
    """
    return PiecewiseLinear((0.0, 0.5, 1.5), (-2.5, -4.0, 7.5))


_NAMED: dict[str, Callable[[], Activation]] = {
    "relu": relu,
    "ramp": ramp,
    "truncated_relu": truncated_relu,
    "nonmonotone": nonmonotone,
    "tanh": lambda: Smooth("tanh"),
    "erf": lambda: Smooth("erf"),
    "logistic": lambda: Smooth("logistic"),
}


def activation(name: str) -> Activation:
    """Find an activation by name.

    Parameters
    ----------
    name : str
        ``"relu"``, ``"ramp"``, ``"truncated_relu"``, ``"nonmonotone"``, ``"tanh"``, ``"erf"``
        or ``"logistic"``.

    Raises
    ------
    InputError
        If the name is not known; the message lists the known names, nearest first.

    Examples
    --------
    >>> activation("ramp") == ramp()
    True
    """
    if name not in _NAMED:
        known = ", ".join(nearest_first(name, _NAMED))
        raise InputError(f"unknown activation '{name}': known are {known}")
    return _NAMED[name]()
