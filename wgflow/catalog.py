"""Cases and solvers, found by name or by path.

A case or a solver is one Python file that is loaded, never imported as part of a package: a user
copies one, edits it and gives its path. The shipped files lie in ``cases/`` and ``solvers/`` of a
checkout, and in ``wgflow/_catalog/`` of an installed wheel.

A case file has a docstring and ``problem(name: type = default, ...) -> wgflow.Problem``.
A solver file has a docstring, ``ORDER`` and ``stepper(problem, grid, *, name: type = default)``.
Their signatures are the lists of parameters that settings are checked against, see :func:`bind`.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
import traceback
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Literal

from wgflow._settings import Parameter, bind, parameters
from wgflow.called import answered
from wgflow.errors import InputError, nearest_first

__all__ = [
    "Kind",
    "Parameter",
    "bind",
    "describe",
    "explain",
    "find",
    "is_path",
    "load",
    "names",
    "parameters",
]

Kind = Literal["cases", "solvers"]

# The function that each kind of file must define.
_ENTRY: dict[Kind, str] = {"cases": "problem", "solvers": "stepper"}

_loaded: dict[tuple[Kind, Path], types.ModuleType] = {}


@answered
def names(kind: Kind) -> list[str]:
    """List the shipped cases or solvers.

    Parameters
    ----------
    kind : {"cases", "solvers"}
        Which of the two.

    Returns
    -------
    list of str
        Sorted names: the file names without ``.py``; files that begin with ``_`` are left out.

    Raises
    ------
    InputError
        If ``kind`` is neither of the two.

    Examples
    --------
    >>> "no_such_case" in names("cases")
    False
    """
    files = _folder(kind).glob("*.py")
    return sorted(file.stem for file in files if not file.name.startswith("_"))


@answered
def find(kind: Kind, name_or_path: str | os.PathLike[str]) -> Path:
    """Find the file of a case or solver.

    Parameters
    ----------
    kind : {"cases", "solvers"}
        Which of the two.
    name_or_path : str or path
        A shipped name, or a path to a file. Text with a separator or ending in ``.py``, and any
        path object, is a path, relative to the current directory.

    Returns
    -------
    pathlib.Path
        The absolute path of an existing file.

    Raises
    ------
    InputError
        If there is no such file or name; the known names are listed, nearest first.

    Examples
    --------
    >>> find("cases", "my/missing.py")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wgflow.errors.InputError: no case file 'my/missing.py' ...
    """
    folder = _folder(kind)
    given = os.fspath(name_or_path)
    known = names(kind)
    if not isinstance(name_or_path, str) or is_path(given):
        path = Path(given).expanduser()
        if path.is_file() and path.suffix == ".py":
            return path.resolve()
        why = "it is not a .py file" if path.exists() else f"looked from {Path.cwd()}"
        raise InputError(
            f"no {kind.removesuffix('s')} file '{given}' ({why}): give the path of a .py file or "
            f"a known name, nearest first: {_listed(path.stem, known)}"
        )
    if given in known:
        return (folder / f"{given}.py").resolve()
    raise InputError(
        f"unknown {kind.removesuffix('s')} '{given}': known, nearest first: "
        f"{_listed(given, known)}; or give the path of a .py file"
    )


@answered
def load(kind: Kind, name_or_path: str | os.PathLike[str]) -> types.ModuleType:
    """Load a case or solver and check that it defines its function.

    Parameters
    ----------
    kind : {"cases", "solvers"}
        Which of the two.
    name_or_path : str or path
        As for :func:`find`.

    Returns
    -------
    module
        Named ``wgflow_cases.NAME`` or ``wgflow_solvers.NAME``. The same file gives the same
        module for as long as the process lives.

    Raises
    ------
    InputError
        If the file is not found, raises while it is executed (file, line and exception are
        named), or lacks ``problem`` (cases) or ``stepper`` (solvers).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "constant.py"
    ...     _ = path.write_text("def problem(value: float = 1.0): return value")
    ...     load("cases", path).problem()
    1.0
    """
    path = find(kind, name_or_path)
    if (kind, path) not in _loaded:
        module = _executed(kind, path)
        if not callable(getattr(module, _ENTRY[kind], None)):
            del sys.modules[module.__name__]
            raise InputError(_no_entry(kind, path))
        if kind == "cases":  # a script calls it with words of its own
            module.problem = answered(module.problem)  # type: ignore[attr-defined]
        _loaded[kind, path] = module
    return _loaded[kind, path]


def describe(module: types.ModuleType) -> str:
    """Summarize a case or solver by the first line of its docstring.

    Parameters
    ----------
    module : module
        As :func:`load` returns it.

    Returns
    -------
    str
        One line without its final full stop, or a note that there is no docstring.

    Examples
    --------
    >>> describe(types.ModuleType("heat", "Heat on the torus."))
    'Heat on the torus'
    >>> describe(types.ModuleType("heat"))
    '(no description)'
    """
    lines = (module.__doc__ or "").strip().splitlines()
    return lines[0].strip().removesuffix(".") if lines else "(no description)"


def explain(error: BaseException) -> str | None:
    """Say on one line where a case or a solver failed while it was used.

    Parameters
    ----------
    error : exception
        Raised after the file was loaded, by one of its functions or by what called them.

    Returns
    -------
    str or None
        File, line and exception; the user's own file without a line where the exception comes
        from elsewhere; None where no file of a user's took part.
    """
    frames = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
    loaded = {str(path): kind for kind, path in _loaded}
    own = [path for path, kind in loaded.items() if Path(path).parent != _folder(kind).resolve()]
    guilty = [path for path in own if path in frames] or own[-1:]
    return _cause(Path(guilty[0]), error) if guilty else None


def _folder(kind: Kind) -> Path:
    """Return the folder of the shipped files: the wheel's, or else the checkout's."""
    if kind not in _ENTRY:
        raise InputError(f"unknown kind '{kind}': it is one of {', '.join(_ENTRY)}")
    package = Path(__file__).resolve().parent
    installed = package / "_catalog" / kind
    return installed if installed.is_dir() else package.parent / kind


def is_path(given: str) -> bool:
    """Say whether text is taken for a path, not for a shipped name."""
    return given.endswith(".py") or os.sep in given or bool(os.altsep and os.altsep in given)


def _listed(word: str, known: list[str]) -> str:
    return ", ".join(nearest_first(word, known)) or "none"


def _executed(kind: Kind, path: Path) -> types.ModuleType:
    """Execute a file as a module; turn what it raises into one line."""
    name = f"wgflow_{kind}.{path.stem}"
    while name in sys.modules:  # a user's file may bear the name of a shipped one
        name += "_"
    _check_entry(kind, path)
    loader = SourceFileLoader(name, str(path))
    loader.set_data = lambda *_, **__: None  # type: ignore[method-assign]  # no __pycache__ there
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a module up by its name
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(_cause(path, error)) from error
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_entry(kind: Kind, path: Path) -> None:
    """Refuse a file that cannot define its function, unexecuted: it may be a script of hours."""
    wanted = _ENTRY[kind]
    try:
        parsed = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # said with its line when the file is executed
        return
    for node in ast.walk(parsed):
        if isinstance(node, ast.FunctionDef) and node.name == wanted:
            return
        if isinstance(node, ast.alias) and (node.asname or node.name) in {wanted, "*"}:
            return
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == wanted for t in node.targets):
            made = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
            if made.rpartition(".")[2] != "Problem":  # problem = wg.Problem(...): of a script
                return
    raise InputError(_no_entry(kind, path))


def _no_entry(kind: Kind, path: Path) -> str:
    return (
        f"{path} has no function {_ENTRY[kind]}(): every file of {kind} defines one; a script is "
        f"started with python {path.name}"
    )


def _cause(path: Path, error: BaseException) -> str:
    """Say on one line which line of the file raised what."""
    # A syntax error has no frame in the file itself, but carries its own file and line.
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, what = error.lineno, error.msg
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        what = " ".join(str(error).split())
    if line is None and isinstance(error, AttributeError) and error.obj is None:
        what += ": does problem() return what it makes?"
    where = f"{path}, line {line}" if line else str(path)
    return f"{where}: {type(error).__name__}: {what}; fix the file and try again"
