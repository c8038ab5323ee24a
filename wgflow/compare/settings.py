"""How the finite networks beside a density are run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from wgflow.errors import InputError

__all__ = ["Dynamics", "ParticleSettings"]

Dynamics = Literal["sgd", "gradient", "particle", "nonlinear"]


@dataclass(frozen=True)
class ParticleSettings:
    """How the finite networks are run.

    Attributes
    ----------
    particles : int
        Neurons N of each network.
    step : float
        ε; training time is t = k ε.
    seeds : int
        Independent networks.
    seed : int
        Seed of the first; the others are spawned from it.
    batch : int
        Samples a step of SGD; 1 for the other dynamics, which take the mean over all.
    dynamics : {"sgd", "gradient", "particle", "nonlinear"}
        Which of the four coupled dynamics.
    extrapolate : bool
        Whether to run networks of half the width too. The risk of N neurons exceeds that of
        the density by about C/N in the mean, often more than it scatters; 2 R_N - R_{N/2}
        removes that term.
    """

    particles: int = 800
    step: float = 1e-3
    seeds: int = 3
    seed: int = 0
    batch: int = 1
    dynamics: Dynamics = "sgd"
    extrapolate: bool = False

    def __post_init__(self) -> None:
        for name in ("particles", "seeds", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)}: give a whole number >= 1")
        if not (math.isfinite(self.step) and self.step > 0):
            raise InputError(f"step = {self.step}: give a finite number > 0")
        if self.seed < 0:
            raise InputError(f"seed = {self.seed}: give a whole number >= 0")
        if self.extrapolate and self.particles < 2:
            raise InputError(
                "one neuron cannot be halved: give more particles, or no extrapolation"
            )
        if self.batch != 1 and self.dynamics != "sgd":
            raise InputError(
                f"batch = {self.batch} with dynamics = {self.dynamics!r}, which has no samples: "
                "omit it, or choose dynamics = 'sgd'"
            )
