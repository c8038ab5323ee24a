"""Cosine neurons on nine labelled samples: predictions √2 ∫ cos(x - θ) rho, any convex loss.

The start is a wrapped Cauchy density turned away from the data, so that all moments move.
"""

import numpy as np

import wgflow as wg
from wgflow.networks import (
    Cosine,
    EmpiricalData,
    FeaturePopulation,
    Identity,
    Network,
    empirical_features,
)

EXPECTED: dict[str, float] = {}
INPUTS = np.linspace(-np.pi, np.pi, 9, endpoint=False)
SIGNS = np.where(np.cos(INPUTS - 0.4) > 0, 1.0, -1.0) * np.where(np.arange(9) == 2, -1.0, 1.0)
HEIGHTS = 1.2 * np.cos(INPUTS - 0.4) + np.where(np.arange(9) == 2, 5.0, 0.0)  # with an outlier
MEAN, TURN = 0.4, 1.5


def problem(loss: str = "logistic", beta: float = 20.0, until: float = 1.0) -> wg.Problem:
    """Compose the problem.

    Parameters
    ----------
    loss : str
        Name of the loss.
    beta : float
        Inverse temperature, inf for no noise.
    until : float
        End of the run.
    """
    data = EmpiricalData(INPUTS, SIGNS if loss in ("logistic", "hinge") else HEIGHTS)
    features = empirical_features(Cosine(), data, loss)
    energy: wg.Risk | wg.Energy = wg.Risk(features)

    def density(theta: wg.Array) -> wg.Array:
        return (1 - MEAN**2) / (2 * np.pi * (1 - 2 * MEAN * np.cos(theta - TURN) + MEAN**2))

    def draw(rng: np.random.Generator, size: int) -> wg.Array:
        """Draw neurons at the quantiles of the density, whatever the generator."""
        half = np.pi * ((np.arange(size) + 0.5) / size - 0.5)
        return np.asarray(TURN + 2 * np.arctan((1 - MEAN) / (1 + MEAN) * np.tan(half)))[:, None]

    return wg.Problem(
        domain=wg.Box(wg.Axis(-np.pi, np.pi, periodic=True, name="theta")),
        energy=energy if np.isinf(beta) else energy + wg.Entropy(1 / beta),
        initial=density,
        time_scale=2.0,
        until=until,
        network=Network(
            unit=Cosine(),
            data=data,
            features=features,
            population=FeaturePopulation(features, Identity()),
            chart=Identity(),
            draw=draw,
        ),
    )
