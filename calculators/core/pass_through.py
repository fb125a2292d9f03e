"""Hands packets on unchanged."""

from flowlace.framework.calculator import Calculator, OutputPort, PacketSet
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
        """Requires an input for every output."""
        for given, wanted in (
            (contract.inputs, contract.outputs),
            (contract.side_inputs, contract.side_outputs),
        ):
            for key, port in wanted.items():
                if key not in given:
                    raise ContractError(f"output {port.label} has no input of the same tag")

    def open(self) -> None:
        """Pairs the streams and hands headers and side packets on."""
        self._pairs = tuple(self.outputs.items())
        for key, output in self._pairs:
            header = self.input_headers[key]
            if header:
                output.set_header(header)
        for key, side_output in self.side_outputs.items():
            side_output.set(self.side_packets[key])

    def process(self, packets: PacketSet) -> None:
        """Hands on what came."""
        for key, output in self._pairs:
            packet = packets[key]
            if packet:
                output.send(packet)
