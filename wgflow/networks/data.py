"""Data laws: the distributions of the samples (x, y) of a network."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError

__all__ = ["Convention", "CosineData", "DataLaw", "EmpiricalData", "IsotropicGaussians", "widths"]

Convention = Literal["widths", "variances"]
"""What Δ separates: standard deviations 1 ± Δ, or variances 1 ± Δ."""


class DataLaw(Protocol):
    """A law of (x, y) that can be sampled and gives E y²."""

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples: inputs ``(size, d)`` and targets ``(size,)``."""
        ...

    @property
    def second_moment(self) -> float:
        """The second moment E y² of the target."""
        ...


def widths(separation: float, convention: Convention) -> tuple[float, float]:
    """Return the standard deviations τ₊ and τ₋ of two Gaussians with separation Δ.

    Parameters
    ----------
    separation : float
        Δ, strictly between 0 and 1.
    convention : {"widths", "variances"}
        τ± = 1 ± Δ (Mei, Misiakiewicz & Montanari 2019), or τ±² = 1 ± Δ (the examples with the
        ReLU and the non-monotone activation in Mei, Montanari & Nguyen 2018).

    Raises
    ------
    InputError
        If the separation is outside its range or the convention is not known.

    Examples
    --------
    >>> widths(0.5, "widths")
    (1.5, 0.5)
    >>> [round(tau**2, 12) for tau in widths(0.5, "variances")]
    [1.5, 0.5]
    """
    if not 0 < separation < 1:
        raise InputError(
            f"separation = {separation}: must lie strictly between 0 and 1, "
            "so that both Gaussians have a positive width"
        )
    if convention == "widths":
        return 1.0 + separation, 1.0 - separation
    if convention == "variances":
        return math.sqrt(1.0 + separation), math.sqrt(1.0 - separation)
    raise InputError(f"convention = {convention!r}: choose 'widths' or 'variances'")


@dataclass(frozen=True)
class IsotropicGaussians:
    """Two centred Gaussians of different widths: y = ±1, x ~ N(0, τ±² I).

    The two labels are equally likely (Mei, Montanari & Nguyen 2018, section "Centered
    isotropic Gaussians").

    Parameters
    ----------
    dimension : float
        Number d of inputs, an integer >= 1, or ``math.inf`` for the limit d -> inf, which has
        exact features but cannot be sampled.
    separation : float
        Δ, strictly between 0 and 1.
    convention : {"widths", "variances"}
        What Δ separates: τ± = 1 ± Δ, or τ±² = 1 ± Δ; see :func:`widths`.

    Raises
    ------
    InputError
        If the dimension or the separation is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> law = IsotropicGaussians(dimension=3, separation=0.8)
    >>> law.scales
    (1.8, 0.19999999999999996)
    >>> x, y = law.sample(np.random.default_rng(0), 5)
    >>> x.shape, sorted(set(y.tolist()))
    ((5, 3), [-1.0, 1.0])
    """

    dimension: float
    separation: float
    convention: Convention = "widths"

    def __post_init__(self) -> None:
        d = self.dimension
        if not (d >= 1 and (math.isinf(d) or d == int(d))):
            raise InputError(f"dimension = {d}: must be an integer >= 1, or inf for the limit")
        widths(self.separation, self.convention)

    @property
    def scales(self) -> tuple[float, float]:
        """Standard deviations (τ₊, τ₋) of an input for y = +1 and y = -1."""
        return widths(self.separation, self.convention)

    @property
    def second_moment(self) -> float:
        """E y² = 1."""
        return 1.0

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness: the labels are drawn first, then the inputs.
        size : int
            Number of samples.

        Returns
        -------
        x : Array, shape (size, d)
        y : Array, shape (size,)
            Labels +1.0 or -1.0.

        Raises
        ------
        InputError
            If the dimension is infinite.
        """
        if math.isinf(self.dimension):
            raise InputError("dimension = inf cannot be sampled: give a finite dimension")
        y: Array = 2.0 * rng.integers(0, 2, size=size).astype(np.float64) - 1.0
        x = rng.standard_normal((size, int(self.dimension)))
        x *= np.where(y > 0, *self.scales)[:, None]
        return x, y


@dataclass(frozen=True, eq=False)
class EmpiricalData:
    """The empirical law of M given samples.

    Parameters
    ----------
    x : array_like, shape (M, p)
        Inputs; a vector of M numbers means M inputs with one component.
    y : array_like, shape (M,)
        Targets.

    Raises
    ------
    InputError
        If there are no samples, the lengths differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> law = EmpiricalData(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]))
    >>> law.second_moment
    5.0
    """

    x: Array
    y: Array

    def __post_init__(self) -> None:
        x = np.array(self.x, dtype=np.float64)
        y = np.array(self.y, dtype=np.float64)
        x = x[:, None] if x.ndim == 1 else x
        if x.ndim != 2 or y.ndim != 1 or len(x) != len(y) or x.size == 0:
            raise InputError(
                f"data of shapes {x.shape} and {y.shape}: give inputs (M, p), targets (M,), M >= 1"
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise InputError("data hold a value that is not finite: remove those samples")
        x.setflags(write=False)
        y.setflags(write=False)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    @property
    def digest(self) -> str:
        """Sixteen letters that tell these samples from others, in their order.

        Examples
        --------
        >>> one, other = EmpiricalData([0.0], [1.0]), EmpiricalData([0.0], [2.0])
        >>> len(one.digest), one.digest == other.digest
        (16, False)
        """
        whole = np.column_stack([self.x, self.y]).astype("<f8")
        return hashlib.sha256(repr(whole.shape).encode() + whole.tobytes()).hexdigest()[:16]

    @property
    def second_moment(self) -> float:
        """Mean of y²."""
        return float(np.mean(self.y**2))

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw ``size`` samples with replacement: ``(size, p)`` inputs, ``(size,)`` targets."""
        index = rng.integers(0, len(self.y), size=size)
        return self.x[index], self.y[index]


@dataclass(frozen=True)
class CosineData:
    """Data of the cosine neuron: x uniform on [0, 2π), y = √2 A cos x.

    Parameters
    ----------
    amplitude : float
        A, finite. The second moment of the target is A².

    Raises
    ------
    InputError
        If the amplitude is not finite.

    Examples
    --------
    >>> round(CosineData(0.8).second_moment, 12)
    0.64
    """

    amplitude: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.amplitude):
            raise InputError(f"amplitude = {self.amplitude}: must be a finite number")

    @property
    def second_moment(self) -> float:
        """E y² = A²."""
        return self.amplitude**2

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples: inputs ``(size, 1)``, targets ``(size,)``."""
        x = rng.uniform(0.0, 2.0 * math.pi, size=(size, 1))
        return x, np.asarray(math.sqrt(2.0) * self.amplitude * np.cos(x[:, 0]))
