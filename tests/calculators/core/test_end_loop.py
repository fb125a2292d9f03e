"""A loop ends by collecting the results of each list."""

from flowlace.calculators.core.end_loop import EndLoopCalculator
from flowlace.testing import at, run_calculator
from tests.framework.running import run_graph


def test_collects_items_up_to_the_end_of_a_batch() -> None:
    run = run_calculator(
        EndLoopCalculator,
        ITEM=[at(0, "a"), at(1, "b"), at(2, "c")],
        BATCH_END=[at(1, 100), at(2, 200)],
    )
    assert run.packets("ITERABLE") == [at(100, ["a", "b"]), at(200, ["c"])]


def test_a_batch_without_items_gives_a_bound() -> None:
    run = run_calculator(EndLoopCalculator, ITEM=[], BATCH_END=[at(0, 100)])
    assert run.packets("ITERABLE") == []
    assert run.bounds["ITERABLE"] == [100]


def test_items_without_the_end_of_a_batch_are_not_sent() -> None:
    run = run_calculator(EndLoopCalculator, ITEM=[at(0, "a")], BATCH_END=[])
    assert run.packets("ITERABLE") == []


LOOP = """
    input_stream: "lists"
    node {
      calculator: "BeginLoopIntCalculator"
      input_stream: "ITERABLE:lists"
      output_stream: "ITEM:item"
      output_stream: "BATCH_END:batch_end"
    }
    node { calculator: "%s" input_stream: "item" output_stream: "result" }
    node {
      calculator: "EndLoopNormalizedLandmarkListVectorCalculator"
      input_stream: "ITEM:result"
      input_stream: "BATCH_END:batch_end"
      output_stream: "ITERABLE:results"
    }
    node {
      calculator: "PacketPresenceCalculator"
      input_stream: "PACKET:results"
      output_stream: "PRESENCE:has_results"
    }
"""
LISTS = [("lists", at(10, [1, 2, 3, 4])), ("lists", at(20, [])), ("lists", at(30, [5]))]


def test_a_loop_gives_a_list_for_every_list() -> None:
    found = run_graph(LOOP % "PassThroughCalculator", LISTS, ["results", "has_results"])
    assert found["results"] == [at(10, [1, 2, 3, 4]), at(30, [5])]
    assert found["has_results"][:2] == [at(10, True), at(20, False)]


def test_a_loop_whose_node_drops_items_gives_the_others() -> None:
    found = run_graph(LOOP % "KeepEvenCalculator", LISTS, ["results", "has_results"])
    assert found["results"] == [at(10, [2, 4])]
    assert found["has_results"][:3] == [at(10, True), at(20, False), at(30, False)]
