"""Hands packets on unchanged."""

from flowlace.framework.calculator import STOP, Calculator, Flow, OutputPort, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, PortKey, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class PassThroughCalculator(Calculator[NoOptions]):
    """Hands every packet, side packet and header on unchanged.

    Inputs:   any streams (any)
    Outputs:  the same tags and indices, same types and timestamps
    Side packets in and out: likewise

    Useful to rename a stream, and to make a graph input an output.

    Example:
        ```
        node {
          calculator: "PassThroughCalculator"
          input_stream: "camera_frames"
          output_stream: "frames"
        }
        ```
    """

    input_ports = (Port("*"),)
    output_ports = (Port("*", SameAs("*")),)
    side_input_ports = (Port("*", optional=True),)
    side_output_ports = (Port("*", SameAs("*"), optional=True),)
    timestamp_offset = 0

    _pairs: tuple[tuple[PortKey, OutputPort], ...]

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires the same tags and indices on both sides; side packets may also just end here."""
        side_outputs = contract.side_outputs
        for what, given, wanted in (
            ("streams", contract.inputs, contract.outputs),
            ("side packets", contract.side_inputs if side_outputs else {}, side_outputs),
        ):
            if set(given) != set(wanted):
                raise ContractError(
                    f"Input and output {what} to PassThroughCalculator must use matching tags "
                    f"and indexes."
                )

    def open(self) -> None:
        """Pairs the streams and hands headers and side packets on."""
        self._pairs = tuple(self.outputs.items())
        for key, output in self._pairs:
            header = self.input_headers[key]
            if header:
                output.set_header(header)
        for key, side_output in self.side_outputs.items():
            side_output.set(self.side_packets[key])

    def process(self, packets: PacketSet) -> Flow | None:
        """Hands on what came; without streams there is nothing to do."""
        if not packets:
            return STOP
        for key, output in self._pairs:
            packet = packets[key]
            if packet:
                output.send(packet)
        return None
