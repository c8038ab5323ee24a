"""Numerical fluxes: what crosses a face, given the two (or four) cells around it."""

from wgflow.called import answer_all
from wgflow.fluxes.bailo_carrillo_hu import BailoCarrilloHu
from wgflow.fluxes.base import Flux
from wgflow.fluxes.face_temperature import face_temperature, face_temperature_slopes
from wgflow.fluxes.muscl import MUSCL, Limiter
from wgflow.fluxes.scharfetter_gummel import ScharfetterGummel
from wgflow.fluxes.upwind import Upwind

__all__ = [
    "MUSCL",
    "BailoCarrilloHu",
    "Flux",
    "Limiter",
    "ScharfetterGummel",
    "Upwind",
    "face_temperature",
    "face_temperature_slopes",
]

answer_all(globals())
