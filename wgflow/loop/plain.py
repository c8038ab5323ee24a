"""What checkpoints hold besides arrays: what JSON gives back as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["differences", "plain", "separated", "under"]


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Say in what the settings of two runs differ."""
    return [
        f"{key} {there.get(key)!r} there, {here.get(key)!r} here"
        for key in sorted({*there, *here})
        if there.get(key) != here.get(key)
    ]


def separated(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part numbers from arrays."""
    arrays = {name: v for name, v in values.items() if isinstance(v, np.ndarray)}
    return {name: plain(v) for name, v in values.items() if name not in arrays}, arrays


def under(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Give what has a prefix, without it."""
    return {n.removeprefix(prefix): v for n, v in arrays.items() if n.startswith(prefix)}


def plain(value: Any) -> Any:
    """Give a value as JSON gives it back; what it cannot hold by its name, without an address."""
    if isinstance(value, np.generic):
        value = value.item()
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
