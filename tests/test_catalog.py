"""Cases and solvers are found by name or path; settings are read against a signature."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from wgflow import catalog
from wgflow.catalog import Kind
from wgflow.errors import InputError

CASE = '''"""A case of the tests. With more words.

And more lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Problem


def problem(rate: float = 1.5, cells: int | None = None) -> Problem:
    return (rate, cells)
'''


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the shipped folders, so that the tests hold whatever is shipped."""
    for kind in ("cases", "solvers"):
        (tmp_path / kind).mkdir()
    for name in ("ornstein_uhlenbeck", "cosine_neuron", "_helper"):
        (tmp_path / "cases" / f"{name}.py").write_text(CASE)
    monkeypatch.setattr(catalog, "_folder", lambda kind: tmp_path / kind)
    return tmp_path


def refuse(function: Callable[..., Any], *arguments: Any) -> str:
    """Return the message of an InputError, which must be one line."""
    with pytest.raises(InputError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


# --- finding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cases", "solvers"])
def test_what_the_checkout_ships_is_found_and_loads(kind: Kind, root: Path) -> None:
    files = sorted(file.stem for file in (root / kind).glob("[!_]*.py"))
    assert catalog.names(kind) == files
    for name in files:
        assert catalog.find(kind, name) == root / kind / f"{name}.py"
        module = catalog.load(kind, name)
        assert module.__name__ == f"wgflow_{kind}.{name}"
        assert catalog.describe(module) != "(no description)"
        entry = module.problem if kind == "cases" else module.stepper
        for parameter in catalog.parameters(entry):
            assert parameter.expected, parameter


def test_names_are_sorted_and_leave_out_private_files(shipped: Path) -> None:
    assert catalog.names("cases") == ["cosine_neuron", "ornstein_uhlenbeck"]
    assert catalog.names("solvers") == []


def test_files_in_the_package_come_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "wgflow"
    package.mkdir()
    monkeypatch.setattr(catalog, "__file__", str(package / "catalog.py"))
    assert catalog._folder("cases") == tmp_path / "cases"
    (package / "_catalog" / "cases").mkdir(parents=True)
    assert catalog._folder("cases") == package / "_catalog" / "cases"


def test_unknown_name_lists_the_known_nearest_first(shipped: Path) -> None:
    message = refuse(catalog.find, "cases", "ornstien_uhlenbek")
    assert "unknown case 'ornstien_uhlenbek'" in message
    assert message.index("ornstein_uhlenbeck") < message.index("cosine_neuron")
    assert "unknown solver 'ljko': known, nearest first: none" in refuse(
        catalog.load, "solvers", "ljko"
    )


def test_unknown_kind_is_refused() -> None:
    assert "one of cases, solvers" in refuse(catalog.names, "meshes")


def test_path_is_relative_to_the_current_folder(
    shipped: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(CASE)
    monkeypatch.chdir(path.parent)
    assert catalog.find("cases", "mine.py") == path.resolve()
    assert catalog.find("cases", "./mine.py") == path.resolve()
    assert catalog.find("cases", path) == path.resolve()


def test_missing_path_lists_the_known_nearest_first(shipped: Path) -> None:
    message = refuse(catalog.find, "cases", "my/cosine.py")
    assert "no case file 'my/cosine.py'" in message
    assert message.index("cosine_neuron") < message.index("ornstein_uhlenbeck")
    folder = refuse(catalog.find, "cases", f"{shipped}/cases")
    assert "it is not a .py file" in folder


# --- loading -------------------------------------------------------------------------------------


def test_a_file_is_loaded_once(write: Callable[..., Path]) -> None:
    path = write(CASE)
    first = catalog.load("cases", path)
    assert first is catalog.load("cases", str(path))
    assert first.problem(rate=2.0) == (2.0, None)
    assert catalog.describe(first) == "A case of the tests. With more words"


def test_files_of_one_name_do_not_mix(tmp_path: Path) -> None:
    modules = []
    for rate in (1, 2):
        path = tmp_path / str(rate) / "same.py"
        path.parent.mkdir()
        path.write_text(f"def problem(): return {rate}")
        modules.append(catalog.load("cases", path))
    assert [module.problem() for module in modules] == [1, 2]


def test_a_file_may_define_dataclasses(write: Callable[..., Path]) -> None:
    module = catalog.load(
        "cases",
        write(
            "from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "@dataclass\nclass Law:\n    mean: float = 0.5\ndef problem(): return Law()",
            "law.py",
        ),
    )
    assert dataclasses.asdict(module.problem()) == {"mean": 0.5}


@pytest.mark.parametrize(
    ("text", "line", "exception"),
    [
        ("a = 1\nb = a / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def f():\n    return [][1]\n\n\nf()\n", 2, "IndexError"),
        ("import math\n\nmath.sqrt(\n    -1)\n", 3, "ValueError: math domain error"),
        ("x = 1\ndef problem(:\n", 2, "SyntaxError"),
        ("import no_such_module\n", 1, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
        ("raise ValueError('two\\nlines')\n", 1, "ValueError: two lines"),
    ],
)
def test_a_file_that_raises_is_one_line(
    write: Callable[..., Path], text: str, line: int, exception: str
) -> None:
    path = write(f"{text}\ndef problem(): ...\n", "unloadable.py")
    for _ in range(2):  # a failure leaves nothing behind
        message = refuse(catalog.load, "cases", path)
        assert f"{path}, line {line}: {exception}" in message
    assert "wgflow_cases.unloadable" not in sys.modules


@pytest.mark.parametrize(("kind", "entry"), [("cases", "problem"), ("solvers", "stepper")])
def test_a_file_without_its_function_is_refused(
    write: Callable[..., Path], kind: Kind, entry: str
) -> None:
    assert f"no function {entry}()" in refuse(catalog.load, kind, write("x = 1\n", "empty.py"))


# --- settings ------------------------------------------------------------------------------------


def problem(
    dimension: int | Literal["inf"] = 40,
    separation: float = 0.8,
    beta: float | None = None,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
    noisy: bool = False,
    activation: float | str = "ramp",
    untyped=3,
) -> None:
    """Do nothing.

    Parameters
    ----------
    dimension : int
        Of the data,
        or "inf".
    separation, beta : float
        Two at once.

    Returns
    -------
    preset : str
        Not a parameter.
    """


def stepper(problem: Any, grid: Any, *, limiter: str = "minmod", steps: int) -> None: ...


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("dimension", "320", 320),
        ("dimension", "1e3", 1000),
        ("dimension", "inf", "inf"),
        ("separation", "0.5", 0.5),
        ("separation", "2", 2.0),
        ("separation", "inf", math.inf),
        ("beta", "none", None),
        ("beta", "20", 20.0),
        ("preset", "mmm2019", "mmm2019"),
        ("noisy", "true", True),
        ("noisy", "No", False),
        ("noisy", "1", True),
        ("activation", "2.5", 2.5),
        ("activation", "relu", "relu"),
        ("untyped", "7", 7),
    ],
)
def test_text_becomes_the_annotated_type(name: str, text: str, value: Any) -> None:
    got = catalog.bind(problem, {name: text})
    assert got == {name: value}
    assert type(got[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("dimension", "2.5", "a whole number or 'inf' (default 40), not '2.5'"),
        ("separation", "wide", "a number (default 0.8), not 'wide'"),
        ("separation", "nan", "a number (default 0.8), not 'nan'"),
        ("separation", "none", "a number (default 0.8), not 'none'"),
        ("beta", "cold", "a number or none (default None), not 'cold'"),
        ("preset", "mmn", "'mmn2018' or 'mmm2019' (default 'mmn2018'), not 'mmn'"),
        ("noisy", "perhaps", "true or false (default False), not 'perhaps'"),
        ("separation", "", "a number (default 0.8), not ''"),
    ],
)
def test_ill_typed_text_says_what_is_expected(name: str, text: str, expected: str) -> None:
    message = refuse(catalog.bind, problem, {name: text})
    assert message == f"parameter '{name}' of problem is {expected}"


def test_unknown_parameter_lists_the_known_nearest_first() -> None:
    message = refuse(catalog.bind, problem, {"seperation": "1"})
    assert "unknown parameter 'seperation' of problem" in message
    assert "nearest first: separation, " in message
    assert all(each.name in message for each in catalog.parameters(problem))


def test_messages_name_the_case(write: Callable[..., Path]) -> None:
    module = catalog.load("cases", write(CASE, "heat.py"))
    assert "of heat:" in refuse(catalog.bind, module.problem, {"x": "1"})
    # The annotation of the return value exists for the type checker only.
    assert catalog.bind(module.problem, {"rate": "3", "cells": "none"}) == {
        "rate": 3.0,
        "cells": None,
    }


def test_parameters_carry_defaults_and_descriptions() -> None:
    found = {each.name: each for each in catalog.parameters(problem)}
    assert list(found)[:3] == ["dimension", "separation", "beta"]
    assert found["dimension"].text == 'Of the data, or "inf".'
    assert found["separation"].text == found["beta"].text == "Two at once."
    assert found["preset"].text == ""
    assert found["preset"].default == "mmn2018"
    assert not found["preset"].required


def test_settings_of_a_solver_are_its_keywords() -> None:
    assert [each.name for each in catalog.parameters(stepper)] == ["limiter", "steps"]
    assert catalog.bind(stepper, {"steps": "4"}) == {"steps": 4}
    assert "no default for steps" in refuse(catalog.bind, stepper, {"limiter": "van_leer"})


def test_types_that_text_cannot_give_are_said_to_be_so() -> None:
    def case(start: dict[str, float] | None = None) -> None: ...

    assert "set it from Python" in refuse(catalog.bind, case, {"start": "{}"})
    assert catalog.bind(case, {}) == {}


def test_annotation_that_is_not_defined_is_one_line(write: Callable[..., Path]) -> None:
    text = "from __future__ import annotations\ndef problem(rate: Rate = 1): ..."
    module = catalog.load("cases", write(text, "rate.py"))
    assert "NameError" in refuse(catalog.parameters, module.problem)


def test_no_bytecode_is_left_beside_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    path = tmp_path / "quiet.py"
    path.write_text("def problem(): return 1\n")
    assert catalog.load("cases", path).problem() == 1
    assert [*tmp_path.iterdir()] == [path]
