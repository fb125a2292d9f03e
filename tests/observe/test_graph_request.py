import json
from pathlib import Path

from flowlace.framework.graph import CalculatorGraph
from flowlace.observe.graph_request import RequestedMeasurements
from flowlace.testing import at
from tests.framework.running import feed

PASS = (
    'input_stream: "a" node { calculator: "PassThroughCalculator" name: "pass" input_stream: "a" '
    'output_stream: "b" } '
)


def measured(config: str) -> RequestedMeasurements:
    graph = CalculatorGraph(PASS + config)
    request = RequestedMeasurements(graph)
    graph.start_run()
    with graph:
        feed(graph, [("a", at(time_us)) for time_us in range(5)])
    request.close()
    return request


def test_a_graph_that_asks_for_a_profile_gets_one() -> None:
    (line,) = measured("profiler_config { enable_profiler: true }").lines()
    assert line.startswith("  pass: 5 calls, mean ")


def test_a_graph_that_asks_for_a_trace_gets_rotating_files(tmp_path: Path) -> None:
    measured(
        f'profiler_config {{ trace_enabled: true trace_log_path: "{tmp_path}/mine_" '
        "trace_log_capacity: 2 trace_log_count: 2 }"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine_0.json", "mine_1.json"]
    assert json.loads((tmp_path / "mine_0.json").read_text())[0]["name"] == "pass"


def test_a_disabled_trace_and_no_request_measure_nothing(tmp_path: Path) -> None:
    config = f'trace_enabled: true trace_log_disabled: true trace_log_path: "{tmp_path}/mine_"'
    assert measured(f"profiler_config {{ {config} }}").lines() == []
    assert measured("").lines() == []
    assert list(tmp_path.iterdir()) == []
