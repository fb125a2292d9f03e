"""Joins lists into one."""

from dataclasses import dataclass
from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@proto_options("mediapipe.ConcatenateVectorCalculatorOptions", extension=259397839)
@dataclass(frozen=True, kw_only=True, slots=True)
class ConcatenateVectorOptions:
    """Options of `ConcatenateVectorCalculator`."""

    only_emit_if_all_present: bool = option(1)
    """Whether nothing is sent at times at which an input has no packet."""


@register_calculator
class ConcatenateVectorCalculator(Calculator[ConcatenateVectorOptions]):
    """Sends the lists of all inputs of one timestamp as one list, in the order of the inputs.

    Inputs:   parts: lists or tuples, or single items (anything else)
    Outputs:  joined (list)

    A list that is meant as one item has to be wrapped in another. MediaPipe has one such class a
    type; here all its names are this calculator.

    Timestamps: as the inputs.

    Example:
        ```
        node {
          calculator: "ConcatenateNormalizedLandmarkListVectorCalculator"
          input_stream: "left_hands"
          input_stream: "right_hands"
          output_stream: "hands"
          options { [mediapipe.ConcatenateVectorCalculatorOptions.ext] {
            only_emit_if_all_present: true
          } }
        }
        ```
    """

    input_ports = (Port("parts", repeated=True),)
    output_ports = (Port("joined", list),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Joins what came."""
        if self.options.only_emit_if_all_present and not all(packets.values()):
            return
        joined: list[Any] = []
        for packet in packets.values():
            if isinstance(packet.payload, list | tuple):
                joined += packet.payload
            elif packet:
                joined.append(packet.payload)
        self.outputs["joined"].send(Packet(joined, packets.timestamp))


register_calculator_aliases(
    ConcatenateVectorCalculator,
    "ConcatenateBoolVectorCalculator",
    "ConcatenateClassificationListVectorCalculator",
    "ConcatenateDetectionVectorCalculator",
    "ConcatenateFloatVectorCalculator",
    "ConcatenateGlBufferVectorCalculator",
    "ConcatenateImageVectorCalculator",
    "ConcatenateInt32VectorCalculator",
    "ConcatenateLandmarListVectorCalculator",  # MediaPipe's spelling, beside the right one
    "ConcatenateLandmarkListVectorCalculator",
    "ConcatenateLandmarkVectorCalculator",
    "ConcatenateNormalizedLandmarkListVectorCalculator",
    "ConcatenateRenderDataVectorCalculator",
    "ConcatenateStringVectorCalculator",
    "ConcatenateTensorVectorCalculator",
    "ConcatenateTfLiteTensorVectorCalculator",
    "ConcatenateUInt64VectorCalculator",
)
