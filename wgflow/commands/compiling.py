"""Says that kernels are compiled, which a first run does for some seconds before its first step."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader  # slow to import

__all__ = ["compiling_told"]

EVENT = "numba:compile"  # of Numba's; not sent for a kernel that is read from its cache
SAID = "wgflow: compiling kernels (only once, about ten seconds)"


@contextlib.contextmanager
def compiling_told(speaks: bool = True) -> Iterator[None]:
    """Say on stderr, once, that kernels of ours are compiled, if they are.

    Numba is not imported for it: it is slow to import, and many commands need none.

    Parameters
    ----------
    speaks : bool
        Whether this rank speaks for all.
    """
    if not speaks:
        yield
        return
    with contextlib.ExitStack() as stack:
        if "numba" in sys.modules:
            stack.callback(_listen())
        else:
            finder = _Finder(lambda: stack.callback(_listen()))
            sys.meta_path.insert(0, finder)
            stack.callback(finder.leave)
        yield


def _listen() -> Callable[[], object]:
    """Listen to Numba; give what ends it."""
    event: Any = import_module("numba.core.event")

    class Listener(event.Listener):  # type: ignore[misc]
        told = False

        def on_start(self, event: Any) -> None:
            module = str(event.data["dispatcher"].py_func.__module__)
            # functions of a user's may not be cached, and come at any time
            if not self.told and module.startswith("wgflow."):
                self.told = True
                _say()

        def on_end(self, event: Any) -> None:
            """Do nothing."""

    listener = Listener()
    event.register(EVENT, listener)
    return lambda: event.unregister(EVENT, listener)


def _say() -> None:
    if "tqdm" in sys.modules:  # a bar may stand on the line
        from tqdm import tqdm

        tqdm.write(SAID, file=sys.stderr)
    else:
        sys.stderr.write(f"{SAID}\n")
    sys.stderr.flush()


class _Finder:
    """Lets Numba be found as it would be without it, and acts when it has been imported."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "numba":
            return None
        from importlib.util import find_spec

        self.leave()
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)  # type: ignore[assignment]
        return spec

    def leave(self) -> None:
        with contextlib.suppress(ValueError):  # it has left before
            sys.meta_path.remove(self)


class _Loader:
    """Loads a module by its own loader, to which it gives way, then acts."""

    def __init__(self, own: Loader, then: Callable[[], object]) -> None:
        self._own, self._then = own, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._own
        self._own.exec_module(module)
        self._then()
