"""What the commands of the command line do; each takes the parsed words, returns the exit code.

The parser names a command as ``"module:function"``: what no command line asks for is not loaded.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

__all__ = ["find"]


def find(name: str) -> Callable[[argparse.Namespace], int]:
    """Load the command of a name such as ``"pictures:plot"``."""
    module, _, function = name.partition(":")
    command: Callable[[argparse.Namespace], int] = getattr(
        import_module(f"{__name__}.{module}"), function
    )
    return command
