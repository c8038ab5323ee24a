"""The density equation beside the finite network of which it is the limit."""

from wgflow.compare.comparison import Comparison
from wgflow.compare.dimensions import DimensionStudy, dimension_study
from wgflow.compare.keeper import clear
from wgflow.compare.kept import KeptResults
from wgflow.compare.runs import compare, moments_of, schedule_of
from wgflow.compare.settings import ParticleSettings
from wgflow.compare.team import Team
from wgflow.compare.widths import WidthStudy, width_study

__all__ = [
    "Comparison",
    "DimensionStudy",
    "KeptResults",
    "ParticleSettings",
    "Team",
    "WidthStudy",
    "clear",
    "compare",
    "dimension_study",
    "moments_of",
    "schedule_of",
    "width_study",
]
