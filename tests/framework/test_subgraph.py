"""Subgraphs are expanded before a graph is validated, with MediaPipe's names."""

from itertools import pairwise
from pathlib import Path

import pytest

from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.subgraph import expand_subgraphs
from flowlace.framework.subgraph_library import (
    SubgraphLibrary,
    file_name_type,
    register_subgraph,
)
from flowlace.framework.validation import check_graph, validate_graph
from tests.framework.sample_calculators import (
    SampleOptions,
    SampleWindow,
    ThresholdSubgraphOptions,
    graph,
    messages,
)

PASS = 'calculator: "SamplePassCalculator"'
INNER = graph(
    f'{PASS} input_stream: "frames" output_stream: "same"',
    f'{PASS} input_stream: "same" input_stream: "EXTRA:extra" output_stream: "done"',
    head='type: "SampleSubgraph" input_stream: "IN:frames" input_stream: "EXTRA:extra" '
    'output_stream: "OUT:done"',
)


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / f"{name}.pbtxt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def expand(text: str | GraphConfig, *folders: Path) -> tuple[GraphConfig, list[str]]:
    config = load_graph_config(text)
    expanded, problems, _ = expand_subgraphs(config, SubgraphLibrary.for_graph(config, folders))
    return expanded, messages(problems)


USER = graph(
    'name: "Sub 1.a" calculator: "SampleSubgraph" input_stream: "IN:frames" '
    'output_stream: "OUT:boxes"',
    head='input_stream: "frames" output_stream: "boxes"',
)


def test_names_get_the_prefix_and_outer_streams_the_names_of_the_node(tmp_path: Path) -> None:
    config, problems = expand(USER, write(tmp_path, anything=INNER))
    assert problems == []
    assert [node.name for node in config.nodes] == [
        "sub_1_a__SamplePassCalculator_1",
        "sub_1_a__SamplePassCalculator_2",
    ]
    assert config.nodes[0].input_streams == ["frames"]
    assert config.nodes[0].output_streams == ["sub_1_a__same"]
    assert config.nodes[1].output_streams == ["boxes"]


def test_an_unconnected_input_disappears_from_inner_nodes(tmp_path: Path) -> None:
    config, _ = expand(USER, write(tmp_path, anything=INNER))
    assert config.nodes[1].input_streams == ["sub_1_a__same"]


def test_an_expanded_graph_validates(tmp_path: Path) -> None:
    plan = validate_graph(USER, search_paths=[write(tmp_path, anything=INNER)])
    assert [node.name for node in plan.nodes] == [node.name for node in plan.config.nodes]
    assert plan.streams["boxes"].producer == 1


def test_subgraphs_lie_beside_the_graph_and_in_its_subgraphs_folder(tmp_path: Path) -> None:
    write(tmp_path / "subgraphs", sample=INNER)
    write(tmp_path, main=USER)
    assert check_graph(tmp_path / "main.pbtxt") == []


def test_a_file_is_found_by_its_name_where_it_says_no_type(tmp_path: Path) -> None:
    write(tmp_path, sample_subgraph=INNER.replace('type: "SampleSubgraph"', ""))
    assert expand(USER, tmp_path)[1] == []
    assert file_name_type("box_tracking_cpu") == "BoxTrackingCpu"


def test_a_file_is_found_by_mediapipes_habit_of_adding_subgraph(tmp_path: Path) -> None:
    write(tmp_path, box_tracking_cpu=INNER.replace('type: "SampleSubgraph"', ""))
    assert expand(USER.replace("SampleSubgraph", "BoxTrackingSubgraphCpu"), tmp_path)[1] == []


def test_nested_subgraphs_get_one_prefix_after_the_other(tmp_path: Path) -> None:
    outer = graph(
        'calculator: "SampleSubgraph" input_stream: "IN:in" output_stream: "OUT:out"',
        head='type: "OuterSubgraph" input_stream: "IN:in" output_stream: "OUT:out"',
    )
    write(tmp_path, inner=INNER, outer=outer)
    config, problems = expand(USER.replace("SampleSubgraph", "OuterSubgraph"), tmp_path)
    assert problems == []
    assert config.nodes[0].name == "sub_1_a__samplesubgraph__SamplePassCalculator_1"
    assert config.nodes[0].output_streams == ["sub_1_a__samplesubgraph__same"]
    assert config.nodes[1].output_streams == ["boxes"]


def test_a_subgraph_that_holds_itself_is_refused(tmp_path: Path) -> None:
    loop = graph(
        'calculator: "LoopSubgraph" input_stream: "IN:in" output_stream: "OUT:out"',
        head='type: "LoopSubgraph" input_stream: "IN:in" output_stream: "OUT:out"',
    )
    _, problems = expand(USER.replace("SampleSubgraph", "LoopSubgraph"), write(tmp_path, loop=loop))
    assert "subgraph 'LoopSubgraph' holds itself: LoopSubgraph → LoopSubgraph" in problems[0]


@pytest.mark.parametrize(
    "field",
    [
        "source_layer: 1",
        "buffer_size_hint: 1",
        'executor: "x"',
        'input_stream_info { tag_index: "IN" }',
        'output_stream_handler { output_stream_handler: "InOrderOutputStreamHandler" }',
    ],
)
def test_fields_only_calculators_have_are_refused(tmp_path: Path, field: str) -> None:
    text = USER.replace('calculator: "SampleSubgraph"', f'calculator: "SampleSubgraph" {field}')
    _, problems = expand(text, write(tmp_path, anything=INNER))
    assert f"{field.split()[0].strip(':')} has no meaning for a subgraph" in problems[0]


def test_a_stream_the_subgraph_does_not_have_names_the_nearest(tmp_path: Path) -> None:
    text = USER.replace("IN:frames", "EXTR:frames")
    _, problems = expand(text, write(tmp_path, anything=INNER))
    assert problems == [
        "<text>:2:67: node 'Sub 1.a': input_stream: the subgraph has no EXTR "
        "(did you mean 'EXTRA'?)"
    ]


def test_mistakes_in_the_file_of_a_subgraph_name_that_file(tmp_path: Path) -> None:
    write(tmp_path, broken='type: "SampleSubgraph"\nnodde {}\n')
    problems = messages(check_graph(USER, search_paths=[tmp_path]))
    assert any(each.startswith(f"{tmp_path}/broken.pbtxt:2:1: ") for each in problems)


def test_a_subgraph_brings_its_executors(tmp_path: Path) -> None:
    inner = INNER + 'executor { name: "pool" type: "ThreadPoolExecutor" }\n'
    config, _ = expand(USER, write(tmp_path, anything=inner))
    assert [executor.name for executor in config.executors] == ["pool"]


THRESHOLD = graph(
    'calculator: "SampleCalculator" input_stream: "in" output_stream: "out" '
    'option_value: "limit:options/limit" option_value: "OPTIONS/window:options/window" '
    'option_value: "weights:weights" '
    "options { [sample.SampleOptions.ext] { limit: 99 rate: 2 } }",
    head='type: "ThresholdSubgraph" input_stream: "IN:in" output_stream: "OUT:out" '
    "graph_options { [type.googleapis.com/sample.ThresholdSubgraphOptions] "
    "{ limit: 5 weights: [1, 2] } }",
)


def threshold_user(options: ThresholdSubgraphOptions | None) -> GraphConfig:
    config = load_graph_config(USER.replace("SampleSubgraph", "ThresholdSubgraph"))
    if options is not None:
        config.nodes[0].options.append(GivenOptions.of(options, is_any=True))
    return config


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, SampleOptions(limit=5, rate=2, weights=(1, 2))),
        (ThresholdSubgraphOptions(limit=7), SampleOptions(limit=7, rate=2, weights=(1, 2))),
        (
            ThresholdSubgraphOptions(window=SampleWindow(size=9)),
            SampleOptions(limit=5, rate=2, weights=(1, 2), window=SampleWindow(size=9)),
        ),
    ],
)
def test_options_of_a_subgraph_reach_the_nodes_in_it(
    tmp_path: Path, given: ThresholdSubgraphOptions | None, wanted: SampleOptions
) -> None:
    config, problems = expand(threshold_user(given), write(tmp_path, threshold=THRESHOLD))
    assert problems == []
    options = config.nodes[0].given_options("sample.SampleOptions")
    assert options is not None
    assert options.read_as(SampleOptions) == wanted


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("limt:options/limit", "SampleOptions has no field 'limt' (did you mean 'limit'?)"),
        ("limit:options/limt", "ThresholdSubgraphOptions has no field 'limt'"),
        ("limit", "there is no ':' (write node_field:options/graph_field)"),
        ("label:options/limit", "label can't hold 5"),
    ],
)
def test_a_mistake_in_an_option_value_is_reported(tmp_path: Path, value: str, problem: str) -> None:
    write(tmp_path, threshold=THRESHOLD.replace("limit:options/limit", value))
    _, problems = expand(threshold_user(None), tmp_path)
    assert len(problems) == 1
    assert problem in problems[0]


@register_subgraph("SampleChainSubgraph", options=ThresholdSubgraphOptions)
def chain(node: NodeConfig, options: ThresholdSubgraphOptions) -> GraphConfig:
    if options.limit is None:
        raise ValueError("limit has to say how many nodes")
    names = ["start", *(f"step_{i}" for i in range(options.limit - 1)), "end"]
    return GraphConfig(
        input_streams=["IN:start"],
        output_streams=["OUT:end"],
        nodes=[
            NodeConfig("SamplePassCalculator", input_streams=[one], output_streams=[other])
            for one, other in pairwise(names)
        ],
    )


def chain_user(options: str) -> str:
    return graph(
        f'calculator: "SampleChainSubgraph" input_stream: "IN:a" output_stream: "OUT:b" {options}',
        head='input_stream: "a"',
    )


def test_a_function_makes_a_subgraph_from_the_options_of_its_node() -> None:
    text = chain_user("options { [sample.ThresholdSubgraphOptions.ext] { limit: 3 } }")
    config, problems = expand(text)
    assert problems == []
    assert len(config.nodes) == 3
    assert config.nodes[2].output_streams == ["b"]


def test_what_a_function_refuses_stands_at_its_node() -> None:
    _, problems = expand(chain_user(""))
    assert problems == [
        "<text>:2:1: subgraph 'SampleChainSubgraph': limit has to say how many nodes"
    ]


def test_what_takes_the_streams_of_an_unbuilt_subgraph_is_not_blamed() -> None:
    user = graph(
        'calculator: "SampleChainSubgraph" input_stream: "IN:a" output_stream: "OUT:b"',
        'calculator: "PassThroughCalculator" input_stream: "b" output_stream: "c"',
        head='input_stream: "a" output_stream: "c" output_stream: "b"',
    )
    assert messages(check_graph(user)) == [
        "<text>:2:1: subgraph 'SampleChainSubgraph': limit has to say how many nodes"
    ]


def test_a_subgraph_name_belongs_to_one_function() -> None:
    with pytest.raises(FlowlaceError, match="'SampleChainSubgraph' is already registered by"):
        register_subgraph("SampleChainSubgraph")(lambda node, options: GraphConfig())


SWITCH = graph(
    'calculator: "SwitchContainer" input_stream: "SELECT:which" input_stream: "IN:frames" '
    'output_stream: "OUT:boxes" input_side_packet: "LIMIT:limit" '
    "options { [mediapipe.SwitchContainerOptions.ext] { "
    'contained_node { calculator: "One" } contained_node { calculator: "Two" } } }',
    head='input_stream: "which" input_stream: "frames"',
)


def test_a_switch_container_becomes_a_demux_its_nodes_and_a_mux() -> None:
    config, problems = expand(SWITCH)
    assert problems == []
    demux, one, two, mux = config.nodes
    assert demux.input_streams == ["IN:frames", "SELECT:which"]
    assert [each.rpartition("switchcontainer__")[2] for each in demux.output_streams] == [
        "c0__in_0",
        "c1__in_0",
    ]
    assert demux.output_streams[0].startswith("C0__IN:")
    assert one.input_streams == ["IN:switchcontainer__c0__in_0"]
    assert two.output_streams == ["OUT:switchcontainer__c1__out_0"]
    assert two.input_side_packets == ["LIMIT:switchcontainer__c1__limit_0"]
    assert mux.input_streams[:2] == ["SELECT:which", "C0__OUT:switchcontainer__c0__out_0"]
    assert mux.output_streams == ["OUT:boxes"]


def test_a_switch_container_needs_one_control() -> None:
    text = SWITCH.replace('"IN:frames"', '"ENABLE:frames"')
    assert "has both SELECT and ENABLE in input_stream; keep one" in expand(text)[1][0]
