"""Networks: activations, data laws and features, what turns a network into V and U."""

from __future__ import annotations

from wgflow.networks.activations import (
    Activation,
    PiecewiseLinear,
    Smooth,
    activation,
    nonmonotone,
    ramp,
    relu,
    truncated_relu,
)
from wgflow.networks.anisotropic import anisotropic_features, anisotropic_network
from wgflow.networks.charts import Chart, Identity, Parts, Radius
from wgflow.networks.data import (
    Convention,
    CosineData,
    DataLaw,
    EmpiricalData,
    IsotropicGaussians,
    widths,
)
from wgflow.networks.features import (
    Features,
    cosine_features,
    empirical_features,
    isotropic_features,
)
from wgflow.networks.gaussian_population import GaussianRidgePopulation
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.hermite import coefficients, sphere_moment
from wgflow.networks.network import Network, cosine_network, isotropic_network
from wgflow.networks.population import FeaturePopulation, Population
from wgflow.networks.relu_gaussians import relu_features, relu_network
from wgflow.networks.relu_population import ReluPopulation
from wgflow.networks.units import Affine, Cosine, Ridge, Unit

__all__ = [
    "Activation",
    "Affine",
    "AnisotropicGaussians",
    "Chart",
    "Convention",
    "Cosine",
    "CosineData",
    "DataLaw",
    "EmpiricalData",
    "FeaturePopulation",
    "Features",
    "GaussianRidgePopulation",
    "Identity",
    "IsotropicGaussians",
    "Network",
    "Parts",
    "PiecewiseLinear",
    "Population",
    "Radius",
    "ReluPopulation",
    "Ridge",
    "Smooth",
    "Unit",
    "activation",
    "anisotropic_features",
    "anisotropic_network",
    "coefficients",
    "cosine_features",
    "cosine_network",
    "empirical_features",
    "isotropic_features",
    "isotropic_network",
    "nonmonotone",
    "ramp",
    "relu",
    "relu_features",
    "relu_network",
    "sphere_moment",
    "truncated_relu",
    "widths",
]
