"""Charts: from the full state of a neuron to the coordinates of the density.

A network in d dimensions with a symmetric data law is described by a density in fewer
coordinates. Particles live in full dimension; a chart reduces them, and lifts gradients with
respect to the coordinates back to full dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wgflow._typing import Array

__all__ = ["Chart", "Identity", "Parts", "Radius"]


class Chart(Protocol):
    """Coordinates of a neuron's state and the pullback of gradients."""

    def coordinates(self, theta: Array) -> tuple[Array, ...]:
        """Coordinates of the states ``(N, D_full)``: one array ``(N,)`` for each axis."""
        ...

    def pullback(self, theta: Array, gradient: Array) -> Array:
        """Gradient ``(N, D_full)`` in full dimension from ``(D, N)`` in the coordinates."""
        ...


@dataclass(frozen=True)
class Identity:
    """The coordinates are the full state.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> x, y = Identity().coordinates(theta)
    >>> y
    array([2., 4., 6.])
    >>> Identity().pullback(theta, np.stack([x, y])).shape
    (3, 2)
    """

    def coordinates(self, theta: Array) -> tuple[Array, ...]:
        """Columns of the states ``(N, D)``."""
        return tuple(theta.T)

    def pullback(self, theta: Array, gradient: Array) -> Array:
        """Transpose: ``(D, N)`` to ``(N, D)``."""
        return gradient.T


@dataclass(frozen=True)
class Radius:
    """The coordinate is the norm r = |w| of the state w.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[3.0, 4.0], [0.0, 0.0]])
    >>> Radius().coordinates(w)
    (array([5., 0.]),)
    >>> Radius().pullback(w, np.array([[10.0, 10.0]]))
    array([[6., 8.],
           [0., 0.]])
    """

    def coordinates(self, theta: Array) -> tuple[Array, ...]:
        """Norms of the states ``(N, d)``."""
        return (np.sqrt(np.einsum("nd,nd->n", theta, theta)),)

    def pullback(self, theta: Array, gradient: Array) -> Array:
        """Radial derivative ``(1, N)`` times w/|w|, and 0 at w = 0, shape ``(N, d)``."""
        (radius,) = self.coordinates(theta)
        factor = np.divide(gradient[0], radius, out=np.zeros_like(radius), where=radius > 0)
        return np.asarray(factor[:, None] * theta)


@dataclass(frozen=True)
class Parts:
    """The coordinates are components of the state, or norms of groups of components.

    Parameters
    ----------
    parts : tuple of int or slice
        For each coordinate, a component or the components whose norm it is.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([[7.0, 3.0, 4.0, 2.0]])
    >>> chart = Parts((0, slice(1, 3), slice(3, None)))
    >>> chart.coordinates(theta)
    (array([7.]), array([5.]), array([2.]))
    >>> chart.pullback(theta, np.array([[1.0], [10.0], [1.0]]))
    array([[1., 6., 8., 1.]])
    """

    parts: tuple[int | slice, ...]

    def coordinates(self, theta: Array) -> tuple[Array, ...]:
        """Components and norms of the states ``(N, D_full)``, each ``(N,)``."""
        return tuple(
            theta[:, part] if isinstance(part, int) else Radius().coordinates(theta[:, part])[0]
            for part in self.parts
        )

    def pullback(self, theta: Array, gradient: Array) -> Array:
        """Gradient ``(N, D_full)`` from ``(D, N)``; of a norm at 0 it is 0."""
        full = np.zeros_like(theta)
        for part, along in zip(self.parts, gradient, strict=True):
            if isinstance(part, int):
                full[:, part] = along
            else:
                full[:, part] = Radius().pullback(theta[:, part], along[None])
        return full
