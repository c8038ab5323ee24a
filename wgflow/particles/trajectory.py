"""What a particle run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import DivergenceError
from wgflow.networks import Network

__all__ = ["Trajectory"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Parameters and population risk of a finite network at the recorded times.

    Parameters
    ----------
    times : Array (T,)
        Recorded times. With a fixed step they are the multiples of the step nearest to those
        requested.
    theta : Array (T, N, D) or (1, N, D)
        Parameters at the recorded times; only the last ones if the run was told not to keep.
    risk : Array (T,)
        Population risk R_N at the recorded times.
    network : Network
        The network that moved.
    name : str
        The dynamics: ``"nonlinear"``, ``"particle"``, ``"gradient descent"`` or ``"SGD"``.

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> from wgflow.particles import Schedule, particle
    >>> network = cosine_network(0.8, 0.3)
    >>> theta0 = network.draw(np.random.default_rng(0), 50)
    >>> run = particle(network, theta0, [0.0, 0.5, 1.0], Schedule(2.0), dt=0.05)
    >>> run.theta.shape, run.risk.shape, run.coordinates()[0].shape
    ((3, 50, 1), (3,), (50,))
    """

    times: Array
    theta: Array
    risk: Array
    network: Network
    name: str

    @property
    def final(self) -> Array:
        """Parameters at the last recorded time, (N, D).

        Examples
        --------
        >>> from wgflow.networks import cosine_network
        >>> from wgflow.particles import Schedule, particle
        >>> run = particle(cosine_network(0.8, 0.3), np.ones((4, 1)), [1.0], Schedule(2.0), dt=0.1)
        >>> run.final.shape
        (4, 1)
        """
        last: Array = self.theta[-1]
        return last

    def coordinates(self, index: int = -1) -> tuple[Array, ...]:
        """Coordinates of the neurons as the density sees them (the radius, for instance).

        Parameters
        ----------
        index : int
            Which recorded state; the last by default.

        Returns
        -------
        tuple of Array (N,)
            One array for each axis of the density.

        Examples
        --------
        >>> from wgflow.networks import cosine_network
        >>> from wgflow.particles import Schedule, particle
        >>> run = particle(cosine_network(0.8, 0.3), np.zeros((4, 1)), [1.0], Schedule(2.0), dt=0.1)
        >>> [float(v) for v in run.coordinates()[0]]
        [0.0, 0.0, 0.0, 0.0]
        """
        return self.network.chart.coordinates(self.theta[index])


class Recorder:
    """Collects a trajectory, and stops the run at the first value that is not finite."""

    def __init__(self, network: Network, name: str, keep: bool) -> None:
        self._network = network
        self._name = name
        self._keep = keep
        self._times: list[float] = []
        self._theta: list[Array] = []
        self._risk: list[float] = []

    def record(self, time: float, theta: Array) -> None:
        """Append a copy of the state."""
        self.check(time, theta)
        if not self._keep:
            self._theta.clear()
        self._times.append(time)
        self._theta.append(theta.copy())
        self._risk.append(self._network.population.risk(theta))

    def check(self, time: float, theta: Array) -> None:
        """Raise DivergenceError if the state is not finite."""
        # One infinity or NaN spoils the sum; a finite sum of finite numbers is the usual case.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(theta.sum()) or np.all(np.isfinite(theta)):
                return
        first = int(np.flatnonzero(~np.isfinite(theta).all(axis=1))[0])
        raise DivergenceError(
            f"{self._name}: neuron {first} is not finite at t = {time:g}: lower the step",
            self.trajectory() if self._times else None,
        )

    def trajectory(self) -> Trajectory:
        """Return what has been recorded so far."""
        return Trajectory(
            np.array(self._times),
            np.array(self._theta),
            np.array(self._risk),
            self._network,
            self._name,
        )
