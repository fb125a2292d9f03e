"""Picks one item of each list."""

from dataclasses import dataclass
from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@proto_options("mediapipe.GetVectorItemCalculatorOptions", extension=463538543)
@dataclass(frozen=True, kw_only=True, slots=True)
class GetVectorItemOptions:
    """Options of `GetVectorItemCalculator`."""

    item_index: int | None = option(1)
    """Which item, where INDEX has no packet."""

    output_empty_on_oob: bool = option(2)
    """Whether an index behind the end gives nothing, instead of an error."""


@register_calculator
class GetVectorItemCalculator(Calculator[GetVectorItemOptions]):
    """Sends one item of each list.

    Inputs:   VECTOR (list or tuple); INDEX (int), optional: goes before the option
    Outputs:  ITEM (any)

    Nothing is sent where there is no list, or neither an INDEX nor an `item_index`. MediaPipe has
    one such class a type; here all its names are this calculator.

    Timestamps: as the inputs.

    Example:
        ```
        node {
          calculator: "GetDetectionVectorItemCalculator"
          input_stream: "VECTOR:detections"
          output_stream: "ITEM:best_detection"
          options { [mediapipe.GetVectorItemCalculatorOptions.ext] {
            item_index: 0
            output_empty_on_oob: true
          } }
        }
        ```
    """

    input_ports = (Port("VECTOR", list | tuple), Port("INDEX", int, optional=True))
    output_ports = (Port("ITEM"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires somebody to say which item."""
        if contract.options.item_index is None and "INDEX" not in contract.inputs:
            raise ContractError("does not know which item; set item_index or connect INDEX")

    def process(self, packets: PacketSet) -> None:
        """Picks an item."""
        vector = packets["VECTOR"]
        index = self._index(packets)
        if not vector or index is None:
            return
        count = len(vector.payload)
        if 0 <= index < count:
            self.outputs["ITEM"].send(vector.with_payload(vector.payload[index]))
        elif index < 0 or not self.options.output_empty_on_oob:
            raise ValueError(
                f"item {index} was asked for, but the list has {count} items; "
                "output_empty_on_oob sends nothing instead"
            )

    def _index(self, packets: PacketSet) -> int | None:
        given: Any = packets.get("INDEX")
        return given.payload if given else self.options.item_index


register_calculator_aliases(
    GetVectorItemCalculator,
    "GetClassificationListVectorItemCalculator",
    "GetDetectionVectorItemCalculator",
    "GetLandmarkListVectorItemCalculator",
    "GetNormalizedLandmarkListVectorItemCalculator",
    "GetNormalizedRectVectorItemCalculator",
    "GetRectVectorItemCalculator",
)
