r"""Ornstein-Uhlenbeck process in one to four dimensions: an exact Gaussian.

$$
\partial_t \rho = \nabla \cdot (\rho\, A x) + \frac1\beta\, \Delta \rho, \qquad
V = \tfrac12\, x \cdot A x
$$

An initial Gaussian with mean $m$ and covariance $S$ stays Gaussian, with

$$
\begin{split}
\text{mean}(t) &= e^{-A t}\, m, \\
\text{covariance}(t)
  &= \frac{A^{-1}}{\beta} + e^{-A t} \left( S - \frac{A^{-1}}{\beta} \right) e^{-A t} .
\end{split}
$$

The $i$-th axis has stiffness $A_{ii} = \mathrm{stiffness}\, (1 + (i - 1)\, \mathrm{anisotropy})$
and is coupled to the others by $A_{ij} = \mathrm{coupling}\, \sqrt{A_{ii} A_{jj}}$. The initial
density has mean $m_i = \mathrm{mean}/i$, variance $S_{ii} = \mathrm{variance}$, and the given
correlation between every pair of coordinates. Its covariance differs from the stationary one and in
general does not commute with $A$, so drift, diffusion and rotation are all tested. The domain is
wide enough for the Gaussian to be below rounding at its ends.

**Rates.** Scharfetter-Gummel and MUSCL 2, upwind 1 in space. Refinement path: as in the solver,
`dt` proportional to $h^{p/q}$ for orders $p$ in space and $q$ in time.

**Source.** Risken, The Fokker-Planck Equation (1989), sections 5.3 and 6.5.
"""

from typing import Any

import numpy as np

import wgflow as wg

CELLS = 200
EXPECTED = {
    "scharfetter_gummel": 2.0,
    "scharfetter_gummel_explicit": 2.0,
    "bailo_carrillo_hu": 1.0,
    "muscl": 2.0,
    "upwind": 1.0,
}
CONVERGENCE: dict[str, Any] = {
    "cells": (50, 100, 200, 400),
    "until": 0.5,
    "dt": {
        "scharfetter_gummel": 0.02,
        "scharfetter_gummel_explicit": 0.02,
        "bailo_carrillo_hu": 0.02,
        "quantile_jko": 0.02,
    },
}
FINEST_ERROR = {
    "scharfetter_gummel": 3e-4,
    "scharfetter_gummel_explicit": 3e-4,
    "bailo_carrillo_hu": 1.4e-2,
    "muscl": 3.5e-4,
    "upwind": 1.5e-2,
}
VARIANTS = {
    "by entropic transport": {
        "convergence": {
            "cells": (50, 100, 200),
            "until": 0.5,
            "dt": {"entropic_jko": 0.1},
        },
        "solvers": ("entropic_jko",),
        "expected": {"entropic_jko": 2.0},
        "finest_error": {"entropic_jko": 1.9e-3},
    },
    "2-D by entropic transport": {
        "set": {"dimension": 2, "coupling": 0.4, "anisotropy": 0.5, "half_width": 6.0},
        "convergence": {
            "cells": (24, 48, 96),
            "until": 0.25,
            "dt": {"entropic_jko": 0.1},
        },
        "solvers": ("entropic_jko",),
        "expected": {"entropic_jko": 2.0},
        "finest_error": {"entropic_jko": 4e-3},
    },
    "by quantiles": {
        "convergence": {
            "cells": (25, 50, 100),
            "until": 0.5,
            "dt": {"quantile_jko": 0.1},
        },
        "solvers": ("quantile_jko",),
        "expected": {"quantile_jko": 2.0},
        "finest_error": {"quantile_jko": 2.3e-3},
    },
    "by movements": {
        "convergence": {
            "cells": (100, 200, 400),
            "until": 0.5,
            "dt": {"ljko": 0.04, "ljko_bdf2": 0.04},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko": 1.0, "ljko_bdf2": 1.0},
        "finest_error": {"ljko": 9.5e-3, "ljko_bdf2": 9e-3},
    },
    "by movements, in time": {
        "convergence": {
            "refine": "time",
            "cells": (100,),
            "until": 0.25,
            "dt": {"ljko": 0.015625, "ljko_bdf2": 0.015625},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko": 1.0, "ljko_bdf2": 2.0},
        "finest_error": {"ljko": 4.3e-4, "ljko_bdf2": 5.5e-6},
    },
    "by movements, 2-D": {
        "set": {"dimension": 2, "coupling": 0.4, "anisotropy": 0.5, "half_width": 4.0, "mean": 0.5},
        "convergence": {"cells": (20, 40, 80), "until": 0.1, "dt": {"ljko": 0.02}},
        "solvers": ("ljko",),
        "expected": {"ljko": 1.0},
        "finest_error": {"ljko": 3e-2},
    },
    "by FiPy": {
        "convergence": {"cells": (25, 50, 100), "until": 0.5, "dt": {"fipy": 0.1}},
        "solvers": ("fipy",),
        "expected": {"fipy": 2.0},
        "finest_error": {"fipy": 1e-2},
    },
    "in time": {
        "convergence": {**CONVERGENCE, "refine": "time", "cells": (200,)},
        "solvers": (
            "scharfetter_gummel",
            "scharfetter_gummel time=euler",
            "scharfetter_gummel_explicit",
            "quantile_jko",
        ),
        "expected": {"scharfetter_gummel time=euler": 1.0, "quantile_jko": 1.0},
        "finest_error": {
            "scharfetter_gummel": 1.2e-6,
            "scharfetter_gummel time=euler": 1.2e-3,
            "scharfetter_gummel_explicit": 3e-6,
            "quantile_jko": 7e-4,
        },
    },
    "2-D": {
        "set": {"dimension": 2, "coupling": 0.4, "anisotropy": 0.5, "half_width": 6.0},
        "convergence": {
            "cells": (24, 48, 96),
            "until": 0.25,
            "dt": dict.fromkeys(CONVERGENCE["dt"], 0.02),
        },
        "finest_error": {
            "scharfetter_gummel": 5e-3,
            "scharfetter_gummel_explicit": 5e-3,
            "muscl": 6e-3,
            "upwind": 7e-2,
        },
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit", "muscl", "upwind"),
    },
    "2-D by its dual": {
        "set": {"dimension": 2, "coupling": 0.4, "anisotropy": 0.5, "half_width": 6.0},
        "convergence": {
            "cells": (48, 96, 192),
            "until": 0.25,
            "dt": {"back_and_forth": 0.04},
        },
        "solvers": ("back_and_forth",),
        "expected": {"back_and_forth": 2.0},
        "finest_error": {"back_and_forth": 2.3e-3},
    },
    "3-D": {
        "set": {
            "dimension": 3,
            "coupling": 0.3,
            "correlation": 0.2,
            "half_width": 5.0,
            "variance": 0.5,
        },
        "convergence": {
            "cells": (16, 24, 32),
            "until": 0.1,
            "dt": dict.fromkeys(CONVERGENCE["dt"], 0.02),
        },
        "finest_error": {"scharfetter_gummel": 1.2e-2, "scharfetter_gummel_explicit": 1.2e-2},
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit"),
    },
    "4-D": {
        "set": {
            "dimension": 4,
            "coupling": 0.2,
            "correlation": 0.2,
            "half_width": 4.5,
            "variance": 0.6,
            "mean": 0.5,
        },
        "convergence": {"cells": (10, 14, 20), "until": 0.1},
        "solvers": ("scharfetter_gummel_explicit",),
        "finest_error": {"scharfetter_gummel_explicit": 2.4e-2},
    },
}


def problem(
    stiffness: float = 1.0,
    beta: float = 1.0,
    mean: float = 1.0,
    variance: float = 0.25,
    half_width: float = 8.0,
    dimension: int = 1,
    coupling: float = 0.0,
    anisotropy: float = 0.0,
    correlation: float = 0.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    stiffness : float
        Curvature of the potential along the first axis, > 0.
    beta : float
        Inverse temperature, > 0.
    mean : float
        Of the initial Gaussian on the first axis; the i-th has mean/i.
    variance : float
        Of the initial Gaussian on every axis, > 0.
    half_width : float
        The domain is [-half_width, half_width] on every axis.
    dimension : int
        1 to 4.
    coupling : float
        Of any two axes in the potential; A must be positive definite.
    anisotropy : float
        Relative growth of the stiffness from one axis to the next.
    correlation : float
        Of any two coordinates initially.
    """
    for name, value in (("stiffness", stiffness), ("beta", beta), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if dimension not in (1, 2, 3, 4):
        raise wg.InputError(f"dimension = {dimension}: give 1, 2, 3 or 4")
    steps: wg.Array = np.arange(float(dimension))
    curvature = _pairwise("coupling", coupling, stiffness * (1.0 + anisotropy * steps))
    start = _pairwise("correlation", correlation, np.full(dimension, float(variance)))
    middle = mean / (1 + steps)
    rest: wg.Array = np.linalg.inv(curvature).astype(float) / beta
    values, vectors = np.linalg.eigh(curvature)

    def density(t: float, *x: wg.Array) -> wg.Array:
        decay = (vectors * np.exp(-values * t)) @ vectors.T
        return _gaussian(decay @ middle, rest + decay @ (start - rest) @ decay, x)

    def potential(*x: wg.Array) -> wg.Array:
        return _form(curvature, list(x)) / 2

    return wg.Problem(
        domain=wg.Box(*[(-half_width, half_width)] * dimension),
        energy=wg.Potential(potential) + wg.Entropy(1 / beta),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        until=1.0,
    )


def _pairwise(name: str, value: float, diagonal: wg.Array) -> wg.Array:
    """Positive definite matrix with a diagonal and one relative entry off it."""
    size = len(diagonal)
    if not np.isfinite(value):
        raise wg.InputError(f"{name} = {value}: give a finite number")
    relative = np.full((size, size), value) + (1 - value) * np.eye(size)
    low = -1 / (size - 1) if size > 1 else -np.inf
    if size > 1 and not low < value < 1:
        raise wg.InputError(
            f"{name} = {value}: give a number in ({low:.3g}, 1), for a positive definite matrix"
        )
    if not np.all(diagonal > 0):
        raise wg.InputError(f"anisotropy makes a stiffness {diagonal.min():.3g}: keep it > 0")
    root = np.sqrt(diagonal)
    matrix: wg.Array = relative * root[:, None] * root
    return matrix


def _form(matrix: wg.Array, x: list[wg.Array]) -> wg.Array:
    """Quadratic form of coordinates, as arrays that broadcast."""
    total: wg.Array = np.zeros(())
    for i, row in enumerate(matrix):
        total = total + row[i] * x[i] ** 2
        for j in range(i):
            if row[j] != 0:
                total = total + 2 * row[j] * x[i] * x[j]
    return total


def _gaussian(mean: wg.Array, covariance: wg.Array, x: tuple[wg.Array, ...]) -> wg.Array:
    centred = [c - m for c, m in zip(x, mean, strict=True)]
    norm = np.sqrt(np.linalg.det(2 * np.pi * covariance))
    inverse: wg.Array = np.asarray(np.linalg.inv(covariance), dtype=float)
    values: wg.Array = np.exp(-_form(inverse, centred) / 2) / norm
    return values
