"""A domain that is not a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from wgflow.called import answered
from wgflow.errors import InputError

__all__ = ["Region"]


@answered
@dataclass(frozen=True)
class Region:
    """A bounded domain with walls, whose shape is given by its mesh.

    The continuous problem needs only its dimension: energies are functions of the coordinates,
    and no mass crosses the boundary. Where the boundary is curved, meshes of one region at
    different resolutions differ slightly in shape, so the shape belongs to the mesh; regions
    are told apart by name.

    Parameters
    ----------
    dimension : int
        2 or 3.
    name : str
        The regions of a mesh and its problem must have the same name.

    Raises
    ------
    InputError
        If the dimension is neither.

    Examples
    --------
    >>> Region(2).names
    ('x', 'y')
    >>> Region(2, "disk") == Region(2, "square")
    False
    """

    dimension: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.dimension not in (2, 3):
            raise InputError(f"a region of dimension {self.dimension}: it has 2 or 3; else use Box")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple("xyz"[: self.dimension])

    @property
    def periodic(self) -> bool:
        """Never: a region has walls all around."""
        return False

    @property
    def axes(self) -> NoReturn:
        """No axes.

        Raises
        ------
        InputError
            Always: what asks for the axes of a domain needs a box.
        """
        raise InputError(
            f"{self!r} has no axes: kernels of x - y, limited fluxes and structured grids need a "
            "Box; on a mesh use Risk with features for an interaction, and the fluxes Upwind or "
            "ScharfetterGummel"
        )
