"""Features: the low-rank form of the potential and the kernel of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation
from wgflow.networks.data import CosineData, IsotropicGaussians
from wgflow.networks.losses import Loss, Square
from wgflow.networks.risks import LossRisk, MomentRisk, SquareRisk

__all__ = ["Features", "cosine_features", "isotropic_features"]


@dataclass(frozen=True, eq=False)
class Features:
    """The risk of a network as a function of K moments of the density.

    With features Φ_k, weights w_k and targets v_k, the square loss has the kernel
    U(θ, θ') = Σ_k w_k Φ_k(θ) Φ_k(θ') and the potential V(θ) = -Σ_k v_k Φ_k(θ). The moments
    m_k = ∫ Φ_k rho give the risk R = E y² - 2 Σ v_k m_k + Σ w_k m_k² and the first variation of
    F = R/2, Ψ = V + ∫ U rho = Σ_k (w_k m_k - v_k) Φ_k.

    For any other loss ℓ the moments must be predictions for samples with labels y_k = v_k/w_k, as
    made by :func:`empirical_features`: F = R = Σ w_k ℓ(m_k, y_k), a convex function, and
    Ψ = Σ_k w_k ℓ'(m_k, y_k) Φ_k.

    Parameters
    ----------
    functions : callable
        ``functions(*coordinates)`` maps D arrays of one shape to ``(K, *shape)``.
    gradient : callable
        ``gradient(*coordinates)`` returns ``(D, K, *shape)``.
    weights, targets : Array, shape (K,)
        w and v.
    second_moment : float
        E y²; for the square loss only.
    loss : Loss
        The loss; the square loss by default.

    Raises
    ------
    InputError
        If weights and targets are not finite vectors of equal length; for a loss other than the
        square, if a weight is not positive or a label does not suit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> features = cosine_features(CosineData(amplitude=0.8))
    >>> features.rank
    2
    >>> round(features.risk(np.array([0.3, 0.0])), 12)  # (A - z)²
    0.25
    >>> features.slope(np.array([0.3, 0.0]))
    array([-0.5,  0. ])
    """

    functions: Callable[..., Array]
    gradient: Callable[..., Array]
    weights: Array
    targets: Array
    second_moment: float
    loss: Loss = field(default_factory=Square)
    _function: MomentRisk = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64)
        targets = np.array(self.targets, dtype=np.float64)
        if weights.ndim != 1 or weights.shape != targets.shape:
            raise InputError(
                f"weights {weights.shape} and targets {targets.shape}: "
                "must be vectors of one length, one entry per feature"
            )
        if not (np.isfinite(weights).all() and np.isfinite(targets).all()):
            raise InputError("weights and targets of the features must be finite")
        weights.setflags(write=False)
        targets.setflags(write=False)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "targets", targets)
        risk: MomentRisk
        if isinstance(self.loss, Square):
            risk = SquareRisk(weights, targets, self.second_moment)
        else:
            risk = LossRisk(weights, targets, self.loss)
        object.__setattr__(self, "_function", risk)

    @property
    def rank(self) -> int:
        """Number K of features."""
        return len(self.weights)

    @property
    def quadratic(self) -> bool:
        """Whether F is quadratic in the moments: with the square loss."""
        return self._function.quadratic

    def risk(self, moments: Array) -> float:
        """Risk R from the moments ``(K,)``: E (y - f)² or, of another loss, E ℓ(f, y)."""
        return self._function.risk(moments)

    def energy(self, moments: Array) -> float:
        """F: half the risk with the square loss, the risk with others."""
        return self._function.energy(moments)

    def slope(self, moments: Array) -> Array:
        """Return dF/dm_k, shape ``(K,)``: w_k m_k - v_k or, of another loss, w_k ℓ'(m_k, y_k)."""
        return self._function.slope(moments)

    def curvature(self, moments: Array) -> Array:
        """Return d²F/dm_k², shape ``(K,)``, w_k or w_k ℓ''(m_k, y_k); the Hessian is diagonal."""
        return self._function.curvature(moments)

    def potential(self, moments: Array, *coordinates: Array) -> Array:
        """First variation Ψ = Σ_k dF/dm_k Φ_k at the coordinates, of their shape."""
        return np.tensordot(self.slope(moments), self.functions(*coordinates), axes=1)

    def potential_gradient(self, moments: Array, *coordinates: Array) -> Array:
        """Gradient of Ψ with respect to the D coordinates, shape ``(D, *shape)``."""
        gradient = self.gradient(*coordinates)
        return np.tensordot(self.slope(moments), gradient, axes=(0, 1))


def isotropic_features(
    activation: Activation, data: IsotropicGaussians, order: int = 8
) -> Features:
    """Exact features of a ridge network on two isotropic Gaussians, in the radius r = |w|.

    A rotation-invariant density of w reduces to a density of r. For each of the two scales τ and
    each even n <= order the feature is a_n(τ r) = E σ(τ r G) he_n(G), with weight m_n(d)/2, where
    m_n(d) = E c^n over the sphere; V(r) = [a_0(τ₋ r) - a_0(τ₊ r)]/2.

    Parameters
    ----------
    activation : Activation
        σ; the features are exact for :class:`PiecewiseLinear`, by quadrature otherwise.
    data : IsotropicGaussians
        The law of the data. In infinite dimension only n = 0 remains.
    order : int
        Largest n, even and >= 0. See Notes.

    Returns
    -------
    Features
        One coordinate r, K = 2 (order/2 + 1) features, those of τ₊ first, with n increasing.

    Raises
    ------
    InputError
        If the order is odd or negative.

    Notes
    -----
    Truncation error of U, as the largest |error| over the largest |U|, for r, r' in [0, 8], the
    ramp and Δ = 0.8, by the number K of features:

    ===== ====== ======= ========
    order K      d = 40  d = 320
    ===== ====== ======= ========
    2     4      1.7e-4  2.6e-6
    4     6      1.1e-5  2.3e-8
    6     8      1.2e-6  3.3e-10
    8     10     1.7e-7  6.6e-12
    ===== ====== ======= ========

    The pointwise relative error is larger where U nearly vanishes. An odd activation (tanh,
    erf) has no even coefficients: V = 0 and U = 0 here, and the risk stays at E y² = 1.

    References
    ----------
    Mei, Montanari & Nguyen (2018), "A mean field view of the landscape of two-layer neural
    networks", PNAS 115, E7665, section "Centered isotropic Gaussians".

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import ramp
    >>> features = isotropic_features(ramp(), IsotropicGaussians(40, 0.8), order=8)
    >>> features.rank
    10
    >>> features.functions(np.linspace(0.0, 5.0, 7)).shape
    (10, 7)
    >>> features.gradient(np.linspace(0.0, 5.0, 7)).shape
    (1, 10, 7)
    """
    from wgflow.networks.hermite import coefficients, sphere_moment

    if order < 0 or order % 2 or order != int(order):
        raise InputError(f"order = {order}: must be an even integer >= 0")
    orders = [n for n in range(0, order + 1, 2) if sphere_moment(n, data.dimension) > 0.0]
    scales = data.scales

    def functions(r: Array) -> Array:
        r = np.asarray(r, dtype=np.float64)
        return np.concatenate([coefficients(activation, tau * r, orders)[0] for tau in scales])

    def gradient(r: Array) -> Array:
        r = np.asarray(r, dtype=np.float64)
        return np.concatenate(
            [tau * coefficients(activation, tau * r, orders)[1] for tau in scales]
        )[None]

    moments = [0.5 * sphere_moment(n, data.dimension) for n in orders]
    target = [0.5] + [0.0] * (len(orders) - 1)
    return Features(
        functions=functions,
        gradient=gradient,
        weights=np.array(moments + moments),
        targets=np.array(target + [-v for v in target]),
        second_moment=data.second_moment,
    )


def cosine_features(data: CosineData) -> Features:
    """Exact features (cos θ, sin θ) of the cosine neuron: U = cos(θ - θ'), V = -A cos θ.

    Parameters
    ----------
    data : CosineData
        The law of the data.

    Examples
    --------
    >>> import numpy as np
    >>> features = cosine_features(CosineData(0.8))
    >>> features.functions(np.array([0.0, np.pi / 2])).round(12)
    array([[1., 0.],
           [0., 1.]])
    """

    def functions(theta: Array) -> Array:
        return np.stack([np.cos(theta), np.sin(theta)])

    def gradient(theta: Array) -> Array:
        return np.stack([-np.sin(theta), np.cos(theta)])[None]

    return Features(
        functions=functions,
        gradient=gradient,
        weights=np.array([1.0, 1.0]),
        targets=np.array([data.amplitude, 0.0]),
        second_moment=data.second_moment,
    )
