from pathlib import Path

from flowlace.framework.graph import CalculatorGraph
from flowlace.observe.state_log import StateLog
from flowlace.testing import at
from tests.framework import probes

assert probes

JOIN = (
    'input_stream: "a" input_stream: "b" node { calculator: "JoinCalculator" name: "join" '
    'input_stream: "a" input_stream: "b" output_stream: "c" }'
)


def test_queues_and_bounds_are_written_for_every_node(tmp_path: Path) -> None:
    graph = CalculatorGraph(JOIN)
    path = tmp_path / "state.log"
    with StateLog(graph, path, period_s=60):
        graph.start_run()
        graph.add_packet_to_input_stream("a", at(5))
        graph.wait_until_idle()
    text = path.read_text()
    assert "join: open" in text
    assert "a: 1 queued, bound 6" in text
    assert "b: 0 queued, bound PRE_STREAM" in text
    graph.cancel()


def test_a_graph_that_was_never_started_gives_an_empty_log(tmp_path: Path) -> None:
    with StateLog(CalculatorGraph(JOIN), tmp_path / "state.log", period_s=60):
        pass
    assert (tmp_path / "state.log").read_text() == ""
