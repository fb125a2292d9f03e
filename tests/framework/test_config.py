"""One graph in memory, whatever it was read from, and it writes as text, JSON and bytes."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlace.framework.config import (
    ExecutorConfig,
    GivenOptions,
    GraphConfig,
    HandlerConfig,
    InputStreamInfo,
    NodeConfig,
    UnknownOptions,
    canonical_names,
)
from flowlace.framework.config_json import to_json
from flowlace.framework.config_load import load_graph_config, save_graph_config, to_binary
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import GraphConfigError
from tests.framework.sample_calculators import SampleOptions, messages, reading_problems
from tests.framework.test_options import SAMPLE_OPTIONS

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NAMES = st.lists(_TEXTS, max_size=2)
_INT = st.integers(-(2**31), 2**31 - 1)
_OPTIONS = st.builds(lambda options, any_: GivenOptions.of(options, is_any=any_),
                     SAMPLE_OPTIONS, st.booleans())  # fmt: skip
_HANDLERS = st.none() | st.builds(HandlerConfig, name=_TEXTS.filter(bool))
_NODES = st.builds(
    NodeConfig,
    calculator=_TEXTS,
    name=_TEXTS,
    input_streams=_NAMES,
    output_streams=_NAMES,
    input_side_packets=_NAMES,
    output_side_packets=_NAMES,
    options=st.lists(_OPTIONS, max_size=1),
    source_layer=_INT,
    buffer_size_hint=_INT,
    input_stream_handler=_HANDLERS,
    output_stream_handler=_HANDLERS,
    input_stream_info=st.lists(st.builds(InputStreamInfo, _TEXTS, st.booleans()), max_size=2),
    executor=_TEXTS,
    max_in_flight=_INT,
    option_values=_NAMES,
)
_GRAPHS = st.builds(
    GraphConfig,
    nodes=st.lists(_NODES, max_size=3),
    input_streams=_NAMES,
    output_streams=_NAMES,
    executors=st.lists(st.builds(ExecutorConfig, _TEXTS, _TEXTS), max_size=2),
    num_threads=_INT,
    max_queue_size=_INT,
    report_deadlock=st.booleans(),
    package=_TEXTS,
    type=_TEXTS,
)


@settings(max_examples=60, deadline=None)
@given(_GRAPHS)
def test_a_graph_survives_text_json_and_bytes(config: GraphConfig) -> None:
    assert load_graph_config("\n" + to_text(config)) == config
    assert load_graph_config(to_json(config)) == config
    assert load_graph_config(to_binary(config)) == config


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_read_or_are_refused(data: bytes) -> None:
    assert all(each.location for each in reading_problems(data))


@pytest.mark.parametrize("suffix", [".pbtxt", ".json", ".binarypb"])
def test_a_file_reads_and_writes_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    config = GraphConfig(nodes=[NodeConfig("X", input_streams=["a"])])
    path = tmp_path / f"graph{suffix}"
    save_graph_config(config, path)
    assert load_graph_config(path) == config
    assert load_graph_config(str(path)) == config


def test_a_copy_shares_nothing_and_keeps_its_places() -> None:
    config = load_graph_config('node { calculator: "X" options { [sample.SampleOptions.ext] {} } }')
    copied = copy.deepcopy(config)
    copied.nodes[0].set_options(SampleOptions(limit=3))
    copied.nodes[0].input_streams.append("b")
    assert config.nodes[0].input_streams == []
    assert config.nodes[0].location == copied.nodes[0].location
    assert config != copied


def test_options_beat_node_options_as_a_whole() -> None:
    node = NodeConfig(
        options=[
            GivenOptions.of(SampleOptions(limit=1, label="any"), is_any=True),
            GivenOptions.of(SampleOptions(limit=2)),
        ]
    )
    given = node.given_options("sample.SampleOptions")
    assert given is not None
    assert given.read_as(SampleOptions) == SampleOptions(limit=2)


def test_nodes_are_named_after_their_calculators_and_numbered_where_they_repeat() -> None:
    nodes = [NodeConfig("A"), NodeConfig("B", name="b"), NodeConfig("A"), NodeConfig("A_1")]
    assert canonical_names(nodes) == ["A_2", "b", "A_3", "A_1"]


def test_binary_options_of_an_unknown_type_survive_and_show_in_text() -> None:
    unknown = UnknownOptions("extension 400000999", data=b"\x08\x01", extension=400000999)
    config = GraphConfig(nodes=[NodeConfig("X", options=[unknown])])
    assert load_graph_config(to_binary(config)) == config
    assert "# extension 400000999: 2 bytes of an unknown type left out" in to_text(config)


def test_options_known_only_as_text_can_not_be_written_as_bytes() -> None:
    unknown = UnknownOptions("sample.Missing", text="a: 1")
    config = GraphConfig(nodes=[NodeConfig("X", options=[unknown])])
    with pytest.raises(GraphConfigError, match=r"sample.Missing are only known as text"):
        to_binary(config)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"node": [', "g.json:1:11: this is no JSON: Expecting value"),
        ('{"nod": []}', "g.json:1:2: "),
        ('{"node": [\n {"calculator": 3}]}', "g.json:2:3: "),
        ('{"node": 3}', "g.json:1:2: "),
        ('{"node": [{"options": {"[sample.Missing.ext]": {}}}]}', "g.json:1:"),
    ],
)
def test_a_mistake_in_json_says_where(text: str, problem: str) -> None:
    with pytest.raises(GraphConfigError) as caught:
        load_graph_config(text, file="g.json")
    assert messages(caught.value.problems)[0].startswith(problem)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | _INT | st.sampled_from(["a", "node", "inf"]),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["node", "calculator", "options", "node_options", "@type", "x",
                             "input_stream", "[sample.SampleOptions.ext]", "limit"]),
            inner, max_size=3,
        ),
        max_leaves=8,
    )
)  # fmt: skip
def test_any_json_reads_or_is_refused(value: object) -> None:
    text = json.dumps({"node": value})
    assert all(each.location for each in reading_problems(text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraphConfigError, match=r"gone\.pbtxt:1:1: can't read the graph: No such"):
        load_graph_config(tmp_path / "gone.pbtxt")


def test_a_file_that_is_no_utf_8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "latin.pbtxt"
    path.write_bytes(b'type: "a"\n# \xff\n')
    with pytest.raises(GraphConfigError, match=r"latin\.pbtxt:2:3: the graph is not UTF-8 text"):
        load_graph_config(path)
