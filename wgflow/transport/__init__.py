"""Transport by the quadratic cost between the cells of a grid: c-transforms and push-forwards."""

from wgflow.transport.quadratic import CellTransport

__all__ = ["CellTransport"]
