"""Calculators the compat tests need."""

from typing import Any

from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class CompatDoubleCalculator(Calculator[NoOptions]):
    """Doubles plain Python integers, knowing nothing of MediaPipe."""

    input_ports = (Port("numbers", int),)
    output_ports = (Port("doubled", int),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        number = packets["numbers"]
        self.outputs["doubled"].send(number.with_payload(2 * number.payload))


@register_calculator
class CompatRaisingCalculator(Calculator[NoOptions]):
    """Raises the exception it is sent."""

    input_ports = (Port("errors"),)
    output_ports = (Port("out", optional=True),)

    def process(self, packets: PacketSet) -> None:
        raise packets["errors"].payload


@register_calculator
class CompatTextToNumberCalculator(Calculator[NoOptions]):
    """Makes a side packet of a side packet."""

    side_input_ports = (Port("text", str),)
    side_output_ports = (Port("number", int),)

    def open(self) -> None:
        self.side_outputs["number"].set(int(self.side_packets["text"]))

    def process(self, packets: PacketSet) -> Flow:
        return STOP


PASS_THROUGH = """
input_stream: "in"
output_stream: "out"
max_queue_size: 1
node { calculator: "PassThroughCalculator" input_stream: "in" output_stream: "out" }
"""
DOUBLE = PASS_THROUGH.replace("PassThrough", "CompatDouble")
RAISING = """
input_stream: "in"
node { calculator: "CompatRaisingCalculator" input_stream: "in" }
"""
TEXT_TO_NUMBER = """
node {
  calculator: "CompatTextToNumberCalculator"
  input_side_packet: "text"
  output_side_packet: "number"
}
"""


def started(mp: Any, text: str = PASS_THROUGH) -> tuple[Any, list[Any]]:
    """Returns a running graph and the list its output is collected in."""
    graph = mp.CalculatorGraph(graph_config=text)
    out: list[Any] = []
    graph.observe_output_stream("out", lambda _, packet: out.append(packet))
    graph.start_run()
    return graph, out
