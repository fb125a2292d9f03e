"""Takes away what is no rain."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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


@register_calculator
class RadarQualityControlCalculator(Calculator[RadarQualityControlOptions]):
    """Takes away speckle, what is too far, and more than rain can be; says so for each pixel.

    Inputs:   grids (RadarGrid)
    Outputs:  clean_grids (RadarGrid), with bits of `Quality` where something was changed

    Speckle and lone clutter become dry; pixels out of range become NaN. Counts `speckle_pixels`
    and `capped_pixels`.

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

    def open(self) -> None:
        """Has not seen where the grid lies."""
        self._far: tuple[RadarGrid, NDArray[np.bool_]] | None = None

    def process(self, packets: PacketSet) -> None:
        """Cleans one grid."""
        packet = packets["grids"]
        grid: RadarGrid = packet.payload
        rain = grid.rain_rate_mm_h.copy()
        quality = np.zeros(rain.shape, np.uint8) if grid.quality is None else grid.quality.copy()
        self._cap(rain, quality)
        self._despeckle(rain, quality)
        self._limit_range(grid, rain, quality)
        self.outputs["clean_grids"].send(packet.with_payload(grid.with_rain(rain, quality)))

    def _cap(self, rain: NDArray[np.float32], quality: NDArray[np.uint8]) -> None:
        limit = self.options.max_rate_mm_h
        if limit <= 0:
            return
        is_much = rain > limit
        if count := int(np.count_nonzero(is_much)):
            self.count("capped_pixels", count)
            rain[is_much] = limit
            quality[is_much] |= np.uint8(Quality.CAPPED)

    def _despeckle(self, rain: NDArray[np.float32], quality: NDArray[np.uint8]) -> None:
        if self.options.min_area_px <= 1:
            return
        is_wet = (rain > 0).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(is_wet, connectivity=8)
        is_small = stats[:, cv2.CC_STAT_AREA] < self.options.min_area_px
        is_small[0] = False
        is_speckle = is_small[labels]
        if count := int(np.count_nonzero(is_speckle)):
            self.count("speckle_pixels", count)
            rain[is_speckle] = 0
            quality[is_speckle] |= np.uint8(Quality.SPECKLE)

    def _limit_range(
        self, grid: RadarGrid, rain: NDArray[np.float32], quality: NDArray[np.uint8]
    ) -> None:
        if not self.options.radar_x:
            return
        if self._far is None or not self._far[0].lies_as(grid):
            self._far = grid, self._too_far(grid)
        rain[self._far[1]] = np.nan
        quality[self._far[1]] |= np.uint8(Quality.RANGE)

    def _too_far(self, grid: RadarGrid) -> NDArray[np.bool_]:
        rows, columns = grid.shape
        width, height = grid.pixel_size
        x = np.arange(columns) + 0.5
        y = np.arange(rows)[:, None] + 0.5
        nearest = np.full(grid.shape, np.inf)
        for radar_x, radar_y in zip(self.options.radar_x, self.options.radar_y, strict=True):
            column = (radar_x - grid.extent.x_min) / width
            row = (grid.extent.y_max - radar_y) / height
            np.minimum(nearest, np.hypot(x - column, y - row), out=nearest)
        is_far: NDArray[np.bool_] = nearest * grid.pixel_km > self.options.max_range_km
        return is_far
