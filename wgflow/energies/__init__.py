"""Terms of the free energy: value, first variation, second-variation product."""

from wgflow.called import answer_all
from wgflow.energies.base import DiscreteTerm, Energy, Term
from wgflow.energies.discrete import DiscreteEnergy
from wgflow.energies.entropy import Entropy
from wgflow.energies.interaction import Interaction
from wgflow.energies.latex import Letters, TermFormula
from wgflow.energies.low_rank import FeatureInteraction
from wgflow.energies.polynomial import PolynomialInteraction
from wgflow.energies.potential import Confinement, Potential
from wgflow.energies.power_law import PowerLaw
from wgflow.energies.risk import Risk

__all__ = [
    "Confinement",
    "DiscreteEnergy",
    "DiscreteTerm",
    "Energy",
    "Entropy",
    "FeatureInteraction",
    "Interaction",
    "Letters",
    "PolynomialInteraction",
    "Potential",
    "PowerLaw",
    "Risk",
    "Term",
    "TermFormula",
]

answer_all(globals())
