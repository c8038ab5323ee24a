"""Networks: activations, data laws, and the features that turn a network into V and U."""

from __future__ import annotations

from wgflow.called import answer_all
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
from wgflow.networks.bumps import Bump, Charge, ChargeData
from wgflow.networks.charges import charge_features, charge_network
from wgflow.networks.charts import Chart, Identity, Parts, Radius
from wgflow.networks.data import (
    Convention,
    CosineData,
    DataLaw,
    EmpiricalData,
    IsotropicGaussians,
    widths,
)
from wgflow.networks.empirical import SamplePopulation, empirical_features, empirical_network
from wgflow.networks.features import Features, cosine_features, isotropic_features
from wgflow.networks.gaussian_population import GaussianRidgePopulation
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.hermite import coefficients, sphere_moment
from wgflow.networks.losses import Huber, Logistic, Loss, SmoothHinge, Square, loss_of
from wgflow.networks.network import Network, cosine_network, isotropic_network
from wgflow.networks.population import FeaturePopulation, Population
from wgflow.networks.prediction import predict
from wgflow.networks.relu_gaussians import relu_features, relu_network
from wgflow.networks.relu_population import ReluPopulation
from wgflow.networks.spin_settings import SpinSettings, spin_settings
from wgflow.networks.spins import Radial, Sigmoid, SpinData, Summing, spin_network
from wgflow.networks.teacher import ReluTeacher, random_teacher, teacher_network
from wgflow.networks.units import Affine, Cosine, Ridge, Standardized, Unit

__all__ = [
    "Activation",
    "Affine",
    "AnisotropicGaussians",
    "Bump",
    "Charge",
    "ChargeData",
    "Chart",
    "Convention",
    "Cosine",
    "CosineData",
    "DataLaw",
    "EmpiricalData",
    "FeaturePopulation",
    "Features",
    "GaussianRidgePopulation",
    "Huber",
    "Identity",
    "IsotropicGaussians",
    "Logistic",
    "Loss",
    "Network",
    "Parts",
    "PiecewiseLinear",
    "Population",
    "Radial",
    "Radius",
    "ReluPopulation",
    "ReluTeacher",
    "Ridge",
    "SamplePopulation",
    "Sigmoid",
    "Smooth",
    "SmoothHinge",
    "SpinData",
    "SpinSettings",
    "Square",
    "Standardized",
    "Summing",
    "Unit",
    "activation",
    "anisotropic_features",
    "anisotropic_network",
    "charge_features",
    "charge_network",
    "coefficients",
    "cosine_features",
    "cosine_network",
    "empirical_features",
    "empirical_network",
    "isotropic_features",
    "isotropic_network",
    "loss_of",
    "nonmonotone",
    "predict",
    "ramp",
    "random_teacher",
    "relu",
    "relu_features",
    "relu_network",
    "sphere_moment",
    "spin_network",
    "spin_settings",
    "teacher_network",
    "truncated_relu",
    "widths",
]

answer_all(globals())
