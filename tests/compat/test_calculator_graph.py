from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import flowlace.compat.mediapipe as mp
from flowlace.compat.mediapipe.framework import calculator_pb2
from flowlace.compat.mediapipe.python import packet_creator as creator
from flowlace.compat.mediapipe.python import packet_getter as getter
from flowlace.compat.mediapipe.python._framework_bindings import calculator_graph
from tests.compat.probes import (
    DOUBLE,
    PASS_THROUGH,
    RAISING,
    TEXT_TO_NUMBER,
    started,
)

HELLO = creator.create_string("hello")


def message() -> Any:
    return text_format.Parse(PASS_THROUGH, calculator_pb2.CalculatorGraphConfig())


def validated() -> mp.ValidatedGraphConfig:
    config = mp.ValidatedGraphConfig()
    config.initialize(graph_config=PASS_THROUGH)
    return config


def binary(folder: Path) -> Path:
    path = folder / "graph.binarypb"
    path.write_bytes(message().SerializeToString())
    return path


# ------------------------------------------------------------------ construction


@pytest.mark.parametrize("form", ["text", "message", "validated", "file"])
def test_a_graph_comes_from_text_message_file_or_validated_config(
    form: str, tmp_path: Path
) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "text": {"graph_config": PASS_THROUGH},
        "message": {"graph_config": message()},
        "validated": {"validated_graph_config": validated()},
        "file": {"binary_graph_path": str(binary(tmp_path))},
    }
    graph = mp.CalculatorGraph(**arguments[form])
    out: list[Any] = []
    graph.observe_output_stream("out", lambda name, packet: out.append((name, packet)))
    graph.start_run()
    graph.add_packet_to_input_stream(stream="in", packet=HELLO, timestamp=0)
    graph.add_packet_to_input_stream(stream="in", packet=HELLO.at(1))
    graph.close()
    assert [(name, each.timestamp.value, getter.get_str(each)) for name, each in out] == [
        ("out", 0, "hello"),
        ("out", 1, "hello"),
    ]
    assert graph.max_queue_size == 1
    assert not graph.has_error()


def test_options_are_set_on_a_node_by_their_extension() -> None:
    config = calculator_pb2.CalculatorGraphConfig(input_stream=["in"])
    node = config.node.add(calculator="PacketClonerCalculator")
    extension = calculator_pb2.PacketClonerCalculatorOptions.ext
    node.options.Extensions[extension].output_only_when_all_inputs_received = True
    assert "output_only_when_all_inputs_received: true" in text_format.MessageToString(config)
    with pytest.raises(AttributeError, match="NoSuchOptions"):
        _ = calculator_pb2.NoSuchOptions


@pytest.mark.parametrize(
    "arguments", [{}, {"graph_config": PASS_THROUGH, "binary_graph_path": "graph.binarypb"}]
)
def test_exactly_one_argument_is_needed(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Please provide one"):
        mp.CalculatorGraph(**arguments)


def test_a_missing_file_is_not_found() -> None:
    with pytest.raises(FileNotFoundError, match="The path does not exist"):
        mp.CalculatorGraph(binary_graph_path="/nowhere/graph.binarypb")


def test_a_broken_file_is_a_runtime_error(tmp_path: Path) -> None:
    (tmp_path / "broken.binarypb").write_bytes(b"\xff\xff")
    with pytest.raises(RuntimeError, match="Failed to parse the binary graph"):
        mp.CalculatorGraph(binary_graph_path=tmp_path / "broken.binarypb")


def test_a_parse_error_keeps_line_and_column() -> None:
    with pytest.raises(RuntimeError, match=r"Failed to parse:\n<text>:2:1: .*nod"):
        mp.CalculatorGraph(graph_config="input_stream: 'in'\nnod { }")


@pytest.mark.parametrize("wrong", [5, b"", calculator_pb2.CalculatorOptions()])
def test_what_is_no_graph_is_a_runtime_error(wrong: Any) -> None:
    with pytest.raises(RuntimeError, match="Failed to parse"):
        mp.CalculatorGraph(graph_config=wrong)


@pytest.mark.parametrize("kind", [ValueError, RuntimeError])
def test_a_graph_that_cannot_run_is_caught_as_either_error_of_mediapipe(
    kind: type[Exception],
) -> None:
    with pytest.raises(kind, match='Unable to find Calculator "SomeUnknownCalculator"'):
        mp.CalculatorGraph(graph_config="node { calculator: 'SomeUnknownCalculator' }")


# ----------------------------------------------------------------------- running


def test_a_thousand_packets_come_through_a_queue_of_one() -> None:
    graph, out = started(mp)
    for timestamp in range(1000):
        graph.add_packet_to_input_stream("in", HELLO, timestamp)
    graph.wait_until_idle()
    assert [packet.timestamp.value for packet in out] == list(range(1000))


def test_python_calculators_read_the_packets_and_write_plain_ones() -> None:
    graph, out = started(mp, DOUBLE)
    graph.add_packet_to_input_stream("in", creator.create_uint8(200), 0)
    graph.close()
    assert type(out[0].inner.payload) is int
    assert getter.get_int(out[0]) == getter.get_uint(out[0]) == 400


def test_the_type_of_a_number_survives_the_graph() -> None:
    graph, out = started(mp)
    graph.add_packet_to_input_stream("in", creator.create_uint8(200), 0)
    graph.close()
    with pytest.raises(ValueError, match="doesn't contain int,"):
        getter.get_int(out[0])


def test_pictures_are_not_copied_on_their_way() -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels.flags.writeable = False
    graph, out = started(mp)
    packet = creator.create_image_frame(pixels, image_format=mp.ImageFormat.SRGB)
    graph.add_packet_to_input_stream("in", packet, 0)
    graph.close()
    assert np.shares_memory(getter.get_image_frame(out[0]).numpy_view(), pixels)


def test_the_timestamp_argument_beats_the_packets_own() -> None:
    graph, out = started(mp)
    graph.add_packet_to_input_stream("in", HELLO.at(3), mp.Timestamp(9))
    graph.close()
    assert out[0].timestamp == 9


def test_a_late_packet_fails_the_call_after_its_own() -> None:
    graph, _ = started(mp)
    graph.add_packet_to_input_stream("in", HELLO.at(0))
    graph.wait_until_idle()
    graph.add_packet_to_input_stream("in", HELLO.at(0))
    assert graph.has_error()
    with pytest.raises(ValueError, match=r"minimum expected timestamp is 1 but received 0\."):
        graph.wait_until_idle()
    with pytest.raises(ValueError, match="minimum expected"):
        graph.add_packet_to_input_stream("in", HELLO.at(5))
    assert "minimum expected timestamp is 1" in graph.get_combined_error_message()


def test_adding_to_a_closed_stream_fails_the_next_call() -> None:
    graph, _ = started(mp)
    graph.close_input_stream("in")
    # Closing its only input may end the graph before the packet comes: then adding fails itself.
    with pytest.raises((ValueError, RuntimeError)):
        graph.add_packet_to_input_stream("in", HELLO.at(0))
        graph.wait_until_idle()


@pytest.mark.parametrize("packet", [HELLO, mp.Packet(), HELLO.at(mp.Timestamp.DONE)])
def test_a_packet_without_a_time_is_refused_at_once(packet: mp.Packet) -> None:
    graph, _ = started(mp)
    with pytest.raises(ValueError, match="can't be the timestamp of a Packet in a stream"):
        graph.add_packet_to_input_stream("in", packet)
    graph.close()


def test_what_is_no_packet_is_a_type_error() -> None:
    graph, _ = started(mp)
    with pytest.raises(TypeError, match="takes a Packet"):
        graph.add_packet_to_input_stream("in", 5, 0)
    graph.close()


def test_an_empty_packet_only_moves_the_bound() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    out: list[Any] = []
    graph.observe_output_stream("out", lambda _, packet: out.append(packet), True)
    graph.start_run()
    graph.add_packet_to_input_stream("in", mp.Packet().at(3))
    graph.wait_until_idle()
    graph.close()
    assert (out[0].timestamp.value, out[0].is_empty()) == (3, True)


def test_unknown_streams_are_runtime_errors() -> None:
    graph, _ = started(mp)
    with pytest.raises(RuntimeError, match="no input stream 'nope'"):
        graph.add_packet_to_input_stream("nope", HELLO, 0)
    with pytest.raises(RuntimeError, match="no input stream 'nope'"):
        graph.close_input_stream("nope")
    with pytest.raises(RuntimeError, match="no stream 'nope'"):
        graph.observe_output_stream("nope", print)
    graph.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda graph: graph.add_packet_to_input_stream("in", HELLO.at(0)),
        lambda graph: graph.wait_until_idle(),
        lambda graph: graph.wait_until_done(),
        lambda graph: graph.wait_for_observed_output(),
        lambda graph: graph.close(),
    ],
)
def test_before_the_start_calls_are_runtime_errors(call: Any) -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        call(mp.CalculatorGraph(graph_config=PASS_THROUGH))


def test_a_second_start_is_refused_while_the_graph_runs() -> None:
    graph, _ = started(mp)
    with pytest.raises(RuntimeError, match="the graph is running"):
        graph.start_run()
    graph.close()


def test_a_closed_graph_may_be_closed_awaited_and_started_again() -> None:
    graph, out = started(mp)
    graph.close()
    graph.close()
    graph.wait_until_idle()
    graph.wait_until_done()
    with pytest.raises(RuntimeError, match="run is over"):
        graph.add_packet_to_input_stream("in", HELLO.at(0))
    graph.start_run()
    graph.add_packet_to_input_stream("in", HELLO.at(0))
    graph.close()
    assert len(out) == 1


def test_a_full_graph_refuses_packets_where_it_is_told_to() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    mode = mp.GraphInputStreamAddMode.ADD_IF_NOT_FULL
    graph.graph_input_stream_add_mode = mode
    assert graph.graph_input_stream_add_mode is mode
    graph.start_run()
    graph.inner.pause()
    with pytest.raises(RuntimeError, match="throttled"):
        [graph.add_packet_to_input_stream("in", HELLO.at(each)) for each in range(5)]
    graph.inner.resume()
    graph.close()


def test_the_add_mode_is_an_enum_member() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    assert graph.graph_input_stream_add_mode is mp.GraphInputStreamAddMode.WAIT_TILL_NOT_FULL
    with pytest.raises(TypeError, match="GraphInputStreamAddMode"):
        graph.graph_input_stream_add_mode = 1  # type: ignore[assignment]


# ----------------------------------------------------------------------- observers


def test_waiting_for_an_observed_output_returns_when_it_is_there() -> None:
    graph, out = started(mp)
    graph.add_packet_to_input_stream("in", HELLO, 3)
    graph.wait_for_observed_output()
    assert out[0].timestamp == 3
    graph.close()


def test_a_stream_may_be_observed_after_the_start() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    graph.start_run()
    out: list[Any] = []
    graph.observe_output_stream("out", lambda _, packet: out.append(packet))
    graph.add_packet_to_input_stream("in", HELLO, 0)
    graph.close()
    assert len(out) == 1


def test_an_exception_in_a_callback_is_an_error_of_the_graph() -> None:
    def refuse(name: str, packet: mp.Packet) -> None:
        raise LookupError(f"no place for {name}")

    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    graph.observe_output_stream("out", refuse)
    graph.start_run()
    graph.add_packet_to_input_stream("in", HELLO, 0)
    with pytest.raises(RuntimeError, match="no place for out"):
        graph.close()


def test_a_callback_is_a_function() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    with pytest.raises(TypeError, match="callback_fn"):
        graph.observe_output_stream("out", 5)  # type: ignore[arg-type]


# -------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("bad"), ValueError),
        (NotImplementedError("bad"), NotImplementedError),
        (KeyError("bad"), RuntimeError),
    ],
)
def test_what_a_calculator_raises_comes_as_the_error_of_its_status(
    raised: Exception, expected: type[Exception]
) -> None:
    graph = mp.CalculatorGraph(graph_config=RAISING)
    graph.start_run()
    graph.add_packet_to_input_stream("in", creator.create_object(raised), 0)
    with pytest.raises(expected, match="CompatRaisingCalculator") as caught:
        graph.wait_until_idle()
    assert type(caught.value) is expected
    assert caught.value.__cause__ is not None


def test_the_combined_message_is_empty_while_all_is_well() -> None:
    graph, _ = started(mp)
    assert graph.get_combined_error_message() == ""
    graph.close()


def test_a_with_block_closes_the_graph_and_cancels_it_after_an_exception() -> None:
    with mp.CalculatorGraph(graph_config=PASS_THROUGH) as graph:
        graph.start_run()
        graph.add_packet_to_input_stream("in", HELLO, 0)
    assert not graph.inner.is_running
    with pytest.raises(KeyError), mp.CalculatorGraph(graph_config=PASS_THROUGH) as graph:
        graph.start_run()
        raise KeyError
    assert not graph.inner.is_running


# -------------------------------------------------------------------- side packets


def test_side_packets_go_in_and_come_out() -> None:
    graph = mp.CalculatorGraph(graph_config=TEXT_TO_NUMBER)
    graph.start_run(input_side_packets={"text": creator.create_string("42")})
    graph.wait_until_done()
    assert getter.get_uint(graph.get_output_side_packet("number")) == 42
    with pytest.raises(RuntimeError, match="has not been set"):
        graph.get_output_side_packet("other")


@pytest.mark.parametrize(
    "side_packets", [None, {"text": mp.Packet()}, {"text": creator.create_int(1)}]
)
def test_a_missing_or_wrong_side_packet_is_a_value_error(side_packets: Any) -> None:
    graph = mp.CalculatorGraph(graph_config=TEXT_TO_NUMBER)
    with pytest.raises(ValueError, match="text"):
        graph.start_run(side_packets)


def test_side_packets_are_packets() -> None:
    graph = mp.CalculatorGraph(graph_config=TEXT_TO_NUMBER)
    with pytest.raises(RuntimeError, match="no Packet"):
        graph.start_run({"text": "42"})  # type: ignore[dict-item]


# --------------------------------------------------------- the graph as it was read


def test_the_graph_can_be_read_back() -> None:
    graph = mp.CalculatorGraph(graph_config=PASS_THROUGH)
    assert mp.CalculatorGraph(graph_config=graph.text_config).binary_config == graph.binary_config


def test_a_validated_config_is_initialized_once() -> None:
    config = mp.ValidatedGraphConfig()
    assert not config.initialized()
    assert (config.text_config, config.binary_config) == ("", b"")
    with pytest.raises(ValueError, match="Please provide"):
        config.initialize()
    config.initialize(graph_config=PASS_THROUGH)
    assert config.initialized()
    assert "PassThroughCalculator" in config.text_config
    assert config.binary_config
    with pytest.raises(RuntimeError, match="only once"):
        config.initialize(graph_config=PASS_THROUGH)


def test_a_graph_needs_an_initialized_config() -> None:
    with pytest.raises(ValueError, match="call initialize first"):
        mp.CalculatorGraph(validated_graph_config=mp.ValidatedGraphConfig())


def test_a_validated_config_is_no_other_object() -> None:
    with pytest.raises(RuntimeError, match="validated_graph_config is a ValidatedGraphConfig"):
        mp.CalculatorGraph(validated_graph_config=5)  # type: ignore[arg-type]


def test_a_validated_config_knows_the_types_mediapipe_has() -> None:
    config = mp.ValidatedGraphConfig()
    config.initialize(graph_config=TEXT_TO_NUMBER)
    assert config.registered_side_packet_type_name("text") == "string"
    assert config.registered_side_packet_type_name("number") == "int"
    with pytest.raises(ValueError, match="not defined"):
        config.registered_side_packet_type_name("other")


def test_a_stream_that_carries_anything_has_no_type_name() -> None:
    with pytest.raises(RuntimeError, match="Unable to find the type"):
        validated().registered_stream_type_name("in")
    with pytest.raises(ValueError, match="not defined"):
        validated().registered_stream_type_name("other")


def test_the_classes_stand_where_mediapipe_has_them() -> None:
    assert calculator_graph.CalculatorGraph is mp.CalculatorGraph
