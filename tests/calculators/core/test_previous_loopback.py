"""The loopback gives each packet of MAIN the LOOP packet of the one before."""

from flowlace.calculators.core.previous_loopback import PreviousLoopbackCalculator
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MAX
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator
from tests.framework.running import run_graph


def loop(main: list[Packet], back: list[Packet], order: str) -> CalculatorRun:
    ports = {"M": "MAIN", "L": "LOOP"}
    return run_calculator(
        PreviousLoopbackCalculator,
        inputs={"LOOP": back, "MAIN": main},
        in_order=[ports[letter] for letter in order],
    )


def test_the_first_packet_has_nothing_before_it() -> None:
    run = loop([at(1)], [], "M")
    assert run.packets("PREV_LOOP") == []
    assert run.bounds["PREV_LOOP"][0] == 1


def test_sends_the_loop_packet_of_the_main_packet_before() -> None:
    run = loop([at(1), at(5), at(9)], [at(1, "a"), at(5, "b")], "MLMLM")
    assert run.packets("PREV_LOOP") == [at(5, "a"), at(9, "b")]


def test_waits_for_a_slow_loop() -> None:
    run = loop([at(1), at(5)], [at(1, "a")], "MML")
    assert run.packets("PREV_LOOP") == [at(5, "a")]


def test_a_loop_without_a_packet_gives_a_bound() -> None:
    run = loop([at(1), at(5)], [nothing_until(1)], "MLM")
    assert run.packets("PREV_LOOP") == []
    assert run.bounds["PREV_LOOP"][:2] == [1, 5]


def test_a_bound_of_main_gives_a_bound() -> None:
    run = loop([at(1), nothing_until(7), at(9)], [at(1, "a")], "MLMM")
    assert run.packets("PREV_LOOP") == [at(9, "a")]
    assert run.bounds["PREV_LOOP"][:1] == [1]


def test_loop_packets_that_match_nothing_are_ignored() -> None:
    run = loop([at(1), at(5)], [at(1, "a"), at(3, "?"), at(5, "b")], "MLLML")
    assert run.packets("PREV_LOOP") == [at(5, "a")]


def test_ends_after_a_packet_at_the_last_timestamp() -> None:
    run = loop([at(1), at(MAX)], [at(1, "a")], "MLM")
    assert run.packets("PREV_LOOP") == [at(MAX, "a")]


def test_headers_of_the_loop_pass() -> None:
    run = run_calculator(
        PreviousLoopbackCalculator, MAIN=[], LOOP=[], headers={"LOOP": Packet("header")}
    )
    assert run.headers["PREV_LOOP"].payload == "header"


LOOP_GRAPH = """
    input_stream: "numbers"
    node {
      calculator: "PreviousLoopbackCalculator"
      input_stream: "MAIN:numbers"
      input_stream: "LOOP:pairs"
      input_stream_info: { tag_index: 'LOOP' back_edge: true }
      output_stream: "PREV_LOOP:previous_pairs"
    }
    node {
      calculator: "MakePairCalculator"
      input_stream: "numbers"
      input_stream: "previous_pairs"
      output_stream: "pairs"
    }
"""


def test_a_node_sees_its_own_last_output() -> None:
    found = run_graph(LOOP_GRAPH, [("numbers", at(1)), ("numbers", at(4))], ["pairs"])
    first, second = found["pairs"]
    assert first.payload == (at(1), Packet.empty(1))
    assert second.payload == (at(4), first.at(4))


def test_many_packets_at_once_give_the_same() -> None:
    found = run_graph(
        LOOP_GRAPH.replace('input_stream: "numbers"\n', "max_queue_size: -1\n", 1)
        + """
        node {
          calculator: "CountingSourceCalculator"
          input_side_packet: "MAX_COUNT:count"
          output_stream: "numbers"
        }
        input_side_packet: "count"
        """,
        [],
        ["pairs"],
        {"count": 50},
    )
    assert [packet.timestamp for packet in found["pairs"]] == list(range(50))
    assert [packet.payload[0].payload for packet in found["pairs"]] == list(range(50))
