"""The words of the commands that list and describe."""

from __future__ import annotations

from wgflow.parser.base import Words, add_command

__all__ = ["add_doctor", "add_pages"]


def add_pages(words: Words) -> None:
    """Add the commands that list and describe."""
    cases = add_command(words, "cases", "list the cases", ["wgflow cases"])
    cases.set_defaults(command="pages:list_cases")
    solvers = add_command(words, "solvers", "list the solvers", ["wgflow solvers"])
    solvers.set_defaults(command="pages:list_solvers")
    describe = add_command(
        words,
        "describe",
        "show a case or a solver: equation, settings, orders, example commands",
        [
            "wgflow describe isotropic_gaussians",
            "wgflow describe cosine_neuron --set beta=20",
            "wgflow describe muscl",
            "wgflow describe ./my_case.py",
        ],
    )
    describe.add_argument("name", metavar="NAME", help="name or path of a case or a solver")
    describe.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="K=V",
        help="set a parameter of the case in the printed equation; repeat for each",
    )
    describe.set_defaults(command="describe:describe")


def add_doctor(words: Words) -> None:
    """Add the command that looks at the installation."""
    doctor = add_command(
        words,
        "doctor",
        "check the installation and the launch for mistakes; exit 1 if one is found",
        ["wgflow doctor", "mpiexec -n 2 wgflow doctor"],
    )
    doctor.set_defaults(command="doctor:doctor")
