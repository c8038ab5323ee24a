"""Densities on a line as their quantiles: conversions, and energies as functions of them."""

from wgflow.quantiles.conversion import Quantiles, density_of, quantiles_of
from wgflow.quantiles.energy import Expansion, QuantileEnergy
from wgflow.quantiles.line import Line

__all__ = ["Expansion", "Line", "QuantileEnergy", "Quantiles", "density_of", "quantiles_of"]
