"""A switch container sends its inputs to the contained node that was chosen."""

from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port, SameAs
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


class _Scale(Calculator[NoOptions]):
    input_ports = (Port("IN", int),)
    output_ports = (Port("OUT", SameAs("IN")),)
    timestamp_offset = 0
    factor = 1

    def process(self, packets: PacketSet) -> None:
        packet = packets["IN"]
        if packet:
            self.outputs["OUT"].send(packet.with_payload(packet.payload * self.factor))


@register_calculator
class SwitchTestTimesTen(_Scale):
    factor = 10


@register_calculator
class SwitchTestTimesHundred(_Scale):
    factor = 100


def container(control: str, options: str = "") -> str:
    return f"""
      input_stream: "which"
      input_stream: "numbers"
      output_stream: "scaled"
      num_threads: 1
      node {{
        calculator: "SwitchContainer"
        {control}
        input_stream: "IN:numbers"
        output_stream: "OUT:scaled"
        options {{ [mediapipe.SwitchContainerOptions.ext] {{
          contained_node {{ calculator: "SwitchTestTimesTen" }}
          contained_node {{ calculator: "SwitchTestTimesHundred" }}
          {options}
        }} }}
      }}"""


def run(text: str, *steps: tuple[str, Any, int], **side_packets: Any) -> list[tuple[int, Any]]:
    graph = CalculatorGraph(text)
    seen: list[tuple[int, Any]] = []
    graph.observe_output_stream(
        "scaled", lambda packet: seen.append((packet.timestamp, packet.payload))
    )
    graph.start_run(side_packets)
    for stream, payload, timestamp in steps:
        graph.add_packet_to_input_stream(stream, Packet(payload, timestamp))
        graph.wait_until_idle()
    graph.close_all_input_streams()
    graph.wait_until_done()
    return seen


def test_without_a_control_the_first_node_works() -> None:
    assert run(container(""), ("numbers", 1, 0), ("numbers", 2, 1)) == [(0, 10), (1, 20)]


def test_an_option_chooses_the_node() -> None:
    assert run(container("", "select: 1"), ("numbers", 1, 0)) == [(0, 100)]
    assert run(container("", "enable: true"), ("numbers", 1, 0)) == [(0, 100)]


def test_a_side_packet_chooses_the_node() -> None:
    text = container('input_side_packet: "ENABLE:is_exact"')
    assert run(text, ("numbers", 1, 0), is_exact=True) == [(0, 100)]


def test_a_stream_chooses_the_node_from_its_timestamp_on() -> None:
    text = container('input_stream: "SELECT:which"')
    steps = [("which", 1, 0), ("numbers", 1, 0), ("which", 0, 1), ("numbers", 2, 1)]
    assert run(text, *steps) == [(0, 100), (1, 20)]
