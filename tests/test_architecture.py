"""The rules of docs/architecture.md that can be read off the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import wgflow

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "wgflow"

# A room may import from the rooms of its own layer and of those before it.
LAYERS = [
    {
        "_compiled",
        "_typing",
        "_version",
        "_settings",
        "asked",
        "called",
        "catalog",
        "errors",
        "fitting",
        "formulas",
        "parallel",
        "shown",
    },
    {"cells", "domain", "grid", "lines", "mesh", "stretchings"},
    {"distances", "energies", "fluxes", "networks"},
    {"algebra", "density", "equation", "finite_volume", "problem", "quantiles", "transport"},
    {"steppers"},
    {
        "choice",
        "concentration",
        "follow",
        "io",
        "loop",
        "observers",
        "particles",
        "plots",
        "progress",
    }
    | {"solution", "solve", "stationary", "stored"},
    {"compare", "convergence", "report"},
    {"__main__", "cli", "commands", "parser"},
]
# Rooms that see less than their layer does.
SEES = {
    "_typing": set(),
    "_version": set(),
    "_compiled": set(),
    "errors": set(),
    "asked": {"_typing", "errors", "fitting"},
    "called": {"errors", "fitting"},
    "fitting": set(),
    "shown": set(),
    "_settings": {"errors"},
    "formulas": set(),
    "catalog": {"_settings", "called", "errors"},
    "parallel": {"_typing", "errors"},
    "transport": {"_typing"},
    "particles": {"_typing", "called", "energies", "errors", "networks", "problem"},
}
# Numerical kernels work on local arrays: they never see a communicator.
BLIND_TO_PARALLEL = {"fluxes"}
# Loaded when they are used, for import wgflow to be quick and to need no MPI.
LAZY = {
    "fipy",
    "h5py",
    "latex2mathml",
    "markdown_it",
    "matplotlib",
    "mpi4py",
    "numba",
    "petsc4py",
    "scipy.optimize",
    "tqdm",
    "xarray",
}
# What is imported under another name than it is installed by.
INSTALLED_AS = {"markdown_it": "markdown-it-py", "mdit_py_plugins": "mdit-py-plugins"}
LONGEST_FILE = 300

MODULES = sorted(PACKAGE.rglob("*.py"))
LOADED = sorted([*(ROOT / "cases").glob("*.py"), *(ROOT / "solvers").glob("*.py")])


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path) -> str:
    """Return the file or folder directly under wgflow/ that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the full names that a file imports, inside functions too, with their lines.

    ``from wgflow import a`` yields ``wgflow.a``; relative imports are made absolute.
    """
    package = path.relative_to(ROOT).parent.parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue  # names for the type checker, never imported
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{module}.{alias.name}", node.lineno


def room_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the rooms of wgflow that a file imports; the package itself is the room ''."""
    for target, line in imports(path):
        first, *rest = target.split(".")
        if first == "wgflow":
            yield (rest[0] if rest else ""), line


def seen_from(of: str) -> set[str]:
    """Return the rooms that a room may import."""
    layer = next(i for i, rooms in enumerate(LAYERS) if of in rooms)
    seen = SEES.get(of, set().union(*LAYERS[: layer + 1]))
    return (seen - {"parallel"} if of in BLIND_TO_PARALLEL else seen) | {of}


def breaches(path: Path) -> list[str]:
    """List the imports of a file that its room does not allow."""
    allowed = seen_from(room(path))
    return [
        f"{name(path)}:{line} imports {target or 'wgflow itself'}"
        for target, line in room_imports(path)
        if target not in allowed
    ]


def test_every_room_has_a_layer() -> None:
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms <= set().union(*LAYERS), "give the new room a layer, here and in architecture.md"


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) != "__init__"], ids=name)
def test_imports_run_one_way(path: Path) -> None:
    assert breaches(path) == []


def test_the_rule_sees_a_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "wgflow")
    for file, line, breach in [
        ("fluxes/upwind.py", "def f():\n    from wgflow import parallel", "parallel"),
        ("grid.py", "import wgflow.solve", "solve"),
        ("energies/risk.py", "from ..steppers import explicit", "steppers"),
        ("solve.py", "import wgflow as wg", "wgflow itself"),
        ("plots.py", "if TYPE_CHECKING:\n    from wgflow.solve import solve", None),
        ("particles/sgd.py", "from wgflow.grid import Grid", "grid"),
        ("steppers/explicit.py", "from wgflow.finite_volume import FiniteVolume", None),
    ]:
        path = tmp_path / "wgflow" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line)
        found = breaches(path)
        assert [text.split(" imports ")[1] for text in found] == ([breach] if breach else [])


def test_rooms_form_no_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        if room(path) != "__init__":
            targets = {target for target, _ in room_imports(path)} - {room(path)}
            graph.setdefault(room(path), set()).update(targets)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(f"rooms import each other: {' -> '.join(cycle.args[1])}")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_cases_and_solvers_are_never_imported(path: Path) -> None:
    assert not {target.split(".")[0] for target, _ in imports(path)} & {"cases", "solvers"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_one_door_to_mpi_and_one_voice(path: Path) -> None:
    if room(path) != "parallel":
        assert not {target.split(".")[0] for target, _ in imports(path)} & {"mpi4py"}
    if room(path) not in {"__main__", "cli", "commands", "parser"}:
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        printing = [c.lineno for c in calls if getattr(c.func, "id", None) == "print"]
        assert printing == [], "the library logs; only the command line prints"


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after some code."""
    code = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_import_loads_nothing_heavy() -> None:
    loaded = loaded_by("from wgflow import *")
    assert "wgflow.solve" in loaded
    assert loaded & LAZY == set()


@pytest.mark.parametrize("words", [["--help"], ["--complete", "run", "charges", "--set", ""]])
def test_answers_of_the_parser_load_nothing_that_computes(words: list[str]) -> None:
    loaded = loaded_by(
        "import contextlib; from wgflow.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({words})\n"
    )
    rooms = {module.split(".")[1] for module in loaded if module.startswith("wgflow.")}
    assert "parser" in rooms
    assert rooms <= seen_from("parallel") | {
        *("_compiled", "_settings", "_version", "called", "catalog", "fitting"),
        *LAYERS[-1],
    }
    assert loaded & LAZY == set()


def test_the_package_names_what_its_rooms_offer() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wgflow.")
        for alias in node.names
    }
    assert set(typed) == set(wgflow.__all__)
    for word, module in typed.items():
        assert getattr(wgflow, word) is getattr(sys.modules[str(module)], word)
    assert set(typed) <= set(dir(wgflow))


def test_a_room_does_not_hide_a_function_of_its_name() -> None:
    loaded_by("import wgflow.solve; wgflow.solve.__code__; wgflow.catalog.load")
    with pytest.raises(AttributeError, match="no attribute 'Bax'"):
        wgflow.Bax  # noqa: B018


def test_dependencies_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        item
        for name in ("fipy", "mpi", "xarray")
        for item in project["optional-dependencies"][name]
    ]
    declared = {re.split(r"[<>=~! ]", item)[0] for item in project["dependencies"] + extras}
    for path in [*MODULES, *LOADED]:
        first = {target.split(".")[0] for target, _ in imports(path)}
        used = {INSTALLED_AS.get(module, module) for module in first}
        foreign = used - declared - set(sys.stdlib_module_names) - {"wgflow"}
        assert foreign == set(), name(path)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, "longer means two ideas: make two files"


@pytest.mark.parametrize("path", LOADED, ids=name)
def test_cases_and_solvers_state_their_contract(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the docstring is the page of a case or solver"
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    if path.parent.name == "cases":
        assert "problem" in defined
    else:
        assert "stepper" in defined
        assert "ORDER" in assigned


def test_nothing_points_outside_the_repository() -> None:
    outside = re.compile(r"\.\./shar" + r"ed|\bissue" + r" \d", re.IGNORECASE)
    folders = ["benchmarks", "cases", "docs", "solvers", "tests", "wgflow", ".ci"]
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
    texts = {".cfg", ".ipynb", ".md", ".py", ".toml", ".txt", ".yml", ""}
    for path in [*files, *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]:
        if path.suffix in texts and "__pycache__" not in path.parts:
            assert not outside.search(path.read_text(encoding="utf-8")), name(path)
