"""Networks of charged Gaussian units on the torus: their features, and the networks themselves.

With inputs uniform on the torus [-π, π)^d every expectation is a sum over integer wave numbers, as
are kernel and potential: low-rank features come for free.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.bumps import Bump, Charge, ChargeData
from wgflow.networks.charts import Identity
from wgflow.networks.features import Features
from wgflow.networks.network import Network
from wgflow.networks.population import FeaturePopulation

__all__ = ["charge_features", "charge_network"]


def charge_features(unit: Charge, data: ChargeData, accuracy: float = 1e-8) -> Features:
    """Features c cos<k, y> and c sin<k, y> of charged units, over half of the wave numbers k.

    With φ^ and f^ the Fourier coefficients, E c φ(x - y) c' φ(x - y') = c c' Σ_k φ^_k² cos<k, y -
    y'>, and the potential is V = -c Σ_k φ^_k Re(f^_k e^{i<k, y>}).

    Parameters
    ----------
    unit : Charge
    data : ChargeData
        Of the dimension of the unit.
    accuracy : float
        Wave numbers with φ^_k² below this fraction of the largest are dropped, in (0, 1).

    Returns
    -------
    Features
        In the coordinates (y_1, …, y_d, c). The c-gradient is 0 if the charges are fixed.

    Raises
    ------
    InputError
        If the dimensions differ, or the accuracy is outside its range.

    Examples
    --------
    >>> data = ChargeData((1.0,), ((0.0,),), width=0.6)
    >>> features = charge_features(Charge(Bump(0.6)), data)
    >>> features.rank
    15
    >>> round(features.risk(features.functions(np.array([0.0]), np.array([1.0]))[:, 0]), 7)
    0.0
    """
    bump = unit.bump
    if bump.dimension != data.dimension:
        raise InputError(
            f"units of dimension {bump.dimension} for data of dimension {data.dimension}: "
            "give both the same"
        )
    if not 0 < accuracy < 1:
        raise InputError(f"accuracy = {accuracy}: give a number in (0, 1)")
    waves = _half_lattice(math.sqrt(-math.log(accuracy)) / bump.width, bump.dimension)
    twice = np.where(np.any(waves != 0, axis=1), 2.0, 1.0)  # k stands for -k too
    own, theirs = bump.coefficients(waves), data.bump.coefficients(waves)
    phases = np.exp(-1j * waves @ np.array(data.places).T) @ np.array(data.charges)
    weights, targets = twice * own**2, twice * own * theirs
    first = 1  # k = 0 has no sine

    def waving(places: tuple[Array, ...]) -> Array:
        total: Array = np.ones((), dtype=complex)
        for axis, place in enumerate(np.broadcast_arrays(*places)):
            total = total * _powers(place, waves[:, axis])
        return total

    def functions(*coordinates: Array) -> Array:
        *places, charge = coordinates
        wave = charge * waving(tuple(places))
        return np.concatenate([wave.real, wave.imag[first:]])

    def gradient(*coordinates: Array) -> Array:
        *places, charge = coordinates
        wave = waving(tuple(places))
        turned = 1j * charge * wave
        parts = [np.einsum("k,k...->k...", column, turned) for column in waves.T]
        parts.append(np.zeros_like(wave) if unit.fixed else wave)
        return np.stack([np.concatenate([p.real, p.imag[first:]]) for p in parts])

    return Features(
        functions=functions,
        gradient=gradient,
        weights=np.concatenate([weights, weights[first:]]),
        targets=np.concatenate([targets * phases.real, -(targets * phases.imag)[first:]]),
        second_moment=data.second_moment,
    )


def _half_lattice(radius: float, dimension: int) -> Array:
    """Whole vectors of at most this length, one of each pair k and -k, 0 first."""
    most = int(radius)
    count = range(-most, most + 1)
    found = [
        k
        for k in itertools.product(count, repeat=dimension)
        if sum(a * a for a in k) <= radius**2 and k >= (0,) * dimension
    ]
    return np.array(sorted(found), dtype=np.float64)


def _powers(angle: Array, exponents: Array) -> Array:
    """Powers e^{i n angle} for whole n ``(K,)``, shape ``(K, *shape)``, by products."""
    most = int(np.abs(exponents).max())
    table = np.empty((most + 1, *angle.shape), dtype=complex)
    table[0], table[1:] = 1.0, np.exp(1j * angle)
    np.multiply.accumulate(table, axis=0, out=table)
    both = np.concatenate([table[:0:-1].conj(), table])
    chosen: Array = both[exponents.astype(int) + most]
    return chosen


def charge_network(
    data: ChargeData, width: float, spread: float, fixed: bool = False, accuracy: float = 1e-8
) -> Network:
    """Network of charged units, started from uniform positions and charges c ~ N(0, spread²).

    Parameters
    ----------
    data : ChargeData
    width : float
        σ of the units.
    spread : float
        Initial standard deviation of the charges, > 0.
    fixed : bool
        Whether the charges stay as drawn and only positions are trained.
    accuracy : float
        Of the features; see :func:`charge_features`.

    Raises
    ------
    InputError
        If the spread is not a positive finite number.

    References
    ----------
    Rotskoff, Vanden-Eijnden, "Trainability and accuracy of neural networks: an interacting
    particle system approach", arXiv:1805.00915 (2018).

    Examples
    --------
    >>> data = ChargeData((1.0,), ((0.0,),), width=0.6)
    >>> network = charge_network(data, width=0.6, spread=0.5)
    >>> network.draw(np.random.default_rng(0), 4).shape
    (4, 2)
    """
    if not 0 < spread < math.inf:
        raise InputError(f"spread = {spread}: give a positive finite number")
    unit = Charge(Bump(width, data.dimension), fixed)
    features = charge_features(unit, data, accuracy)

    def draw(rng: np.random.Generator, size: int) -> Array:
        places = rng.uniform(-math.pi, math.pi, size=(size, data.dimension))
        return np.column_stack([places, spread * rng.standard_normal(size)])

    return Network(
        unit=unit,
        data=data,
        features=features,
        population=FeaturePopulation(features, Identity()),
        chart=Identity(),
        draw=draw,
    )
