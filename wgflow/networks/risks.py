"""What a network minimizes, as a function of K moments of the density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.losses import Loss

__all__ = ["LossRisk", "MomentRisk", "SquareRisk"]


class MomentRisk(Protocol):
    """A function F of K moments with a diagonal Hessian, and the risk that is reported."""

    @property
    def quadratic(self) -> bool:
        """Whether F is quadratic."""
        ...

    def energy(self, moments: Array) -> float:
        """F."""
        ...

    def slope(self, moments: Array) -> Array:
        """Return dF/dm_k, (K,)."""
        ...

    def curvature(self, moments: Array) -> Array:
        """Return d²F/dm_k², (K,)."""
        ...

    def risk(self, moments: Array) -> float:
        """R."""
        ...


@dataclass(frozen=True, eq=False)
class SquareRisk:
    """R = E y² - 2 Σ v_k m_k + Σ w_k m_k² and F = R/2."""

    weights: Array
    targets: Array
    second_moment: float
    quadratic: ClassVar[bool] = True

    def energy(self, moments: Array) -> float:
        """F = R/2."""
        return self.risk(moments) / 2

    def slope(self, moments: Array) -> Array:
        """Slope w_k m_k - v_k."""
        slope: Array = self.weights * moments - self.targets
        return slope

    def curvature(self, moments: Array) -> Array:
        """Curvature w_k."""
        return self.weights

    def risk(self, moments: Array) -> float:
        """R = E (y - f)²."""
        return float(
            self.second_moment - 2.0 * self.targets @ moments + self.weights @ np.square(moments)
        )


class LossRisk:
    """F = R = Σ w_k ℓ(m_k, y_k): moments are predictions for samples with labels y_k = v_k/w_k.

    Raises
    ------
    InputError
        If a weight is not positive, or a label is none of the loss.
    """

    quadratic: ClassVar[bool] = False

    def __init__(self, weights: Array, targets: Array, loss: Loss) -> None:
        wrong = np.flatnonzero(weights <= 0)
        if wrong.size:
            raise InputError(
                f"weight w[{wrong[0]}] = {weights[wrong[0]]:g} with {loss}: only features that are "
                "predictions, weighted by numbers > 0, have a loss other than the square"
            )
        self._weights, self._labels, self._loss = weights, targets / weights, loss
        loss.check(self._labels)

    def energy(self, moments: Array) -> float:
        """F = E ℓ(f, y)."""
        return float(self._weights @ self._loss.value(moments, self._labels))

    def slope(self, moments: Array) -> Array:
        """Slope w_k ℓ'(m_k, y_k)."""
        slope: Array = self._weights * self._loss.slope(moments, self._labels)
        return slope

    def curvature(self, moments: Array) -> Array:
        """Curvature w_k ℓ''(m_k, y_k)."""
        curvature: Array = self._weights * self._loss.curvature(moments, self._labels)
        return curvature

    def risk(self, moments: Array) -> float:
        """R = E ℓ(f, y)."""
        return self.energy(moments)
