"""Descriptors of graph files live in a pool of our own, with MediaPipe's numbers."""

from typing import Any

from google.protobuf import descriptor_pool

from flowlace.framework.builtin_options import INPUT_POLICIES
from flowlace.framework.options import options_message
from flowlace.framework.schema import GRAPH, NODE, current_schema


def test_the_default_pool_stays_untouched() -> None:
    current_schema()
    files = descriptor_pool.Default()
    try:
        files.FindMessageTypeByName(GRAPH)
    except KeyError:
        return
    raise AssertionError("a mediapipe wheel imported beside us would clash")


def test_graph_and_node_fields_have_mediapipes_numbers() -> None:
    graph: Any = current_schema().descriptor(GRAPH)
    node: Any = current_schema().descriptor(NODE)
    numbers = {field.name: field.number for field in graph.fields}
    assert numbers["node"] == 1
    assert numbers["executor"] == 14
    assert numbers["report_deadlock"] == 21
    assert numbers["graph_options"] == 1002
    assert node.fields_by_name["node_options"].number == 8
    assert node.fields_by_name["option_value"].number == 17


def test_input_policies_read_their_options_from_mediapipe_options() -> None:
    names = [options_message(each).full_name for each in INPUT_POLICIES.values() if each]
    found = [current_schema().extension_of(name, "mediapipe.MediaPipeOptions") for name in names]
    assert [each.number for each in found if each] == [164312821, 155816273, 125744319, 190104979]


def test_the_schema_is_built_once_while_nothing_new_is_registered() -> None:
    assert current_schema() is current_schema()


def test_an_option_message_is_known_under_its_extension_only_where_it_belongs() -> None:
    schema = current_schema()
    assert schema.extension_of("sample.SampleOptions", "mediapipe.MediaPipeOptions") is None
    assert schema.extension_of("sample.Nothing", "mediapipe.CalculatorOptions") is None
