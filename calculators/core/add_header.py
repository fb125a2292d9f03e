"""Gives a stream the header of another one."""

from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class AddHeaderCalculator(Calculator[NoOptions]):
    """Gives a stream the header of another one.

    Inputs:   DATA (any); HEADER (no packets): its header is taken
    Outputs:  data_with_header: the packets of DATA
    Side packets: HEADER (any): the header itself, instead of the stream

    For MediaPipe's graphs, whose decoders send headers on a stream of their own.

    Timestamps: as DATA.

    Example:
        ```
        node {
          calculator: "AddHeaderCalculator"
          input_stream: "DATA:sounds"
          input_stream: "HEADER:sound_header"
          output_stream: "sounds_with_header"
        }
        ```
    """

    input_ports = (Port("DATA"), Port("HEADER", optional=True))
    output_ports = (Port("data_with_header", SameAs("DATA")),)
    side_input_ports = (Port("HEADER", optional=True),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a header, from one place."""
        if ("HEADER" in contract.inputs) == ("HEADER" in contract.side_inputs):
            raise ContractError("connect HEADER as a stream or as a side packet, one of both")

    def open(self) -> None:
        """Sets the header."""
        header: Packet[Any]
        if "HEADER" in self.side_packets:
            header = Packet(self.side_packets["HEADER"])
        else:
            header = self.input_headers["HEADER"]
        if header:
            self.outputs["data_with_header"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Passes one packet on."""
        if packets.get("HEADER"):
            raise ValueError(
                f"node {self.node_name!r}: HEADER carries packets; only its header is wanted"
            )
        if packets["DATA"]:
            self.outputs["data_with_header"].send(packets["DATA"])
