"""What the commands of the command line do; each takes the parsed words, returns the exit code."""

from wgflow.commands.compare import compare
from wgflow.commands.critical import study_critical
from wgflow.commands.dimensions import study_dimension
from wgflow.commands.doctor import doctor
from wgflow.commands.pages import describe, list_cases, list_solvers
from wgflow.commands.rates import converge, study_coupling, study_refinement, verify
from wgflow.commands.regimes import study_lazy, study_teacher, study_three_layer
from wgflow.commands.rest import study_rest
from wgflow.commands.runs import run
from wgflow.commands.spins import study_spins
from wgflow.commands.stationary import stationary
from wgflow.commands.widths import study_width

__all__ = [
    "compare",
    "converge",
    "describe",
    "doctor",
    "list_cases",
    "list_solvers",
    "run",
    "stationary",
    "study_coupling",
    "study_critical",
    "study_dimension",
    "study_lazy",
    "study_refinement",
    "study_rest",
    "study_spins",
    "study_teacher",
    "study_three_layer",
    "study_width",
    "verify",
]
