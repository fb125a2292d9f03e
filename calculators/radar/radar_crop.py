"""Keeps a part of a radar grid."""

from dataclasses import dataclass

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.RadarCropCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RadarCropOptions:
    """Options of `RadarCropCalculator`; all four in the units of the grid's projection."""

    x_min: float = option(1)
    y_min: float = option(2)
    x_max: float = option(3)
    y_max: float = option(4)


@register_calculator
class RadarCropCalculator(Calculator[RadarCropOptions]):
    """Keeps the pixels whose middles lie in an extent.

    Inputs:   grids (RadarGrid)
    Outputs:  cropped_grids (RadarGrid)

    Nothing is resampled and nothing copied. What an extent has outside of the grid is left out; an
    extent that misses the grid is an error. Rain moves up to 100 km in an hour, so keep as much
    around the area of interest as the longest lead needs.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RadarCropCalculator"
          input_stream: "radar_grids"
          output_stream: "texas_grids"
          options {
            [flowlace.RadarCropCalculatorOptions.ext] {
              x_min: -107 y_min: 25.5 x_max: -93 y_max: 37
            }
          }
        }
        ```
    """

    input_ports = (Port("grids", RadarGrid),)
    output_ports = (Port("cropped_grids", RadarGrid),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an extent."""
        o: RadarCropOptions = contract.options
        if not (o.x_min < o.x_max and o.y_min < o.y_max):
            raise ContractError(
                f"has an empty extent x {o.x_min}..{o.x_max}, y {o.y_min}..{o.y_max}; "
                "set x_min < x_max and y_min < y_max"
            )

    def process(self, packets: PacketSet) -> None:
        """Crops one grid."""
        packet = packets["grids"]
        self.outputs["cropped_grids"].send(packet.with_payload(self._cropped(packet.payload)))

    def _cropped(self, grid: RadarGrid) -> RadarGrid:
        wanted = self.options
        extent = Extent(wanted.x_min, wanted.y_min, wanted.x_max, wanted.y_max)
        try:
            return grid.cropped(extent)
        except ValueError as error:
            raise FlowlaceError(str(error)) from error
