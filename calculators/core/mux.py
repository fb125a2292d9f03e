"""Hands on the input that another stream selects."""

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class MuxCalculator(Calculator[NoOptions]):
    """Hands on, for every packet of SELECT, the packet of the selected input.

    Inputs:   INPUT:0, INPUT:1, … (any, all of one type); SELECT (int): which one
    Outputs:  OUTPUT: the packet of the selected input at the time of SELECT, where there is one

    It waits for SELECT and for the selected input only; packets of the others at that time and
    before are dropped. It needs the `MuxInputStreamHandler`, which it asks for: repeat it at the
    node where the graph names an input policy for all its nodes.

    Timestamps: those of SELECT.

    Example:
        ```
        node {
          calculator: "MuxCalculator"
          input_stream: "INPUT:0:coarse_boxes"
          input_stream: "INPUT:1:fine_boxes"
          input_stream: "SELECT:choices"
          output_stream: "OUTPUT:boxes"
        }
        ```
    """

    input_ports = (Port("INPUT", repeated=True), Port("SELECT", int))
    output_ports = (Port("OUTPUT", SameAs("INPUT")),)
    input_policy = "MuxInputStreamHandler"
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Gives all inputs the type of the first."""
        for port in contract.inputs.tagged("INPUT")[1:]:
            port.type = SameAs("INPUT:0")

    def process(self, packets: PacketSet) -> None:
        """Hands on the selected packet."""
        choice = packets["SELECT"]
        inputs = packets.tagged("INPUT")
        if not choice:
            return
        if not 0 <= choice.payload < len(inputs):
            raise ValueError(
                f"SELECT is {choice.payload}, but there are inputs 0 to {len(inputs) - 1}"
            )
        if inputs[choice.payload]:
            self.outputs["OUTPUT"].send(inputs[choice.payload])
