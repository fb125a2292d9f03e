import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flowlace.framework.errors import CalculatorError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.node import Node
from flowlace.observe.profiler import GraphProfiler, NodeProfile
from flowlace.observe.tracer import GraphTracer
from flowlace.testing import at
from tests.framework.running import feed

CHAIN = (
    'input_stream: "a" node { calculator: "PassThroughCalculator" name: "one" input_stream: "a" '
    'output_stream: "b" } node { calculator: "PassThroughCalculator" name: "two" '
    'input_stream: "b" output_stream: "c" }'
)


def run(graph: CalculatorGraph, count: int) -> None:
    graph.start_run()
    with graph:
        feed(graph, [("a", at(time_us)) for time_us in range(count)])


def test_every_call_of_every_node_is_counted() -> None:
    graph = CalculatorGraph(CHAIN)
    profiler = GraphProfiler(graph)
    run(graph, 50)
    assert {name: node.calls for name, node in profiler.nodes.items()} == {"one": 50, "two": 50}
    assert all(node.wall_ns > 0 for node in profiler.slowest())


def test_quantiles_lie_within_a_bucket_of_the_truth() -> None:
    profile = NodeProfile("node")
    for wall_ns in range(1_000, 101_000, 1_000):
        profile.add(wall_ns, wall_ns, 0)
    assert 43 < profile.quantile_us(0.5) < 67
    assert 85 < profile.quantile_us(0.99) < 120
    assert profile.mean_us == 50.5


def test_a_trace_opens_as_json_and_names_nodes_and_times(tmp_path: Path) -> None:
    graph = CalculatorGraph(CHAIN)
    tracer = GraphTracer(graph, tmp_path / "trace.json")
    run(graph, 3)
    tracer.close()
    events = json.loads((tmp_path / "trace_0.json").read_text())[:-1]
    assert [event["name"] for event in events] == ["one", "two"] * 3
    assert [event["args"]["timestamp_us"] for event in events] == [0, 0, 1, 1, 2, 2]


def test_trace_files_rotate(tmp_path: Path) -> None:
    graph = CalculatorGraph(CHAIN)
    tracer = GraphTracer(graph, tmp_path / "trace.json", events_per_file=4, files=2)
    run(graph, 10)
    tracer.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["trace_0.json", "trace_1.json"]
    last = json.loads((tmp_path / "trace_0.json").read_text())[:-1]
    assert [event["args"]["timestamp_us"] for event in last] == [8, 8, 9, 9]


def test_a_failing_call_is_named_by_its_phase_whatever_a_hook_has_put_there() -> None:
    def fail(_: str, packets: Any) -> None:
        raise ValueError(f"refused {packets.timestamp}")

    def replace_process(node: Node) -> None:
        node.calculator.process = partial(fail, "has no __name__")  # type: ignore[method-assign]

    graph = CalculatorGraph(CHAIN)
    graph.instrument(replace_process)
    with pytest.raises(CalculatorError) as plain:
        run(graph, 1)
    GraphProfiler(graph)
    with pytest.raises(CalculatorError) as profiled:
        run(graph, 1)
    assert plain.value.phase == profiled.value.phase == "process"
