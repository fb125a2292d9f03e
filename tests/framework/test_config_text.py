"""Graph text reads in every form people write it, and mistakes say where they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlace.framework.config import GivenOptions, UnknownOptions
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.config_text import parse_text
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.stream_names import location_of
from tests.framework.sample_calculators import SampleMode, SampleOptions, messages

EVERY_FORM = """
# proto-file: mediapipe/framework/calculator.proto
# proto-message: CalculatorGraphConfig
package: 'samples', type: "EveryForm";
input_stream: ["a", "TAG:1:c", "TAG:b"]
input_side_packet: "LIMIT:limit"
output_stream: "d"
num_threads: 0x4
max_queue_size: -1
report_deadlock: true
executor: { name: "inference" type: "ThreadPoolExecutor"
  options { [mediapipe.ThreadPoolExecutorOptions.ext] { num_threads: 2 } } }
input_stream_handler {
  input_stream_handler: "FixedSizeInputStreamHandler"
  options: { [mediapipe.FixedSizeInputStreamHandlerOptions.ext]: { trigger_queue_size: 3 } }
}
profiler_config { trace_enabled: true }
runtime_info { enable_graph_runtime_info: true capture_period_msec: 500 }
graph_options: { [type.googleapis.com/sample.ThresholdSubgraphOptions] { limit: 7 } }
node <
  calculator: "Sample" "Calculator"  # neighbouring strings are one
  input_stream: "a"; input_stream: "FINISHED:d",
  input_stream_info: [{ tag_index: "FINISHED" back_edge: true }]
  output_stream: "d"
  options: {
    [sample.SampleOptions.ext]: {
      rate: 3e-3 exact: .5 limit: 7, mode: FAST
      weights: [ 1, 2.5, -inf ]
      window < size: 9 >
      label: 'it\\'s "quoted"'
    }
  }
>
node {
  calculator: "SampleCalculator"
  input_stream: "a"
  output_stream: "e"
  node_options: [
    { [type.googleapis.com/sample.Unknown] { anything: "goes" list: [1, 2] } },
    { [type.googleapis.com/sample.SampleOptions]: { mode: 3 } }
  ]
  option_value: "limit:options/limit"
  external_input: "LIMIT:limit"
}
packet_generator { packet_generator: "Old" output_side_packet: "x"
  options { [sample.OldOptions.ext] { a: 1 } } }
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(GraphConfigError) as caught:
        load_graph_config(text, file="graph.pbtxt")
    return messages(caught.value.problems)


def test_every_form_of_options_reads() -> None:
    config = load_graph_config(EVERY_FORM)
    first, second = config.nodes
    options = first.given_options("sample.SampleOptions")
    assert options is not None
    read = options.read_as(SampleOptions)
    assert (read.rate, read.exact, read.limit) == (0.003, 0.5, 7)
    assert read.weights == (1.0, 2.5, float("-inf"))
    assert (read.mode, read.label) == (SampleMode.FAST, 'it\'s "quoted"')
    assert [type(each) for each in second.options] == [UnknownOptions, GivenOptions]
    assert first.calculator == "SampleCalculator"
    assert second.input_side_packets == ["LIMIT:limit"]
    assert config.num_threads == 4
    assert config.max_queue_size == -1
    assert config.legacy[0].name == "Old"


def test_every_form_reads_back_from_its_own_text() -> None:
    config = load_graph_config(EVERY_FORM)
    assert load_graph_config(to_text(config)) == config


def test_options_of_an_unknown_type_are_kept_as_written() -> None:
    unknown = load_graph_config(EVERY_FORM).nodes[1].unknown_options[0]
    assert unknown.type_name == "sample.Unknown"
    assert unknown.text == ' anything: "goes" list: [1, 2] '
    line = next(i for i, each in enumerate(EVERY_FORM.split("\n"), 1) if "sample.Unknown" in each)
    assert str(unknown.location) == f"<text>:{line}:7"


def test_an_unknown_type_inside_a_known_message_keeps_the_outer_message_whole() -> None:
    text = """node { calculator: "SwitchContainer"
      options { [mediapipe.SwitchContainerOptions.ext] {
        contained_node { calculator: "X" options { [sample.Missing.ext] { a: 1 } } }
        select: 1 } } }"""
    config = load_graph_config(text)
    unknown = config.nodes[0].unknown_options[0]
    assert unknown.type_name == "mediapipe.SwitchContainerOptions"
    assert unknown.missing == "sample.Missing"
    assert load_graph_config(to_text(config)) == config


def test_nodes_streams_and_options_know_their_place() -> None:
    config = load_graph_config('\n\nnode {\n  calculator: "X"\n  input_stream: "a"\n}', file="g.pb")
    node = config.nodes[0]
    assert str(node.location) == "g.pb:3:1"
    assert str(location_of(node.input_streams[0])) == "g.pb:5:17"
    assert str(location_of(node.calculator)) == "g.pb:4:15"


def test_all_mistakes_are_reported_at_once_with_their_places() -> None:
    text = """nodde { }
node {
  calculator: 5
  input_strem: "x"
  options { [sample.SampleOptions.ext] { limit: "x" mode: QUICK is_on: maybe wndow {} } }
  source_layer: 99999999999
  name: { }
}
node { calculator: "a }
node { calculator: "b" executor: ["x", "y"] }
"""
    assert problems_of(text) == [
        "graph.pbtxt:1:1: CalculatorGraphConfig has no field 'nodde' (did you mean 'node'?)",
        "graph.pbtxt:3:15: calculator is a string in quotes, but got 5",
        "graph.pbtxt:4:3: Node has no field 'input_strem' (did you mean 'input_stream'?)",
        'graph.pbtxt:5:49: limit is a whole number, but got "x"',
        "graph.pbtxt:5:59: mode is a SampleMode, but got QUICK (known: FAST, SLOW)",
        "graph.pbtxt:5:72: is_on is true or false, but got maybe",
        "graph.pbtxt:5:78: SampleOptions has no field 'wndow' (did you mean 'window'?)",
        "graph.pbtxt:6:17: value out of range: 99999999999",
        "graph.pbtxt:7:9: name is a string in quotes, but got a message in braces",
        "graph.pbtxt:9:20: a string does not end on its line",
        "graph.pbtxt:10:24: executor takes one value, not a list",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("node {", "g:1:6: expected '}' before the end of the file"),
        ("node { } }", "g:1:10: expected a field name, but got '}'"),
        ("node", "g:1:5: expected ':' or '{' after node, but the file ends"),
        ("type: ", "g:1:6: expected a value, but the file ends"),
        (r"type: 'C:\windows'", r"g:1:7: \w is no escape sequence of a string"),
        ("type: -'a'", "g:1:8: expected a value, but got \"'a'\""),
        ('type: "a', "g:1:7: a string does not end on its line"),
        (
            "input_stream: ['a' 'b' 'c'",
            "g:1:27: expected ',' or ']' in the list, but the file ends",
        ),
        ("input_stream ['a']", "g:1:14: expected ':' before a list, but got '['"),
        ("[sample.X] { }", "g:1:1: CalculatorGraphConfig takes no [sample.X]"),
        ("node: 3", "g:1:7: node is a Node in braces, but got 3"),
        (
            "node { options { [mediapipe.ThreadPoolExecutorOptions.ext] { } } }",
            "g:1:18: [mediapipe.ThreadPoolExecutorOptions.ext] has no place in CalculatorOptions",
        ),
        (
            "node { options { [sample.SampleOptions.ext]: 3 } }",
            "g:1:18: [sample.SampleOptions.ext] takes one message in braces",
        ),
        (
            'type: "a" type: "b"',
            'g:1:17: message type "mediapipe.CalculatorGraphConfig" should not have multiple',
        ),
    ],
)
def test_a_broken_text_says_where(text: str, problem: str) -> None:
    with pytest.raises(GraphConfigError) as caught:
        load_graph_config(text + "\n", file="g")
    assert messages(caught.value.problems)[0].startswith(problem)


def test_a_template_is_told_from_a_graph() -> None:
    (problem,) = problems_of('node {\n  % for i in range(3) %\n  calculator: "X"\n}\n')
    assert "this is a graph template, not a graph" in problem


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    assert "nested more than 60 deep" in problems_of("node {" * 500)[0]


def test_equal_graphs_written_differently_are_equal() -> None:
    assert load_graph_config("node { calculator: 'A' }\n") == load_graph_config(
        'node: < calculator: "A" > # the same'
    )


def test_a_list_of_messages_needs_no_colon() -> None:
    assert load_graph_config("node [{ calculator: 'A' }, < calculator: 'B' >]") == (
        load_graph_config("node { calculator: 'A' } node { calculator: 'B' }\n")
    )


@pytest.mark.parametrize(
    "limit", ["max_queue_size: - 5", "max_queue_size:\t-  5\n", "max_queue_size: -\n  5"]
)
def test_a_minus_may_stand_apart_from_its_number(limit: str) -> None:
    assert load_graph_config(limit + "\nnode { }", file="g").max_queue_size == -5


def test_a_minus_in_a_list_that_was_refused_is_no_second_problem() -> None:
    assert problems_of("node: [3, { buffer_size_hint: - 5 }]\n") == [
        "graph.pbtxt:1:8: node is a Node in braces, but got 3"
    ]


PIECES = st.sampled_from(
    [
        *"{}<>[]:,;#'\"\n -/.",
        "node",
        "calculator",
        "options",
        "node_options",
        "[sample.SampleOptions.ext]",
        "limit",
        "[type.googleapis.com/sample.SampleOptions]",
        "[sample.Nothing.ext]",
        '"text"',
        "'a'",
        "window",
        "1",
        "-3",
        "0x1F",
        "1e9",
        "inf",
        "true",
        "mode",
        "FAST",
        "input_stream",
        '"\\xff"',
        "\ud800",
        "é",
        "executor",
        "99999999999",
        "graph_options",
        "input_stream_info",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_any_text_reads_or_is_refused_with_a_place_for_every_problem(text: str) -> None:
    parsed = parse_text(f"\n{text}", "any.pbtxt")
    assert all(each.location and each.location.line >= 1 for each in parsed.problems)
    assert load_graph_config("\n" + to_text(parsed.config)) == parsed.config


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_graph_with_a_piece_cut_out_or_doubled_never_crashes(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(EVERY_FORM)))
    end = data.draw(st.integers(start, min(len(EVERY_FORM), start + 40)))
    change = data.draw(st.sampled_from(["", EVERY_FORM[start:end] * 2, "}", "{", '"']))
    text = EVERY_FORM[:start] + change + EVERY_FORM[end:]
    parsed = parse_text(text, "any.pbtxt")
    assert all(each.location for each in parsed.problems)
    assert load_graph_config("\n" + to_text(parsed.config)) == parsed.config
