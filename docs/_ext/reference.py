"""References, written at the start of a build: of the API and of the command line.

The API has a page a module, from its `__all__`. A name is documented once, in the first module of
the list that has it; the pages of the others point there.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

from gallery import _write
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parents[1]
FOLDER = DOCS / "api"
MODULES = {
    "wgflow": "What most scripts need",
    "wgflow.energies": "Terms of the free energy",
    "wgflow.networks": "Networks",
    "wgflow.fluxes": "Fluxes",
    "wgflow.steppers": "Time steppers",
    "wgflow.steppers.jko": "Minimizing movements",
    "wgflow.observers": "Observers",
    "wgflow.stationary": "Steady states",
    "wgflow.convergence": "Orders",
    "wgflow.convergence.verification": "Verification",
    "wgflow.convergence.plans": "Stated orders",
    "wgflow.distances": "Distances",
    "wgflow.particles": "Particles",
    "wgflow.compare": "Comparisons",
    "wgflow.catalog": "Cases and solvers by name",
    "wgflow.plots": "Figures and films",
    "wgflow.report": "Reports",
    "wgflow.stored": "Loading results",
    "wgflow.io": "Files",
    "wgflow.equation": "Equations in LaTeX",
    "wgflow.formulas": "LaTeX for terminals and pages",
    "wgflow.errors": "Errors",
    "wgflow.transport": "Optimal transport",
}
GENERATED = "generated"
# Names that differ by a capital letter only: not every disk can tell them apart.
FILENAMES = {
    f"wgflow.{name}": f"wgflow.{name}-function"
    for name in ("networks.activation", "stationary.branch", "stationary.stationary")
}


def write_reference(app: Sphinx, config: Any) -> None:
    """Write the pages."""
    home: dict[int, str] = {}
    config.autosummary_filename_map = FILENAMES
    # named one by one: a page that is new is not yet among those that Sphinx has found
    config.autosummary_generate = [f"{FOLDER.name}/{name}.rst" for name in MODULES]
    for name in MODULES:
        module = importlib.import_module(name)
        _write(FOLDER / f"{name}.rst", _page(name, module, home))
    pages = "\n".join(f"   {name}" for name in MODULES)
    rows = "\n".join(f"* :doc:`{name} <{name}>`: {title}" for name, title in MODULES.items())
    text = (
        f"{_heading('API reference')}\n"
        "What a script may use. Names that begin with an underscore, and modules that are not "
        "listed here, may change without notice.\n\n"
        f"{rows}\n\n.. toctree::\n   :hidden:\n\n{pages}\n"
    )
    _write(FOLDER / "index.rst", text)


def write_commands(app: Sphinx, config: Any) -> None:
    """Write the page of the command line, from its parser."""
    from wgflow.parser import build_parser
    from wgflow.parser.reference import markdown

    _write(DOCS / "commands.md", markdown(build_parser()))


def _page(name: str, module: Any, home: dict[int, str]) -> str:
    own: list[str] = []
    elsewhere: list[str] = []
    for word in sorted(module.__all__, key=str.lower):
        thing = getattr(module, word)
        if f"{name}.{word}" in MODULES:  # a function with the name of its room is shown there
            elsewhere.append(f"{name}.{word}.{word}")
            continue
        if word.startswith("__") or not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        first = home.setdefault(id(thing), f"{name}.{word}")
        (own if first == f"{name}.{word}" else elsewhere).append(first)
    parts = [_heading(name), f".. automodule:: {name}\n   :no-members:\n"]
    if own:
        listed = "\n".join(f"   {each.removeprefix(name + '.')}" for each in own)
        parts.append(
            f".. currentmodule:: {name}\n\n"
            f".. autosummary::\n   :toctree: {GENERATED}\n   :nosignatures:\n\n{listed}\n"
        )
    if elsewhere:
        links = ", ".join(f":obj:`~{each}`" for each in elsewhere)
        parts.append(f"Besides, from other pages: {links}.\n")
    return "\n".join(parts)


def _heading(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx lists what there is, for autosummary to find its names."""
    app.connect("config-inited", write_reference)
    app.connect("config-inited", write_commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
