"""The density equation beside the finite network of which it is the limit."""

from wgflow.compare.comparison import Comparison, ParticleSettings
from wgflow.compare.runs import compare, moments_of, schedule_of

__all__ = ["Comparison", "ParticleSettings", "compare", "moments_of", "schedule_of"]
