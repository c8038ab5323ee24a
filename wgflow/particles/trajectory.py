"""What a particle run leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import DivergenceError, InputError
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
    theta : Array (K, N, D)
        Parameters at those of the recorded times at which the run was told to keep them.
    risk : Array (T,)
        Population risk R_N at the recorded times.
    means : Array (T, D)
        Means over the neurons of the coordinates of the density, at the recorded times.
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
    >>> run = particle(network, theta0, [0.0, 0.5, 1.0], 0.05, Schedule(2.0))
    >>> run.theta.shape, run.risk.shape, run.coordinates()[0].shape
    ((3, 50, 1), (3,), (50,))
    """

    times: Array
    theta: Array
    risk: Array
    means: Array
    network: Network
    name: str

    @property
    def final(self) -> Array:
        """The last parameters that were kept, (N, D).

        Examples
        --------
        >>> from wgflow.networks import cosine_network
        >>> from wgflow.particles import Schedule, particle
        >>> run = particle(cosine_network(0.8, 0.3), np.ones((4, 1)), [1.0], 0.1, Schedule(2.0))
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
            Which of the kept states; the last by default.

        Returns
        -------
        tuple of Array (N,)
            One array for each axis of the density.

        Examples
        --------
        >>> from wgflow.networks import cosine_network
        >>> from wgflow.particles import Schedule, particle
        >>> run = particle(cosine_network(0.8, 0.3), np.zeros((4, 1)), [1.0], 0.1, Schedule(2.0))
        >>> [float(v) for v in run.coordinates()[0]]
        [0.0, 0.0, 0.0, 0.0]
        """
        return self.network.chart.coordinates(self.theta[index])


Keep = bool | Sequence[bool]
"""Whether to keep the parameters at all times or only at the last; or of each time, whether to."""


class Recorder:
    """Collects a trajectory, and stops the run at the first value that is not finite.

    Parameters
    ----------
    network : Network
    name : str
        The dynamics.
    keep : bool or sequence of bool
    count : int
        How many times are going to be recorded.
    """

    def __init__(self, network: Network, name: str, keep: Keep, count: int) -> None:
        self._network = network
        self._name = name
        self._keep = [False] * (count - 1) + [True] if keep is False else keep
        if self._keep is not True and (len(self._keep) != count or not any(self._keep)):
            raise InputError(
                f"keep names {sum(self._keep)} of {len(self._keep)} times: there are {count}, of "
                "which at least one must be kept"
            )
        self._times: list[float] = []
        self._theta: list[Array] = []
        self._risk: list[float] = []
        self._means: list[list[float]] = []

    @property
    def count(self) -> int:
        """How many times have been recorded."""
        return len(self._times)

    def record(self, time: float, theta: Array) -> None:
        """Append a copy of the state."""
        self.check(time, theta)
        if self._keep is True or self._keep[self.count]:
            self._theta.append(theta.copy())
        self._times.append(time)
        self._risk.append(self._network.population.risk(theta))
        coordinates = self._network.chart.coordinates(theta)
        self._means.append([float(values.mean()) for values in coordinates])

    def state(self) -> dict[str, Any]:
        """Give what has been recorded."""
        columns = {
            "times": self._times,
            "risk": self._risk,
            "means": self._means,
            "theta": self._theta,
        }
        return {name: np.array(values) for name, values in columns.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._times, self._risk = state["times"].tolist(), state["risk"].tolist()
        self._means = state["means"].tolist()
        self._theta = list(state["theta"])

    def check(self, time: float, theta: Array) -> None:
        """Raise DivergenceError if the state is not finite."""
        # One infinity or NaN spoils the sum; a finite sum of finite numbers is the usual case.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(theta.sum()) or np.all(np.isfinite(theta)):
                return
        first = int(np.flatnonzero(~np.isfinite(theta).all(axis=1))[0])
        raise DivergenceError(
            f"{self._name}: neuron {first} is not finite at t = {time:g}: reduce the step size",
            self.trajectory() if self._times else None,
        )

    def trajectory(self) -> Trajectory:
        """Return what has been recorded so far."""
        return Trajectory(
            np.array(self._times),
            np.array(self._theta),
            np.array(self._risk),
            np.array(self._means),
            self._network,
            self._name,
        )
