"""The messages a graph file is made of, as protobuf descriptors with MediaPipe's numbers."""

from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2

FieldProto = descriptor_pb2.FieldDescriptorProto

GRAPH: Final = "mediapipe.CalculatorGraphConfig"
NODE: Final = "mediapipe.CalculatorGraphConfig.Node"
ANY: Final = "google.protobuf.Any"
EXTENDABLE: Final = frozenset(
    {
        "mediapipe.CalculatorOptions",
        "mediapipe.MediaPipeOptions",
        "mediapipe.PacketGeneratorOptions",
        "mediapipe.PacketFactoryOptions",
    }
)
"""The messages whose content calculators, policies, executors and generators define."""

OPTIONS_FILE: Final = "flowlace/mediapipe_options.proto"
GRAPH_FILE: Final = "flowlace/calculator.proto"
_ANY_FILE: Final = any_pb2.DESCRIPTOR.name

# `name number kind`, `*` for repeated, `=` a default. MediaPipe's own spelling and numbers.
_PROTO2_MESSAGES: Final = {
    "CalculatorOptions": "merge_fields 1 bool",
    "MediaPipeOptions": "",
    "PacketGeneratorOptions": "merge_fields 1 bool =true",
    "PacketFactoryOptions": "",
    "InputStreamHandlerConfig": """
        input_stream_handler 1 string =DefaultInputStreamHandler
        options 3 .mediapipe.MediaPipeOptions""",
    "OutputStreamHandlerConfig": """
        output_stream_handler 1 string =InOrderOutputStreamHandler
        input_side_packet 2 string*
        options 3 .mediapipe.MediaPipeOptions""",
    "PacketGeneratorConfig": """
        packet_generator 1 string
        input_side_packet 2 string*
        external_input 1002 string*
        output_side_packet 3 string*
        external_output 1003 string*
        options 4 .mediapipe.PacketGeneratorOptions""",
    "PacketFactoryConfig": """
        packet_factory 1 string
        output_side_packet 2 string
        external_output 1002 string
        options 3 .mediapipe.PacketFactoryOptions""",
    "StatusHandlerConfig": """
        status_handler 1 string
        input_side_packet 2 string*
        external_input 1002 string*
        options 3 .mediapipe.MediaPipeOptions""",
}
_PROTO3_MESSAGES: Final = {
    "ExecutorConfig": """
        name 1 string
        type 2 string
        options 3 .mediapipe.MediaPipeOptions""",
    "InputStreamInfo": "tag_index 1 string\n back_edge 2 bool",
    "ProfilerConfig": """
        histogram_interval_size_usec 1 int64
        num_histogram_intervals 2 int64
        enable_input_output_latency 3 bool
        enable_profiler 4 bool
        enable_stream_latency 5 bool
        use_packet_timestamp_for_added_packet 6 bool
        trace_log_capacity 7 int64
        trace_event_types_disabled 8 int32*
        trace_log_path 9 string
        trace_log_count 10 int32
        trace_log_interval_usec 11 int64
        trace_log_margin_usec 12 int64
        trace_log_duration_events 13 bool
        trace_log_interval_count 14 int32
        trace_log_disabled 15 bool
        trace_enabled 16 bool
        trace_log_instant_events 17 bool
        calculator_filter 18 string""",
    "GraphRuntimeInfoConfig": """
        enable_graph_runtime_info 1 bool
        capture_period_msec 2 uint32""",
    "CalculatorGraphConfig": """
        node 1 .mediapipe.CalculatorGraphConfig.Node*
        packet_factory 6 .mediapipe.PacketFactoryConfig*
        packet_generator 7 .mediapipe.PacketGeneratorConfig*
        num_threads 8 int32
        status_handler 9 .mediapipe.StatusHandlerConfig*
        input_stream 10 string*
        output_stream 15 string*
        input_side_packet 16 string*
        output_side_packet 17 string*
        max_queue_size 11 int32
        report_deadlock 21 bool
        input_stream_handler 12 .mediapipe.InputStreamHandlerConfig
        output_stream_handler 13 .mediapipe.OutputStreamHandlerConfig
        executor 14 .mediapipe.ExecutorConfig*
        profiler_config 18 .mediapipe.ProfilerConfig
        runtime_info 22 .mediapipe.GraphRuntimeInfoConfig
        package 19 string
        type 20 string
        options 1001 .mediapipe.MediaPipeOptions
        graph_options 1002 .google.protobuf.Any*""",
}
_NODE_FIELDS: Final = """
        name 1 string
        calculator 2 string
        input_stream 3 string*
        output_stream 4 string*
        input_side_packet 5 string*
        output_side_packet 6 string*
        options 7 .mediapipe.CalculatorOptions
        node_options 8 .google.protobuf.Any*
        source_layer 9 int32
        buffer_size_hint 10 int32
        input_stream_handler 11 .mediapipe.InputStreamHandlerConfig
        output_stream_handler 12 .mediapipe.OutputStreamHandlerConfig
        input_stream_info 13 .mediapipe.InputStreamInfo*
        executor 14 string
        profiler_config 15 .mediapipe.ProfilerConfig
        max_in_flight 16 int32
        option_value 17 string*
        external_input 1005 string*"""


def graph_files() -> list[Any]:
    """Returns the descriptors of the files that make up a graph, each after those it needs."""
    return [
        _any_file(),
        _mediapipe_file(OPTIONS_FILE, "proto2", _PROTO2_MESSAGES),
        _graph_file(),
    ]


def _any_file() -> Any:
    file = descriptor_pb2.FileDescriptorProto()
    any_pb2.DESCRIPTOR.CopyToProto(file)
    return file


def _mediapipe_file(name: str, syntax: str, messages: dict[str, str]) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name=name, package="mediapipe", syntax=syntax)
    for message_name, fields in messages.items():
        message = file.message_type.add(name=message_name)
        add_fields(message, fields)
        if f"mediapipe.{message_name}" in EXTENDABLE:
            message.extension_range.add(start=20000, end=(1 << 29))
    return file


def _graph_file() -> Any:
    file = _mediapipe_file(GRAPH_FILE, "proto3", _PROTO3_MESSAGES)
    file.dependency.extend([_ANY_FILE, OPTIONS_FILE])
    graph = file.message_type[-1]
    add_fields(graph.nested_type.add(name="Node"), _NODE_FIELDS)
    return file


def add_fields(message: Any, listing: str) -> None:
    """Adds the fields of a listing to a message: `name number kind`, one a line."""
    for line in filter(None, map(str.strip, listing.splitlines())):
        name, number, kind, *default = line.split(maxsplit=3)
        field = message.field.add(name=name, number=int(number))
        is_repeated = kind.endswith("*")
        field.label = FieldProto.LABEL_REPEATED if is_repeated else FieldProto.LABEL_OPTIONAL
        set_kind(field, kind.rstrip("*"))
        if default:
            field.default_value = default[0].removeprefix("=")


def set_kind(field: Any, kind: str) -> None:
    """Sets the type of a field: a scalar kind, or a message as `.package.Name`."""
    if kind.startswith("."):
        field.type = FieldProto.TYPE_MESSAGE
        field.type_name = kind
    else:
        field.type = FieldProto.Type.Value(f"TYPE_{kind.upper()}")
