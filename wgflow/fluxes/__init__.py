"""Numerical fluxes: what crosses a face, given the two (or four) cells around it."""

from wgflow.fluxes.base import Flux
from wgflow.fluxes.muscl import MUSCL, Limiter
from wgflow.fluxes.scharfetter_gummel import ScharfetterGummel
from wgflow.fluxes.upwind import Upwind

__all__ = ["MUSCL", "Flux", "Limiter", "ScharfetterGummel", "Upwind"]
