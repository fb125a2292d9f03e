"""A graph becomes a plan, or all that is wrong with it is said at once."""

import pytest

from flowlace.framework.builtin_options import FixedSizeInputPolicyOptions
from flowlace.framework.contract import InputPolicyRequest
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import check_graph, validate_graph
from tests.framework.sample_calculators import (
    PlainOptions,
    SampleCalculator,
    SampleOptions,
    graph,
    messages,
)

SOURCE = 'calculator: "SampleIntSource" output_stream: "numbers"'
INPUTS = 'input_stream: "frames"'


def problems_of(text: str) -> list[str]:
    return [message.partition(": ")[2] for message in messages(check_graph(text))]


def plan_of(text: str) -> GraphPlan:
    return validate_graph(text)


def test_a_plan_has_ports_in_collection_order_under_all_their_names() -> None:
    node = plan_of(
        graph(
            'calculator: "SampleCalculator" input_stream: "EXTRA:1:b" input_stream: "EXTRA:0:a" '
            'input_stream: "frames" output_stream: "thin"',
            head=f'{INPUTS} input_stream: "a" input_stream: "b"',
        )
    ).nodes[0]
    inputs = node.contract.inputs
    assert node.calculator is SampleCalculator
    assert [port.name for port in inputs.values()] == ["frames", "a", "b"]
    assert list(inputs) == ["frames", "EXTRA", "EXTRA:1"]
    assert inputs[0] is inputs["frames"]
    assert inputs[("EXTRA", 0)].name == "a"
    assert node.options == SampleOptions()


def test_nodes_run_after_their_producers_and_in_listing_order_otherwise() -> None:
    plan = plan_of(
        graph(
            'name: "last" calculator: "SamplePassCalculator" input_stream: "b" output_stream: "c"',
            'name: "one" calculator: "SamplePassCalculator" input_stream: "frames"',
            'name: "first" calculator: "SamplePassCalculator" input_stream: "a" output_stream: "b"',
            SOURCE.replace("numbers", "a"),
            head=INPUTS,
        )
    )
    assert [node.name for node in plan.nodes] == ["one", "SampleIntSource", "first", "last"]
    assert plan.streams["b"].producer == 2
    assert plan.streams["frames"].producer is None
    assert plan.nodes[1].is_source


def test_repeated_calculators_are_numbered() -> None:
    node = 'calculator: "SamplePassCalculator" input_stream: "frames"'
    plan = plan_of(graph(node, node, head=INPUTS))
    assert [each.name for each in plan.nodes] == [
        "SamplePassCalculator_1",
        "SamplePassCalculator_2",
    ]


def test_an_unknown_calculator_names_the_nearest() -> None:
    assert problems_of(graph('calculator: "SampelCalculator"')) == [
        "node 'SampelCalculator': there is no calculator or subgraph 'SampelCalculator' "
        "(did you mean 'SampleCalculator'?)"
    ]


def test_ports_that_are_missing_unknown_or_too_many_are_all_reported() -> None:
    text = graph(
        'calculator: "SampleCalculator" input_stream: "EXTR:frames" input_stream: "FINISHED:frames"'
        ' input_stream: "FINISHED:1:frames" output_stream: "a" output_stream: "b"',
        head=INPUTS,
    )
    assert problems_of(text) == [
        "node 'SampleCalculator': input_stream: frames is not connected (add input_stream: \"…\")",
        "node 'SampleCalculator': input_stream: the calculator has no EXTR (did you mean 'EXTRA'?)",
        "node 'SampleCalculator': input_stream: FINISHED can be connected only once",
        "node 'SampleCalculator': output_stream: 'b' has no port here; the calculator takes 1 "
        "without a tag (write TAG:b with one of COUNT)",
    ]


def test_a_stream_nobody_produces_names_the_nearest() -> None:
    text = graph('calculator: "SamplePassCalculator" input_stream: "farmes"', head=INPUTS)
    assert problems_of(text) == [
        "node 'SamplePassCalculator' takes stream 'farmes', but nothing produces it "
        "(did you mean 'frames'?)"
    ]


def test_an_output_of_the_graph_needs_a_producer() -> None:
    assert problems_of(f'{INPUTS} output_stream: "boxes"\n') == [
        "the graph gives out stream 'boxes', but nothing produces it (known: frames)"
    ]


def test_a_stream_has_one_producer() -> None:
    assert problems_of(graph(SOURCE, SOURCE)) == [
        "stream 'numbers' comes from node 'SampleIntSource_1' and again from node "
        "'SampleIntSource_2' (give one of them another name)"
    ]


LOOP = (
    'calculator: "SampleCalculator" input_stream: "frames" input_stream: "FINISHED:done" '
    'output_stream: "thin" {info}',
    'calculator: "SamplePassCalculator" input_stream: "thin" output_stream: "done"',
)


def test_a_loop_is_named_with_the_input_to_mark() -> None:
    assert problems_of(graph(*LOOP, head=INPUTS).replace("{info}", "")) == [
        "nodes form a loop: 'SampleCalculator' –thin → 'SamplePassCalculator' –done → "
        "'SampleCalculator' (mark the input that goes back: "
        'input_stream_info { tag_index: "FINISHED" back_edge: true })'
    ]


def test_a_back_edge_opens_a_loop() -> None:
    info = 'input_stream_info { tag_index: "FINISHED" back_edge: true }'
    plan = plan_of(graph(*LOOP, head=INPUTS).replace("{info}", info))
    assert [node.name for node in plan.nodes] == ["SampleCalculator", "SamplePassCalculator"]
    assert plan.nodes[0].contract.inputs["FINISHED"].back_edge


def test_a_back_edge_needs_an_input() -> None:
    info = 'input_stream_info { tag_index: "DONE" back_edge: true }'
    text = graph(f'calculator: "SamplePassCalculator" input_stream: "frames" {info}', head=INPUTS)
    assert problems_of(text) == [
        "node 'SamplePassCalculator': input_stream_info: no input 'DONE' is connected "
        "(connected: [0])"
    ]


def test_two_loops_are_two_problems() -> None:
    ring = [
        f'calculator: "SamplePassCalculator" input_stream: "{a}" output_stream: "{b}"'
        for a, b in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
    ]
    assert sum("form a loop" in each for each in problems_of(graph(*ring))) == 2


def test_a_type_that_does_not_fit_names_both_nodes() -> None:
    text = graph(
        SOURCE,
        'calculator: "SamplePassCalculator" input_stream: "numbers" output_stream: "same"',
        'calculator: "SampleTextSink" input_stream: "TEXT:same"',
    )
    assert problems_of(text) == [
        "node 'SampleTextSink': input TEXT expects str, but node 'SampleIntSource' sends int on "
        "'same' (convert it or fix the graph)"
    ]


def test_types_come_back_from_consumers_to_inputs_of_the_graph() -> None:
    plan = plan_of(
        graph(
            'calculator: "SamplePassCalculator" input_stream: "frames" output_stream: "same"',
            'calculator: "SampleNumberSink" input_stream: "NUMBER:same"',
            'calculator: "SampleCalculator" input_stream: "same" input_stream: "EXTRA:same" '
            'output_stream: "out"',
            head=INPUTS,
        )
    )
    assert plan.input_streams["frames"].type is int
    assert plan.streams["out"].type is int
    assert plan.nodes[0].contract.outputs[0].type is int


def test_consumers_that_want_different_types_are_told_apart() -> None:
    text = graph(
        'calculator: "SampleTextSink" input_stream: "TEXT:frames"',
        'calculator: "SampleNumberSink" input_stream: "NUMBER:frames"',
        head=INPUTS,
    )
    assert problems_of(text) == [
        "node 'SampleNumberSink': input NUMBER expects int | float, but others expect str on "
        "'frames' (convert it or fix the graph)"
    ]


def test_side_packets_nobody_produces_are_for_the_application_to_set() -> None:
    plan = plan_of(
        graph(
            'calculator: "SampleCalculator" input_stream: "frames" output_stream: "a" '
            'input_side_packet: "LIMIT:limit"',
            'calculator: "SampleSideSource" output_side_packet: "VALUE:value"',
            'calculator: "SampleCalculator" input_stream: "frames" output_stream: "b" '
            'input_side_packet: "LIMIT:value"',
            head=f'{INPUTS} output_side_packet: "value"',
        )
    )
    assert list(plan.input_side_packets) == ["limit"]
    assert plan.side_packets["limit"].type is int
    assert plan.nodes[plan.side_packets["value"].producer or 0].name == "SampleSideSource"


def test_a_contract_error_stands_at_its_node() -> None:
    (problem,) = check_graph(
        f'{INPUTS}\n\nnode {{ calculator: "SamplePickyCalculator" input_stream: "frames" }}'
    )
    assert str(problem) == (
        "<text>:3:1: node 'SamplePickyCalculator': needs an even number of inputs, but has 1"
    )


def test_options_are_read_into_the_calculators_class() -> None:
    plan = plan_of(
        graph(
            f"{SOURCE} node_options {{ [type.googleapis.com/tests.PlainOptions] {{ count: 9 }} }}"
        )
    )
    assert plan.nodes[0].options == PlainOptions(count=9)
    assert plan.nodes[0].contract.options == PlainOptions(count=9)


def test_options_the_class_refuses_say_so_at_their_place() -> None:
    text = graph(
        'calculator: "SampleCalculator" input_stream: "frames" output_stream: "a" '
        "options { [sample.SampleOptions.ext] { limit: -1 } }",
        head=INPUTS,
    )
    assert problems_of(text) == [
        "node 'SampleCalculator': options sample.SampleOptions: limit is -1, but can't be below 0"
    ]


UNKNOWN = graph(f"{SOURCE} options {{ [tests.PlainOption.ext] {{ count: 9 }} }}")


def test_options_of_an_unknown_type_are_a_warning_for_check_and_an_error_to_run() -> None:
    (problem,) = check_graph(UNKNOWN)
    assert problem.severity == "warning"
    with pytest.raises(GraphConfigError, match=r"tests\.PlainOption are of no known type"):
        validate_graph(UNKNOWN)


def test_the_same_options_twice_are_an_error() -> None:
    block = "node_options { [type.googleapis.com/tests.PlainOptions] { } }"
    assert problems_of(graph(f"{SOURCE} {block} {block}")) == [
        "node 'SampleIntSource': tests.PlainOptions is given twice in node_options"
    ]


def test_options_of_another_calculator_are_a_warning() -> None:
    (problem,) = check_graph(graph(f"{SOURCE} options {{ [sample.SampleOptions.ext] {{ }} }}"))
    assert problem.severity == "warning"
    assert "are not read by this calculator (it reads tests.PlainOptions)" in str(problem)


NODE_POLICY = 'input_stream_handler { input_stream_handler: "BarrierInputStreamHandler" }'
GRAPH_POLICY = """input_stream_handler { input_stream_handler: "FixedSizeInputStreamHandler"
  options { [mediapipe.FixedSizeInputStreamHandlerOptions.ext] { trigger_queue_size: 5 } } }"""


@pytest.mark.parametrize(
    ("node_policy", "graph_policy", "name"),
    [
        (NODE_POLICY, GRAPH_POLICY, "BarrierInputStreamHandler"),
        ("", GRAPH_POLICY, "FixedSizeInputStreamHandler"),
        ("", "", "ImmediateInputStreamHandler"),
    ],
)
def test_the_nodes_policy_beats_the_graphs_and_that_the_calculators(
    node_policy: str, graph_policy: str, name: str
) -> None:
    text = graph(
        f'calculator: "SampleTextSink" input_stream: "TEXT:frames" {node_policy}',
        head=f"{INPUTS} {graph_policy}",
    )
    assert plan_of(text).nodes[0].input_policy.name == name


def test_a_policy_comes_with_its_options() -> None:
    text = graph(
        'calculator: "SamplePassCalculator" input_stream: "frames"', head=f"{INPUTS} {GRAPH_POLICY}"
    )
    assert plan_of(text).nodes[0].input_policy == InputPolicyRequest(
        "FixedSizeInputStreamHandler", FixedSizeInputPolicyOptions(trigger_queue_size=5)
    )


def test_an_unknown_policy_names_the_nearest() -> None:
    policy = NODE_POLICY.replace("Barrier", "Barier")
    text = graph(f'calculator: "SamplePassCalculator" input_stream: "frames" {policy}', head=INPUTS)
    assert problems_of(text) == [
        "input policy 'BarierInputStreamHandler' is not known "
        "(did you mean 'BarrierInputStreamHandler'?)"
    ]


@pytest.mark.parametrize(
    ("executors", "problem"),
    [
        ('executor { name: "gpu" type: "ThreadPoolExecutor" }', "executor name 'gpu' is reserved"),
        ('executor { name: "__x" }', "executor name '__x' is reserved"),
        ('executor { name: "a" } executor { name: "a" }', "executor 'a' is declared twice"),
        ('executor { name: "a" type: "Thread" }', "executor type 'Thread' is not known"),
        (
            'executor { name: "a" type: "ApplicationThreadExecutor" }',
            "executor 'a': ApplicationThreadExecutor can only be the default executor",
        ),
        (
            'num_threads: 2 executor { type: "ThreadPoolExecutor" }',
            "num_threads and an executor without a name both set up the default executor",
        ),
    ],
)
def test_executors_are_checked(executors: str, problem: str) -> None:
    assert problems_of(executors + "\n")[0].startswith(problem)


def test_a_node_needs_a_declared_executor() -> None:
    text = graph(f'{SOURCE} executor: "infrence"', head='executor { name: "inference" }')
    assert problems_of(text) == [
        "node 'SampleIntSource': executor 'infrence' is not declared (did you mean 'inference'?)"
    ]


def test_an_executor_without_a_type_is_for_the_application_to_set() -> None:
    plan = plan_of(graph(f'{SOURCE} executor: "inference"', head='executor { name: "inference" }'))
    assert plan.nodes[0].executor == "inference"


def test_threads_of_the_default_executor_come_from_either_place() -> None:
    pool = "options { [mediapipe.ThreadPoolExecutorOptions.ext] { num_threads: 3 } }"
    assert plan_of("num_threads: 2\n").num_threads == 2
    assert plan_of(f'executor {{ type: "ThreadPoolExecutor" {pool} }}').num_threads == 3
    assert plan_of("report_deadlock: true\n").num_threads == 0


def test_queues_hold_a_hundred_packets_or_what_a_node_needs() -> None:
    assert plan_of(graph(SOURCE)).max_queue_size == 100
    assert plan_of(graph(f"{SOURCE} buffer_size_hint: 300")).max_queue_size == 300
    assert plan_of(graph(SOURCE, head="max_queue_size: -1")).max_queue_size == -1


def test_packet_generators_say_what_to_use_instead() -> None:
    (problem,) = problems_of('packet_generator { packet_generator: "Old" }\n')
    assert problem == (
        "packet_generator 'Old' is read, but nothing here runs it "
        "(use a calculator with output_side_packet instead)"
    )


def test_mistakes_in_text_and_in_the_graph_are_reported_together() -> None:
    text = graph(
        'calculator: "SamplePassCalculator" input_stream: "farmes" max_in_fligt: 2', head=INPUTS
    )
    assert len(problems_of(text)) == 2
