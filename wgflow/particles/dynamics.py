"""Nonlinear dynamics, particle dynamics and gradient descent.

All three move N parameters along ``dθ_i = -s(t) (∇Ψ(θ_i; m) + λ θ_i) dt + sqrt(2 s(t)/β) dB_i``.
They differ in the moments m (those of the density or of the particles themselves) and in the
time step. Started from the same parameters, and with the same Brownian path if there is noise,
they and stochastic gradient descent are the four coupled dynamics of Mei, Misiakiewicz and
Montanari (2019), whose differences bound the distance between training and the density equation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.networks import Network
from wgflow.particles._integrators import euler, march, noise_path
from wgflow.particles.brownian import Brownian
from wgflow.particles.keeping import Keeper
from wgflow.particles.schedule import Schedule, check_step, check_times
from wgflow.particles.trajectory import Keep, Recorder, Trajectory

__all__ = ["gradient_descent", "nonlinear", "particle"]


def nonlinear(
    network: Network,
    theta0: Array,
    times: Sequence[float] | Array,
    moments: Callable[[float], Array],
    step: float,
    schedule: Schedule,
    rng: np.random.Generator | None = None,
    *,
    brownian: Brownian | None = None,
    keep: Keep = True,
    keeper: Keeper | None = None,
) -> Trajectory:
    """Move independent particles in the field of a given density ρ_t.

    Parameters
    ----------
    network : Network
        The network.
    theta0 : Array (N, D)
        Parameters at time 0.
    times : sequence of float (T,)
        Times to record, >= 0 and increasing.
    moments : callable
        ``moments(t)``, the moments (K,) of ρ_t from the density equation.
    step : float
        Time step. Without noise: the longest step of the classical fourth-order Runge-Kutta
        method, which ends exactly at the times requested. With noise: the step of Euler-Maruyama.
    schedule : Schedule
        s(t), λ and 1/β.
    rng : numpy.random.Generator, optional
        Source of the noise; needed when the temperature is positive and no path is given.
    brownian : Brownian, optional
        A path to share with other dynamics, in place of ``rng``.
    keep : bool or sequence of bool
        Whether to keep the parameters at all times or only at the last; or at each time (T,).
    keeper : Keeper, optional
        Keeps states of the run from which it can go on, and gives the one from which it does.

    Returns
    -------
    Trajectory
        What was recorded.

    Raises
    ------
    InputError
        For bad parameters, times or step.
    DivergenceError
        If a parameter is no longer finite; its ``solution`` is the trajectory up to there.

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> from wgflow.particles import cosine_moments
    >>> network = cosine_network(amplitude=0.8, start=0.3)
    >>> theta0 = network.draw(np.random.default_rng(0), 1000)
    >>> moments = cosine_moments(amplitude=0.8, start=0.3)
    >>> run = nonlinear(network, theta0, [0.0, 1.0], moments, 0.05, Schedule(2.0))
    >>> bool(abs(np.cos(run.final).mean() - 0.571360) < 0.05)
    True
    """

    def field(time: float, theta: Array) -> Array:
        return network.gradient_field(theta, moments(time))

    times = check_times(times)
    recorder = Recorder(network, "nonlinear", keep, len(times))
    return march(field, theta0, times, schedule, step, rng, brownian, recorder, keeper)


def particle(
    network: Network,
    theta0: Array,
    times: Sequence[float] | Array,
    step: float,
    schedule: Schedule,
    rng: np.random.Generator | None = None,
    *,
    brownian: Brownian | None = None,
    keep: Keep = True,
    keeper: Keeper | None = None,
) -> Trajectory:
    """Move interacting particles along the gradient flow of the population risk.

    Parameters
    ----------
    network : Network
        The network.
    theta0 : Array (N, D)
        Parameters at time 0.
    times : sequence of float (T,)
        Times to record, >= 0 and increasing.
    step : float
        Time step, as in :func:`nonlinear`.
    schedule : Schedule
        s(t), λ and 1/β.
    rng, brownian, keep, keeper
        As in :func:`nonlinear`.

    Returns
    -------
    Trajectory
        What was recorded.

    Raises
    ------
    InputError
        For bad parameters, times or step.
    DivergenceError
        If a parameter is no longer finite.

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> network = cosine_network(amplitude=0.8, start=0.3)
    >>> theta0 = network.draw(np.random.default_rng(0), 100)
    >>> run = particle(network, theta0, [0.0, 1.0, 5.0], 0.05, Schedule(2.0))
    >>> bool(np.all(np.diff(run.risk) < 0))
    True
    """

    def field(_: float, theta: Array) -> Array:
        return network.population.gradient(theta)

    times = check_times(times)
    recorder = Recorder(network, "particle", keep, len(times))
    return march(field, theta0, times, schedule, step, rng, brownian, recorder, keeper)


def gradient_descent(
    network: Network,
    theta0: Array,
    times: Sequence[float] | Array,
    step: float,
    schedule: Schedule,
    rng: np.random.Generator | None = None,
    *,
    brownian: Brownian | None = None,
    keep: Keep = True,
    keeper: Keeper | None = None,
) -> Trajectory:
    """Gradient descent on the population risk: explicit Euler with step ε, time t = k ε.

    Parameters
    ----------
    network : Network
        The network.
    theta0 : Array (N, D)
        Parameters at time 0.
    times : sequence of float (T,)
        Times to record; the nearest multiples of the step are recorded.
    step : float
        ε > 0.
    schedule : Schedule
        s(t), λ and 1/β.
    rng, brownian, keep, keeper
        As in :func:`nonlinear`.

    Returns
    -------
    Trajectory
        What was recorded.

    Raises
    ------
    InputError
        For bad parameters, times or step.
    DivergenceError
        If a parameter is no longer finite.

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> network = cosine_network(amplitude=0.8, start=0.3)
    >>> theta0 = np.array([[0.5], [-0.5]])
    >>> once = gradient_descent(network, theta0, [0.01], 0.01, Schedule(2.0))
    >>> by_hand = theta0 - 0.02 * network.population.gradient(theta0)
    >>> bool(np.allclose(once.final, by_hand, rtol=1e-14))
    True
    """

    def field(_: float, theta: Array) -> Array:
        return network.population.gradient(theta)

    times = check_times(times)
    recorder = Recorder(network, "gradient descent", keep, len(times))
    step = check_step(step)
    path = noise_path(schedule, np.shape(theta0), step, rng, brownian)
    return euler(field, theta0, times, schedule, step, path, recorder, keeper)
