"""Takes away what is no rain."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.radar.clutter_map import ClutterMap
from flowlace.formats.radar_grid import Quality, RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.RadarQualityControlCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RadarQualityControlOptions:
    """Options of `RadarQualityControlCalculator`."""

    min_area_px: int = option(1, default=4)
    """Rain on fewer pixels that touch is speckle and becomes dry; 0 keeps all."""

    max_rate_mm_h: float = option(2, default=200.0)
    """More is lowered to this; 0 keeps all."""

    radar_x: tuple[float, ...] = option(3)
    """Where the radars are, in the grid's projection; without them range is not looked at."""

    radar_y: tuple[float, ...] = option(4)
    """As many as `radar_x`."""

    max_range_km: float = option(5, default=200.0)
    """What is farther from every radar is not seen."""

    clutter_map_minutes: float = option(6)
    """Learn over about so long where it always seems to rain, and take it away; 0 does not, 360 is
    enough for most weather."""


@register_calculator
class RadarQualityControlCalculator(Calculator[RadarQualityControlOptions]):
    """Takes away clutter, what is too far, and more than rain can be; says so for each pixel.

    Inputs:   grids (RadarGrid)
    Outputs:  clean_grids (RadarGrid), with bits of `Quality` where something was changed

    Speckle and clutter become dry; pixels out of range become NaN. A grid to which nothing was done
    goes on as it came. Counts `speckle_pixels`, `clutter_pixels` and `capped_pixels`.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RadarQualityControlCalculator"
          input_stream: "radar_grids"
          output_stream: "clean_grids"
          options { [flowlace.RadarQualityControlCalculatorOptions.ext] { min_area_px: 6 } }
        }
        ```
    """

    input_ports = (Port("grids", RadarGrid),)
    output_ports = (Port("clean_grids", RadarGrid),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a place for each radar."""
        options: RadarQualityControlOptions = contract.options
        if len(options.radar_x) != len(options.radar_y):
            raise ContractError(
                f"has {len(options.radar_x)} radar_x and {len(options.radar_y)} radar_y"
            )
        if options.clutter_map_minutes < 0:
            raise ContractError("needs clutter_map_minutes of 0 or more")

    def open(self) -> None:
        """Has not seen where the grid lies, nor what clutter is there."""
        self._far: tuple[RadarGrid, NDArray[np.bool_]] | None = None
        minutes = self.options.clutter_map_minutes
        self._clutter_map = ClutterMap(minutes) if minutes > 0 else None

    def process(self, packets: PacketSet) -> None:
        """Cleans one grid."""
        packet = packets["grids"]
        changes = _Changes(packet.payload)
        self._cap(changes)
        self._take_clutter(changes)
        self._despeckle(changes)
        self._limit_range(changes)
        self.outputs["clean_grids"].send(packet.with_payload(changes.made()))

    def _cap(self, changes: "_Changes") -> None:
        limit = self.options.max_rate_mm_h
        if limit <= 0:
            return
        if count := changes.set(changes.rain > limit, limit, Quality.CAPPED):
            self.count("capped_pixels", count)

    def _take_clutter(self, changes: "_Changes") -> None:
        if self._clutter_map is None:
            return
        is_clutter = self._clutter_map.find(changes.grid)
        if is_clutter is None:
            return
        is_clutter &= changes.rain > 0
        if count := changes.set(is_clutter, 0, Quality.CLUTTER):
            self.count("clutter_pixels", count)

    def _despeckle(self, changes: "_Changes") -> None:
        if self.options.min_area_px <= 1:
            return
        is_wet = changes.rain > 0
        # Areas are counted over the wet pixels only: OpenCV's own statistics take five times as
        # long, and most of a picture is dry.
        _, labels = cv2.connectedComponents(is_wet.view(np.uint8), connectivity=8)
        wet = np.flatnonzero(is_wet)
        area_of_wet = labels.ravel()[wet]
        areas = np.bincount(area_of_wet)
        speckle = wet[areas[area_of_wet] < self.options.min_area_px]
        if speckle.size:
            self.count("speckle_pixels", speckle.size)
            changes.set(np.unravel_index(speckle, is_wet.shape), 0, Quality.SPECKLE)

    def _limit_range(self, changes: "_Changes") -> None:
        if not self.options.radar_x:
            return
        if self._far is None or not self._far[0].lies_as(changes.grid):
            self._far = changes.grid, self._too_far(changes.grid)
        changes.set(self._far[1], np.nan, Quality.RANGE)

    def _too_far(self, grid: RadarGrid) -> NDArray[np.bool_]:
        rows, columns = grid.shape
        width, height = grid.pixel_size
        x = np.arange(columns, dtype=np.float32) + np.float32(0.5)
        y = (np.arange(rows, dtype=np.float32) + np.float32(0.5))[:, None]
        nearest = np.full(grid.shape, np.inf, np.float32)
        for radar_x, radar_y in zip(self.options.radar_x, self.options.radar_y, strict=True):
            column = np.float32((radar_x - grid.extent.x_min) / width)
            row = np.float32((grid.extent.y_max - radar_y) / height)
            np.minimum(nearest, np.hypot(x - column, y - row), out=nearest)
        is_far: NDArray[np.bool_] = nearest * np.float32(grid.pixel_km) > self.options.max_range_km
        return is_far


class _Changes:
    """A grid that is copied once something in it is to be changed, not before."""

    def __init__(self, grid: RadarGrid) -> None:
        self.grid = grid
        self.rain = grid.rain_rate_mm_h
        self._quality: NDArray[np.uint8] | None = None

    def set(self, where: Any, rain_mm_h: float, why: Quality) -> int:
        """Sets the pixels a mask, or a pair of indices, names; returns how many."""
        is_mask = isinstance(where, np.ndarray)
        count = int(np.count_nonzero(where)) if is_mask else len(where[0])
        if not count:
            return 0
        if self._quality is None:
            self.rain = self.grid.rain_rate_mm_h.copy()
            known = self.grid.quality
            self._quality = np.zeros(self.rain.shape, np.uint8) if known is None else known.copy()
        self.rain[where] = rain_mm_h
        self._quality[where] |= np.uint8(why)
        return count

    def made(self) -> RadarGrid:
        """Returns the changed grid, or the one that came."""
        if self._quality is None:
            return self.grid
        return self.grid.with_rain(self.rain, self._quality)
