"""Collects the results of a loop into lists."""

from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator, register_calculator_aliases
from flowlace.framework.timestamp import next_allowed


@register_calculator
class EndLoopCalculator(Calculator[NoOptions]):
    """Collects items until BATCH_END and sends them as one list.

    Inputs:   ITEM (any), in loop time; BATCH_END (int) from the `BeginLoopCalculator`
    Outputs:  ITERABLE (list), at the timestamp BATCH_END says

    A batch that gave no items sends no list: only the timestamp bound moves on. The nodes of
    the loop have to say what they will not send (by an offset), or a batch that ends with a
    missing item waits for the next one.

    MediaPipe has one such class a type; here all its names are this calculator.

    Example:
        ```
        node {
          calculator: "EndLoopNormalizedLandmarkListVectorCalculator"
          input_stream: "ITEM:face_landmarks"
          input_stream: "BATCH_END:batch_ends"
          output_stream: "ITERABLE:landmarks_of_all_faces"
        }
        ```
    """

    input_ports = (Port("ITEM"), Port("BATCH_END", int))
    output_ports = (Port("ITERABLE", list),)

    def open(self) -> None:
        """Starts without items."""
        self._items: list[Any] = []

    def process(self, packets: PacketSet) -> None:
        """Takes an item, and ends a batch."""
        if packets["ITEM"]:
            self._items.append(packets["ITEM"].payload)
        if packets["BATCH_END"]:
            self._end_batch(packets["BATCH_END"].payload)

    def _end_batch(self, timestamp: int) -> None:
        output = self.outputs["ITERABLE"]
        if self._items:
            output.send(Packet(self._items, timestamp))
            self._items = []
        else:
            output.set_next_timestamp_bound(next_allowed(timestamp))


register_calculator_aliases(
    EndLoopCalculator,
    "EndLoopAffineMatrixCalculator",
    "EndLoopBooleanCalculator",
    "EndLoopClassificationListCalculator",
    "EndLoopDetectionCalculator",
    "EndLoopFloatCalculator",
    "EndLoopGpuBufferCalculator",
    "EndLoopImageCalculator",
    "EndLoopImageFrameCalculator",
    "EndLoopImageSizeCalculator",
    "EndLoopLandmarkListVectorCalculator",
    "EndLoopMatrixCalculator",
    "EndLoopNormalizedLandmarkListVectorCalculator",
    "EndLoopNormalizedRectCalculator",
    "EndLoopRenderDataCalculator",
    "EndLoopTensorCalculator",
    "EndLoopTfLiteTensorCalculator",
)
