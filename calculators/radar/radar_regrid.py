"""Brings radar grids to another grid."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator
from flowlace.nowcasting.extrapolation import read_at

Places = tuple[NDArray[np.float32], NDArray[np.float32]]


@proto_options("flowlace.RadarRegridCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RadarRegridOptions:
    """Options of `RadarRegridCalculator`."""

    projection: str = option(1)
    """PROJ text or `EPSG:…` of the new grid; empty keeps that of the input."""

    x_min: float = option(2)
    """The new grid's extent, in the units of its projection."""

    y_min: float = option(3)
    x_max: float = option(4)
    y_max: float = option(5)

    pixel_size: float = option(6)
    """Side of a new pixel, in the same units."""


@register_calculator
class RadarRegridCalculator(Calculator[RadarRegridOptions]):
    """Brings radar grids of any place and projection to one grid.

    Inputs:   grids (RadarGrid)
    Outputs:  regridded_grids (RadarGrid), without quality bits

    Rain is averaged first where new pixels are larger, then read between pixels. Where most of
    what lies at a place is not known, the new pixel is NaN. Where each new pixel lies is worked
    out once.
    Another projection needs `pip install 'flowlace[radar]'` (pyproj).

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RadarRegridCalculator"
          input_stream: "radar_grids"
          output_stream: "regridded_grids"
          options {
            [flowlace.RadarRegridCalculatorOptions.ext] {
              projection: "+proj=utm +zone=33 +datum=WGS84"
              x_min: 300000 y_min: 5200000 x_max: 812000 y_max: 5712000 pixel_size: 1000
            }
          }
        }
        ```
    """

    input_ports = (Port("grids", RadarGrid),)
    output_ports = (Port("regridded_grids", RadarGrid),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a grid."""
        o: RadarRegridOptions = contract.options
        if not (o.pixel_size > 0 and o.x_min < o.x_max and o.y_min < o.y_max):
            raise ContractError("needs pixel_size > 0, x_min < x_max and y_min < y_max")

    def open(self) -> None:
        """Works out the size of the new grid."""
        o = self.options
        self._columns = max(1, round((o.x_max - o.x_min) / o.pixel_size))
        self._rows = max(1, round((o.y_max - o.y_min) / o.pixel_size))
        self._extent = Extent(
            o.x_min,
            o.y_max - self._rows * o.pixel_size,
            o.x_min + self._columns * o.pixel_size,
            o.y_max,
        )
        self._known: tuple[RadarGrid, Places, int] | None = None

    def process(self, packets: PacketSet) -> None:
        """Brings one grid to the new one."""
        packet = packets["grids"]
        grid: RadarGrid = packet.payload
        if self._known is None or not self._known[0].lies_as(grid):
            places = self._places_in(grid)
            self._known = grid, *_coarsened(places)
        _, (x, y), factor = self._known
        rain = read_at(_averaged(grid.rain_rate_mm_h, factor), x, y)
        regridded = replace(
            grid,
            rain_rate_mm_h=rain,
            quality=None,
            projection=self.options.projection or grid.projection,
            extent=self._extent,
        )
        self.outputs["regridded_grids"].send(packet.with_payload(regridded))

    def _places_in(self, grid: RadarGrid) -> Places:
        """Returns the columns and rows of the input at the middles of the new pixels."""
        x = self._extent.x_min + (np.arange(self._columns) + 0.5) * self.options.pixel_size
        y = self._extent.y_max - (np.arange(self._rows) + 0.5) * self.options.pixel_size
        x, y = np.meshgrid(x, y)
        wanted = self.options.projection or grid.projection
        if wanted != grid.projection:
            x, y = _transformed(x, y, wanted, grid.projection)
        width, height = grid.pixel_size
        columns = (x - grid.extent.x_min) / width - 0.5
        rows = (grid.extent.y_max - y) / height - 0.5
        far = -1e6  # where a projection has no answer
        return (
            np.nan_to_num(columns, nan=far, posinf=far, neginf=far).astype(np.float32),
            np.nan_to_num(rows, nan=far, posinf=far, neginf=far).astype(np.float32),
        )


def _transformed(
    x: NDArray[np.float64], y: NDArray[np.float64], wanted: str, given: str
) -> tuple[Any, Any]:
    if not given:
        raise FlowlaceError("the grid's projection is not known, so it can't be brought to another")
    try:
        import pyproj
    except ImportError as error:
        raise FlowlaceError(
            "another projection needs pyproj; install it with: pip install 'flowlace[radar]'"
        ) from error
    try:
        return pyproj.Transformer.from_crs(wanted, given, always_xy=True).transform(x, y)
    except pyproj.exceptions.ProjError as error:
        raise FlowlaceError(f"can't project from {wanted!r} to {given!r}: {error}") from error


def _coarsened(places: Places) -> tuple[Places, int]:
    """Returns the places on a grid coarser by a whole factor, where new pixels are larger."""
    x, y = places
    if min(x.shape) < 2:
        return places, 1
    apart = np.median(np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)))
    factor = max(1, int(apart + 0.5))
    if factor == 1:
        return places, 1
    half = np.float32(0.5)
    return ((x + half) / np.float32(factor) - half, (y + half) / np.float32(factor) - half), factor


def _averaged(rain: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Returns the mean of what is known in each square of `factor` pixels."""
    if factor == 1:
        return rain
    rows, columns = (-(-size // factor) * factor for size in rain.shape)
    filled = np.full((rows, columns), np.nan, np.float32)
    filled[: rain.shape[0], : rain.shape[1]] = rain
    is_known = np.isfinite(filled)
    size = (columns // factor, rows // factor)
    known = cv2.resize(is_known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    filled[~is_known] = 0
    total = cv2.resize(filled, size, interpolation=cv2.INTER_AREA)
    mean = np.full(known.shape, np.nan, np.float32)
    np.divide(total, known, out=mean, where=known >= 0.5)
    return mean
