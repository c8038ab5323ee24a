"""The temperature of a face under nonlinear diffusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array

__all__ = ["face_temperature", "face_temperature_slopes"]

NEAR_VACUUM = 1 / 4  # share of rho H'' on the fuller side below which the temperature does not fall
CLOSE = 1e-4  # difference of logarithms below which the quotient loses digits


def face_temperature(
    low: Array, high: Array, enthalpies: tuple[Array, Array], heats: tuple[Array, Array]
) -> Array:
    """Temperature with which T log rho changes across a face as the enthalpy does.

    It is (H'(rho_high) - H'(rho_low))/(log rho_high - log rho_low): with it the flux of
    Scharfetter and Gummel vanishes exactly where V + U*rho + H'(rho) is constant. Between
    nearly equal densities it is the mean of rho H''(rho).

    Towards vacuum the quotient falls to 0, with a slope that does not exist. It is kept from
    falling below a quarter of rho H'' on the fuller side, which for H = rho^2 is so where the
    densities differ by a factor of 50 or more, and where one of them vanishes. Fronts so
    advance into empty cells, and Newton's method converges; there the flux no longer vanishes
    for constant V + U*rho + H'(rho), and a support has a tail that decays within a few cells.

    Parameters
    ----------
    low, high : arrays
        Densities below and above each face; what is below 0 counts as 0.
    enthalpies : (array, array)
        H' there.
    heats : (array, array)
        rho H'' there.

    References
    ----------
    Bessemoulin-Chatard, Numer. Math. 121 (2012), equation 11.

    Examples
    --------
    >>> rho = np.array([1.0]), np.array([np.e])  # H = rho^2, H' = 2 rho
    >>> t = face_temperature(*rho, (2 * rho[0], 2 * rho[1]), (2 * rho[0], 2 * rho[1]))
    >>> bool(abs(t[0] - 2 * (np.e - 1)) < 1e-14)
    True
    """
    both, gap = _logarithmic_gap(low, high)
    mean: Array = (heats[0] + heats[1]) / 2
    apart = both & (np.abs(gap) > CLOSE)
    quotient = np.divide(enthalpies[1] - enthalpies[0], gap, out=mean.copy(), where=apart)
    floor = NEAR_VACUUM * np.where(low > high, heats[0], heats[1])
    return np.where(both, np.maximum(quotient, floor), floor)


def face_temperature_slopes(
    low: Array,
    high: Array,
    enthalpies: tuple[Array, Array],
    heats: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Differentiate :func:`face_temperature` by log rho_low and log rho_high.

    0 where the densities are nearly equal (the flux then hardly depends on it) or one vanishes.
    """
    both, gap = _logarithmic_gap(low, high)
    apart = both & (np.abs(gap) > CLOSE)
    safe = np.where(apart, gap, 1.0)
    quotient = (enthalpies[1] - enthalpies[0]) / safe
    apart &= quotient > NEAR_VACUUM * np.where(low > high, heats[0], heats[1])
    by_low = np.where(apart, (quotient - heats[0]) / safe, 0.0)
    by_high = np.where(apart, (heats[1] - quotient) / safe, 0.0)
    return by_low, by_high


def _logarithmic_gap(low: Array, high: Array) -> tuple[NDArray[np.bool_], Array]:
    both = (low > 0) & (high > 0)
    one = np.ones(np.broadcast_shapes(low.shape, high.shape))
    ratio = np.log(np.where(both, high, one)) - np.log(np.where(both, low, one))
    return both, ratio
