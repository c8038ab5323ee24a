"""What the commands of the command line do; each takes the parsed words, returns the exit code."""

from wgflow.commands.compare import compare
from wgflow.commands.completion import completion
from wgflow.commands.critical import study_critical
from wgflow.commands.describe import describe
from wgflow.commands.dimensions import study_dimension
from wgflow.commands.doctor import doctor
from wgflow.commands.pages import list_cases, list_solvers
from wgflow.commands.pictures import animate, plot
from wgflow.commands.rates import converge, verify
from wgflow.commands.regimes import study_lazy, study_teacher, study_three_layer
from wgflow.commands.report import report
from wgflow.commands.rest import study_rest
from wgflow.commands.runs import run
from wgflow.commands.scaffold import new
from wgflow.commands.spins import study_spins
from wgflow.commands.stationary import stationary
from wgflow.commands.studies import study_coupling, study_refinement
from wgflow.commands.widths import study_width

__all__ = [
    "animate",
    "compare",
    "completion",
    "converge",
    "describe",
    "doctor",
    "list_cases",
    "list_solvers",
    "new",
    "plot",
    "report",
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
