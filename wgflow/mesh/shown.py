"""How a mesh is shown: on one line, and as a table in a notebook."""

from __future__ import annotations

from wgflow._typing import Array
from wgflow.cells import Cells
from wgflow.mesh.geometry import Geometry
from wgflow.mesh.quality import Quality
from wgflow.mesh.region import Region
from wgflow.shown import number, page, ranged

__all__ = ["RegionCells"]


class RegionCells(Cells):
    """Cells of a region, as they are shown; nothing here is collective.

    Attributes
    ----------
    box : Region
    quality : Quality
    spacing : float
    """

    box: Region
    quality: Quality
    spacing: float
    _all: tuple[Geometry, tuple[Quality, Array, Array]]

    def _counted(self) -> str:
        name = f" of {self.box.name}" if self.box.name else ""
        return f"{self.cells[0]} cells in {self.box.dimension} dimensions{name}"

    def __repr__(self) -> str:
        ranks = f" in {self.comm.size} parts" if self.comm.size > 1 else ""
        return f"Mesh({self._counted()}{ranks}, {self.quality})"

    def _repr_html_(self) -> str:
        geometry, _ = self._all
        bounds = [
            (name, ranged(float(values.min()), float(values.max())))
            for name, values in zip(self.box.names, geometry.corners.T, strict=True)
        ]
        rows = [
            *bounds,
            ("volume", number(float(geometry.volumes.sum()))),
            ("mean width", number(self.spacing)),
            ("faces", f"{len(geometry.left)} between cells"),
            ("quality", str(self.quality)),
            ("divided in", f"{self.comm.size} parts, of ranks" if self.comm.size > 1 else ""),
        ]
        return page(f"Mesh of {self._counted()}", rows)
