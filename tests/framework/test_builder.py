"""A graph built in Python is the graph its text says."""

import pytest

from flowlace.framework.builder import GraphBuilder
from flowlace.framework.builtin_options import FixedSizeInputPolicyOptions
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.validation import check_graph, validate_graph
from tests.framework.sample_calculators import (
    SampleCalculator,
    SampleIntSource,
    SampleOptions,
    SamplePassCalculator,
    SampleSideSource,
    SampleTextSink,
    messages,
)


def test_a_built_graph_equals_the_one_written_by_hand() -> None:
    builder = GraphBuilder(type="Loop")
    frames = builder.input("frames")
    done = builder.back_edge()
    sample = builder.node(
        SampleCalculator, SampleOptions(limit=3), frames=frames, FINISHED=done, name="first"
    )
    passed = builder.node(SamplePassCalculator, sample["frames"])
    done.connect(passed[0])
    builder.output("thin", passed[0])
    config = builder.config()
    assert config == load_graph_config(
        """
        type: "Loop"
        input_stream: "frames"
        output_stream: "thin"
        node {
          name: "first"
          calculator: "SampleCalculator"
          input_stream: "frames"
          input_stream: "FINISHED:thin"
          input_stream_info { tag_index: "FINISHED" back_edge: true }
          output_stream: "frames_2"
          options { [sample.SampleOptions.ext] { limit: 3 } }
        }
        node {
          calculator: "SamplePassCalculator"
          input_stream: "frames_2"
          output_stream: "thin"
        }
        """
    )
    assert load_graph_config(to_text(config)) == config
    assert validate_graph(config).nodes[0].contract.inputs["FINISHED"].back_edge


def test_streams_are_named_after_their_ports_and_never_twice() -> None:
    builder = GraphBuilder()
    one, other = builder.node(SampleIntSource), builder.node("SampleIntSource")
    assert [one["numbers"].name, other["numbers"].name] == ["numbers", "numbers_2"]
    assert one["numbers"] is one[0]


def test_outputs_a_calculator_has_to_have_are_connected_by_themselves() -> None:
    builder = GraphBuilder()
    builder.node(SampleIntSource)
    assert check_graph(builder.config()) == []


def test_several_streams_of_one_tag_are_numbered() -> None:
    builder = GraphBuilder()
    a, b = builder.input("a"), builder.input("b")
    builder.node(SampleCalculator, a, EXTRA=[a, b])
    assert builder.config().nodes[0].input_streams == ["a", "EXTRA:a", "EXTRA:1:b"]


def test_a_wildcard_output_goes_with_the_input_of_its_name() -> None:
    builder = GraphBuilder()
    a, b = builder.input("a", type=int), builder.input("b", type=str)
    node = builder.node(SamplePassCalculator, left=a, right=b)
    builder.output("out", node["right"])
    plan = validate_graph(builder.config())
    assert plan.streams["out"].type is str
    assert len(builder.config().nodes[0].output_streams) == 2


def test_types_promised_for_inputs_are_checked() -> None:
    builder = GraphBuilder()
    builder.node(SampleTextSink, TEXT=builder.input("numbers", type=int))
    assert messages(check_graph(builder.config())) == [
        "node 'SampleTextSink': input TEXT expects str, but others expect int on 'numbers' "
        "(convert it or fix the graph)"
    ]


def test_side_packets_executors_and_policies_have_their_place() -> None:
    builder = GraphBuilder()
    builder.executor("pool", num_threads=2)
    limit = builder.node(SampleSideSource).side_output("VALUE", name="limit")
    node = builder.node(
        SampleCalculator,
        frames=builder.input("frames"),
        side_packets={"LIMIT": limit},
        executor="pool",
        input_policy=FixedSizeInputPolicyOptions(trigger_queue_size=4),
        max_in_flight=2,
    )
    builder.output("boxes", node["frames"])
    builder.side_output("limit", limit)
    plan = validate_graph(builder.config())
    assert plan.nodes[1].input_policy.options.trigger_queue_size == 4
    assert plan.nodes[1].executor == "pool"
    assert plan.side_packets["limit"].producer == 0
    assert load_graph_config(builder.text()) == builder.config()


def test_a_subgraph_builds_with_tags() -> None:
    builder = GraphBuilder(type="InnerSubgraph")
    frames = builder.input("frames", tag="IN")
    builder.output("boxes", builder.node(SamplePassCalculator, frames)[0], tag="OUT")
    config = builder.config()
    assert (config.input_streams, config.output_streams) == (["IN:frames"], ["OUT:boxes"])


def test_an_unknown_input_names_the_nearest() -> None:
    builder = GraphBuilder()
    a = builder.input("a")
    with pytest.raises(GraphConfigError, match=r"no input 'EXTR' \(did you mean 'EXTRA'\?\)"):
        builder.node(SampleCalculator, frames=a, EXTR=a)


def test_an_unknown_output_names_the_nearest() -> None:
    builder = GraphBuilder()
    node = builder.node(SampleCalculator, frames=builder.input("a"))
    with pytest.raises(GraphConfigError, match=r"no output 'COUN' \(did you mean 'COUNT'\?\)"):
        node["COUN"]


def test_a_name_is_given_once() -> None:
    builder = GraphBuilder()
    builder.input("a")
    with pytest.raises(GraphConfigError, match="the name 'a' is taken in this graph"):
        builder.input("a")


def test_an_open_back_edge_is_reported() -> None:
    builder = GraphBuilder()
    builder.node(SampleCalculator, frames=builder.input("a"), FINISHED=builder.back_edge())
    with pytest.raises(GraphConfigError, match="back edge into node 'SampleCalculator' is open"):
        builder.config()


def test_an_input_is_not_given_out_under_another_name() -> None:
    builder = GraphBuilder()
    frames = builder.input("frames")
    with pytest.raises(GraphConfigError, match="put a PassThroughCalculator between"):
        builder.output("boxes", frames)


def test_the_only_output_needs_no_name() -> None:
    builder = GraphBuilder()
    assert builder.node(SampleIntSource).only_output.name == "numbers"
    with pytest.raises(GraphConfigError, match="has no one output: frames, COUNT"):
        builder.node(SampleCalculator, frames=builder.input("a")).only_output  # noqa: B018
