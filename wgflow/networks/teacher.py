"""A teacher: Gaussian inputs labelled by a small ReLU network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import relu
from wgflow.networks.charts import Identity
from wgflow.networks.features import Features
from wgflow.networks.network import Network
from wgflow.networks.units import Affine

__all__ = ["ReluTeacher", "TeacherPopulation", "arc_cosine", "random_teacher", "teacher_network"]


@dataclass(frozen=True, eq=False)
class ReluTeacher:
    """The law x ~ N(0, I_d), y = Σ_j c_j max(<v_j, x>, 0).

    Parameters
    ----------
    outputs : Array, shape (M,)
        c_j.
    weights : Array, shape (M, d)
        v_j, none of them 0.

    Raises
    ------
    InputError
        If the shapes do not match, a value is not finite or a weight vector is 0.

    Examples
    --------
    >>> import numpy as np
    >>> law = ReluTeacher(np.array([2.0]), np.array([[0.0, 1.0]]))
    >>> law.second_moment  # 4 E max(x_2, 0)²
    2.0
    >>> x, y = law.sample(np.random.default_rng(0), 3)
    >>> bool(np.all(y == 2 * np.maximum(x[:, 1], 0)))
    True
    """

    outputs: Array
    weights: Array

    def __post_init__(self) -> None:
        c, v = np.shape(self.outputs), np.shape(self.weights)
        if len(c) != 1 or len(v) != 2 or c[0] != v[0] or 0 in v:
            raise InputError(f"teacher of shapes {c} and {v}: give (M,) outputs, (M, d) weights")
        finite = np.isfinite(self.outputs).all() and np.isfinite(self.weights).all()
        if not (finite and np.all(np.linalg.norm(self.weights, axis=1) > 0)):
            raise InputError("the teacher's weights must be finite, and no weight vector 0")

    @property
    def second_moment(self) -> float:
        """E y²."""
        kernel = arc_cosine(self.weights, self.weights)[0]
        return float(self.outputs @ kernel @ self.outputs)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Draw independent samples: inputs ``(size, d)``, labels ``(size,)``."""
        x = rng.standard_normal((size, self.weights.shape[1]))
        return x, np.maximum(x @ self.weights.T, 0.0) @ self.outputs


@dataclass(frozen=True)
class TeacherPopulation:
    """Exact risk and gradient of the student f = (1/N) Σ a_i max(<w_i, x>, 0), θ = (a, w).

    Both are sums of the arc-cosine kernel over pairs of neurons: N (N + M) d operations.

    Parameters
    ----------
    teacher : ReluTeacher
    """

    teacher: ReluTeacher

    def risk(self, theta: Array) -> float:
        """R = E (y - f)² of the states ``(N, d + 1)``."""
        outputs = np.concatenate([theta[:, 0] / len(theta), -self.teacher.outputs])
        weights = np.concatenate([theta[:, 1:], self.teacher.weights])
        return max(float(outputs @ arc_cosine(weights, weights)[0] @ outputs), 0.0)

    def gradient(self, theta: Array) -> Array:
        """Gradient ``(N, d + 1)`` of the first variation of R/2 at the states."""
        outputs = np.concatenate([theta[:, 0] / len(theta), -self.teacher.outputs])
        weights = np.concatenate([theta[:, 1:], self.teacher.weights])
        kernel, own, other = arc_cosine(theta[:, 1:], weights)
        slope = (own @ outputs)[:, None] * theta[:, 1:] + (other * outputs) @ weights
        return np.concatenate([(kernel @ outputs)[:, None], theta[:, :1] * slope], axis=1)


def arc_cosine(first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Evaluate E max(<w, x>, 0) max(<v, x>, 0) of x ~ N(0, I) for all pairs.

    Parameters
    ----------
    first, second : Array, shape (N, d), (M, d)
        w and v.

    Returns
    -------
    kernel, own, other : Array, shape (N, M)
        The kernel |w||v| (sin φ + (π - φ) cos φ)/(2π), φ the angle between w and v; its gradient
        by w is ``own w + other v``. For w = 0 the gradient is the mean over directions.

    References
    ----------
    Cho, Saul, NeurIPS 22 (2009) 342-350, equation (6) with n = 1.

    Examples
    --------
    >>> import numpy as np
    >>> kernel, _, _ = arc_cosine(np.array([[2.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> bool(np.allclose(kernel, [[1.0, 1 / np.pi]]))
    True
    """
    w, v = np.linalg.norm(first, axis=1)[:, None], np.linalg.norm(second, axis=1)
    product = first @ second.T
    cosine = np.divide(product, w * v, out=np.zeros_like(product), where=w * v > 0)
    np.clip(cosine, -1.0, 1.0, out=cosine)
    angle = np.arccos(cosine)
    sine = np.sqrt((1.0 - cosine) * (1.0 + cosine))
    other = (math.pi - angle) / (2 * math.pi)
    kernel = w * v * sine / (2 * math.pi) + product * other
    own = np.divide(v * sine, 2 * math.pi * w, out=np.zeros_like(product), where=w > 0)
    return kernel, own, other


def random_teacher(dimension: int, neurons: int, rng: np.random.Generator) -> ReluTeacher:
    """Draw a teacher: unit weights uniform on the sphere, alternating signs ±1, E y² = 1.

    Raises
    ------
    InputError
        If a number is below 1.
    """
    if dimension < 1 or neurons < 1:
        raise InputError(f"teacher of {neurons} neurons in dimension {dimension}: give both >= 1")
    weights = rng.standard_normal((neurons, dimension))
    weights /= np.linalg.norm(weights, axis=1)[:, None]
    signs = np.where(np.arange(neurons) % 2 == 0, 1.0, -1.0)
    plain = ReluTeacher(signs, weights)
    return ReluTeacher(signs / math.sqrt(plain.second_moment), weights)


def teacher_network(teacher: ReluTeacher, spread: float = 1.0) -> Network:
    """Make the student of a teacher: f = (1/N) Σ a_i max(<w_i, x>, 0), for particles only.

    Initially a_i = ± spread with equal probability and w_i is uniform on the sphere of that radius.
    There is no equation in few coordinates: there are no features, only the loss.

    Parameters
    ----------
    teacher : ReluTeacher
    spread : float
        Size of the initial weights, > 0.

    Raises
    ------
    InputError
        If the spread is not a positive finite number.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> network = teacher_network(random_teacher(10, 3, rng))
    >>> theta = network.draw(rng, 500)
    >>> theta.shape, bool(abs(network.population.risk(theta) - 1) < 0.2)
    ((500, 11), True)
    """
    if not 0 < spread < math.inf:
        raise InputError(f"spread = {spread}: give a finite number > 0")
    dimension = teacher.weights.shape[1]

    def draw(rng: np.random.Generator, size: int) -> Array:
        theta = np.empty((size, dimension + 1))
        theta[:, 0] = spread * rng.choice([-1.0, 1.0], size)
        weights = rng.standard_normal((size, dimension))
        theta[:, 1:] = spread * weights / np.linalg.norm(weights, axis=1)[:, None]
        return theta

    def functions(*coordinates: Array) -> Array:
        return np.zeros((0, *np.shape(coordinates[0])))

    def gradient(*coordinates: Array) -> Array:
        return np.zeros((len(coordinates), 0, *np.shape(coordinates[0])))

    none = np.zeros(0)
    return Network(
        unit=Affine(relu(), dimension, bias=0.0),
        data=teacher,
        features=Features(functions, gradient, none, none, teacher.second_moment),
        population=TeacherPopulation(teacher),
        chart=Identity(),
        draw=draw,
    )
