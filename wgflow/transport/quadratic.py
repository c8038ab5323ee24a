"""Optimal transport from the insides of cells to cell centres, one axis after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array

__all__ = ["CellTransport"]


class CellTransport:
    """Transport of a density on equal cells by the cost |x - y|²/(2 length).

    A mass moves along the first axis, then along the second, and so on: the quadratic cost is
    the sum of those of the axes, and no plan is lost by that. Along an axis the mass of a cell
    lies spread over it and goes to centres of cells, each part of the cell to the one at which
    ``potential + cost`` is least, so that the c-transform of a potential is the lower envelope of
    parabolas, found exactly in linear time, and averaged over the cell. Staying costs nothing:
    the second moment of a cell is taken off. So there is a distance D of cell densities with

        D²(from, to)/(2 length) = max over potentials of <transform, from> - <potential, to> ,

    D(rho, rho) = 0, concave and differentiable in the potential; its gradient is the density that
    is moved there, mass kept to rounding. It tends to the Wasserstein distance: to first order in
    the width if masses lie evenly over their cells, to second where the density is smooth if
    they are tilted by limited slopes, as here. Along a periodic axis |x - y| is the shorter of
    both ways.

    Parameters
    ----------
    density : array of cell averages
        The density that is moved, >= 0; its tilts serve all axes.
    widths : sequence of float
        Of the cells along each axis.
    length : float
        Time step times time scale, > 0.
    tilted : bool
        Whether the density is linear in cells, or constant.
    periodic : sequence of bool, optional
        Which axes are circles; by default none.

    References
    ----------
    Felzenszwalb, Huttenlocher, Theory of Computing 8 (2012), for the envelope; van Leer, J.
    Comput. Phys. 14 (1974), for the slopes.

    Examples
    --------
    >>> density = np.zeros((5, 5))
    >>> density[2, 2] = 1.0
    >>> transport = CellTransport(density, (1.0, 1.0), length=0.5)
    >>> downhill = np.broadcast_to(-2.0 * np.arange(5.0)[:, None], (5, 5)).copy()
    >>> moved, cost = transport.push(downhill)
    >>> round(float(moved[3, 2]), 12), round(float(cost), 12)
    (1.0, 1.0)
    """

    def __init__(
        self,
        density: Array,
        widths: Sequence[float],
        length: float,
        *,
        tilted: bool = True,
        periodic: Sequence[bool] | None = None,
    ) -> None:
        from wgflow.transport import _kernels, _tilts

        self._kernels, self._density, self._widths = _kernels, density, widths
        self.lengthen(length)
        shape = density.shape
        self._periodic = [False] * len(shape) if periodic is None else list(periodic)
        self._views = [
            (math.prod(shape[:k]), n, math.prod(shape[k + 1 :])) for k, n in enumerate(shape)
        ]
        self._tilts = [np.zeros(view) for view in self._views]
        if tilted:
            for view, around, tilts in zip(self._views, self._periodic, self._tilts, strict=True):
                _tilts.limit_tilts(density.reshape(view), around, tilts)
        # envelopes of all lines along the axes after the first, and the arrays between two axes
        self._envelopes = [
            (np.empty((o * i, n + 1), np.int32), np.empty((o * i, n + 2)))
            for o, n, i in self._views[1:]
        ]
        self._between = [np.empty(shape) for _ in shape[1:]]

    def lengthen(self, length: float) -> None:
        """Change the length."""
        self._stiffness = [h * h / (2 * length) for h in self._widths]

    def push(self, potential: Array) -> tuple[Array, float]:
        """Move the density to where potential + cost is least.

        Parameters
        ----------
        potential : array of the density's shape
            Infinite where nothing may go; finite somewhere.

        Returns
        -------
        moved : array of the density's shape
            A new one.
        cost : float
            Σ |x - T(x)|²/(2 length) of this plan, over cells of volume 1.
        """
        kernels, views, tilts = self._kernels, self._views, self._tilts
        heights, last = potential, len(views) - 1
        for axis in range(last, 0, -1):
            out = self._between[axis - 1]
            kernels.transform(
                heights.reshape(views[axis]),
                tilts[axis],
                self._stiffness[axis],
                self._periodic[axis],
                out.reshape(views[axis]),
                *self._envelopes[axis - 1],
            )
            heights = out
        moved: Array = np.empty(potential.shape)
        cost = self._stiffness[0] * kernels.move(
            heights.reshape(views[0]),
            self._density.reshape(views[0]),
            tilts[0],
            self._stiffness[0],
            self._periodic[0],
            moved.reshape(views[0]),
        )
        for axis in range(1, last + 1):
            source, moved = moved, np.empty(potential.shape)
            cost += self._stiffness[axis] * kernels.push(
                source.reshape(views[axis]),
                tilts[axis],
                *self._envelopes[axis - 1],
                moved.reshape(views[axis]),
            )
        return moved, float(cost)
