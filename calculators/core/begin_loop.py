"""Takes lists apart, so that the nodes of a loop see one item at a time."""

from collections.abc import Iterable

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@register_calculator
class BeginLoopCalculator(Calculator[NoOptions]):
    """Sends the items of each list one by one; `EndLoopCalculator` collects the results.

    Inputs:   ITERABLE (anything to iterate over, a list as a rule);
              CLONE (any), optional, one or more: packets the loop needs beside each item;
              TICK (any), optional: has no effect, kept for old graphs
    Outputs:  ITEM (any): the items; CLONE: the packet of CLONE again for each item;
              BATCH_END (int): the timestamp of the list, together with its last item

    Timestamps: loop time, 0, 1, 2, … over the whole run. A list without items, and a timestamp
    settled without a list, use up one loop timestamp, so that what follows knows of it: the
    outputs' bound moves on and BATCH_END still says which time has passed.

    MediaPipe has one such class a type; here all its names are this calculator.

    Example:
        ```
        node {
          calculator: "BeginLoopNormalizedRectCalculator"
          input_stream: "ITERABLE:face_rects"
          input_stream: "CLONE:frames"
          output_stream: "ITEM:face_rect"
          output_stream: "CLONE:loop_frames"
          output_stream: "BATCH_END:batch_ends"
        }
        ```
    """

    input_ports = (
        Port("ITERABLE", Iterable),
        Port("CLONE", optional=True, repeated=True),
        Port("TICK", optional=True),
    )
    output_ports = (
        Port("ITEM"),
        Port("BATCH_END", int),
        Port("CLONE", SameAs("CLONE"), optional=True, repeated=True),
    )
    process_timestamp_bounds = True

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for every clone."""
        given, wanted = len(contract.inputs.tagged("CLONE")), len(contract.outputs.tagged("CLONE"))
        if given != wanted:
            raise ContractError(f"has {given} CLONE inputs and {wanted} CLONE outputs")

    def open(self) -> None:
        """Starts loop time."""
        self._loop_time = 0

    def process(self, packets: PacketSet) -> None:
        """Sends the items of one list."""
        start = self._loop_time
        iterable = packets["ITERABLE"]
        for item in iterable.payload if iterable else ():
            self.outputs["ITEM"].send(Packet(item, self._loop_time))
            self._clone(packets)
            self._loop_time += 1
        if self._loop_time == start:
            self._use_up_a_timestamp()
        end = Packet(packets.timestamp, self._loop_time - 1)
        self.outputs["BATCH_END"].send(end)

    def _clone(self, packets: PacketSet) -> None:
        for packet, output in zip(
            packets.tagged("CLONE"), self.outputs.tagged("CLONE"), strict=True
        ):
            if packet:
                output.send(packet.at(self._loop_time))

    def _use_up_a_timestamp(self) -> None:
        self._loop_time += 1
        for output in self.outputs.values():
            output.set_next_timestamp_bound(self._loop_time)


register_calculator_aliases(
    BeginLoopCalculator,
    "BeginLoopDetectionCalculator",
    "BeginLoopFloatCalculator",
    "BeginLoopGpuBufferCalculator",
    "BeginLoopImageCalculator",
    "BeginLoopImageFrameCalculator",
    "BeginLoopIntCalculator",
    "BeginLoopMatrixCalculator",
    "BeginLoopMatrixVectorCalculator",
    "BeginLoopNormalizedLandmarkListVectorCalculator",
    "BeginLoopNormalizedRectCalculator",
    "BeginLoopStringCalculator",
    "BeginLoopTensorCalculator",
    "BeginLoopUint64tCalculator",
)
