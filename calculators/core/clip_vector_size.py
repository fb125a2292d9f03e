"""Limits the length of lists."""

from dataclasses import dataclass

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@proto_options("mediapipe.ClipVectorSizeCalculatorOptions", extension=274674998)
@dataclass(frozen=True, kw_only=True, slots=True)
class ClipVectorSizeOptions:
    """Options of `ClipVectorSizeCalculator`."""

    max_vec_size: int = option(1, default=1)
    """Most items a list may have."""


@register_calculator
class ClipVectorSizeCalculator(Calculator[ClipVectorSizeOptions]):
    """Hands on the first items of each list.

    Inputs:   items (list or tuple)
    Outputs:  clipped: the same, with `max_vec_size` items at most
    Side packets: max_size (int), optional: goes before the option

    Put it behind a detector to bound the work below; sort the list first. MediaPipe has one such
    class a type; here all its names are this calculator.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ClipDetectionVectorSizeCalculator"
          input_stream: "detections"
          output_stream: "best_detections"
          options { [mediapipe.ClipVectorSizeCalculatorOptions.ext] { max_vec_size: 4 } }
        }
        ```
    """

    input_ports = (Port("items", list | tuple),)
    output_ports = (Port("clipped", SameAs("items")),)
    side_input_ports = (Port("max_size", int, optional=True),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires room for an item."""
        _check_size(contract.options.max_vec_size)

    def open(self) -> None:
        """Takes the limit."""
        self._max_size: int = self.side_packets.get("max_size", self.options.max_vec_size)
        _check_size(self._max_size)

    def process(self, packets: PacketSet) -> None:
        """Clips one list."""
        items = packets["items"]
        self.outputs["clipped"].send(items.with_payload(items.payload[: self._max_size]))


def _check_size(size: int) -> None:
    if size < 1:
        raise ContractError(f"max_vec_size is {size}, but a list needs room for 1 item or more")


register_calculator_aliases(
    ClipVectorSizeCalculator,
    "ClipDetectionVectorSizeCalculator",
    "ClipNormalizedRectVectorSizeCalculator",
)
