"""Pairwise interaction ½ ∬ W(x - y) rho(x) rho(y), by fast Fourier transforms."""

from wgflow.energies.interaction.term import Interaction

__all__ = ["Interaction"]
