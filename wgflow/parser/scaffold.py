"""The words of the commands that begin a file of one's own, and that complete words."""

from __future__ import annotations

from wgflow.parser.base import Words, add_command

__all__ = ["add_completion", "add_new"]


def add_new(words: Words) -> None:
    """Add the command that writes a case or a solver to begin with."""
    new = add_command(
        words,
        "new",
        "write a case or a solver to start from",
        ["wgflow new case my_case", "wgflow new solver my_solver"],
    )
    kinds = new.add_subparsers(metavar="KIND", required=True)
    _kind(
        kinds,
        "case",
        [
            "wgflow new case my_case",
            "wgflow new case my_charges --like charges",
            "wgflow new case my_case --in my_cases",
        ],
        "charges",
    )
    _kind(
        kinds,
        "solver",
        ["wgflow new solver my_solver", "wgflow new solver my_muscl --like muscl"],
        "muscl",
    )


def _kind(kinds: Words, kind: str, examples: list[str], shipped: str) -> None:
    made = add_command(
        kinds,
        kind,
        f"write a commented, working {kind} NAME.py, and print what to do next",
        examples,
    )
    made.add_argument(
        "new_name", metavar="NAME", help="letters, digits and _; not the name of a shipped one"
    )
    made.add_argument(
        "--in", dest="folder", default=".", metavar="DIR", help="folder to write it to (default: .)"
    )
    made.add_argument(
        "--like",
        metavar=kind.upper(),
        help=f"start from a copy of a {kind}, such as {shipped} (default: a commented example)",
    )
    made.set_defaults(command="scaffold:new", kind=f"{kind}s")


def add_completion(words: Words) -> None:
    """Add the command that prints what makes a shell complete words."""
    completion = add_command(
        words,
        "completion",
        "print the code by which a shell completes commands, options and names",
        [
            'eval "$(wgflow completion bash)"',
            "wgflow completion zsh >> ~/.zshrc",
            "wgflow completion fish > ~/.config/fish/completions/wgflow.fish",
        ],
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    completion.set_defaults(command="completion:completion")
