"""Protobuf descriptors of graph files and of every options message, in a pool of our own.

The default pool stays untouched: a `mediapipe` wheel imported in the same process brings the same
message names. Field numbers are MediaPipe's, so binary graphs read and write too. The pool is
built when it is first needed and built anew when an options class was registered since.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from flowlace.framework import builtin_options, options, registry
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import OptionField, option_fields, options_message

FieldProto = descriptor_pb2.FieldDescriptorProto

GRAPH: Final = "mediapipe.CalculatorGraphConfig"
NODE: Final = "mediapipe.CalculatorGraphConfig.Node"
ANY: Final = "google.protobuf.Any"
assert builtin_options  # registers the options of policies and executors by being imported

EXTENDABLE: Final = frozenset(
    {
        "mediapipe.CalculatorOptions",
        "mediapipe.MediaPipeOptions",
        "mediapipe.PacketGeneratorOptions",
        "mediapipe.PacketFactoryOptions",
    }
)

_OPTIONS_FILE: Final = "flowlace/mediapipe_options.proto"
_GRAPH_FILE: Final = "flowlace/calculator.proto"
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


class Schema:
    """Message classes of graph files and of the option classes known when it was built."""

    def __init__(self, classes: Iterable[type]) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        _add_file(self.pool, _any_file())
        _add_file(self.pool, _mediapipe_file(_OPTIONS_FILE, "proto2", _PROTO2_MESSAGES))
        _add_file(self.pool, _graph_file())
        self.classes = {options_message(cls).full_name: cls for cls in classes}
        _OptionFiles(self.pool, self.classes).add_all()

    @cached_property
    def graph(self) -> type[Message]:
        """The message class of a whole graph."""
        return self.message_class(GRAPH)

    @cached_property
    def graph_descriptor(self) -> Descriptor:
        """The descriptor of a whole graph."""
        found: Descriptor = self.pool.FindMessageTypeByName(GRAPH)
        return found

    def message_class(self, full_name: str) -> type[Message]:
        """Returns the message class of a name this schema has."""
        descriptor: Descriptor = self.pool.FindMessageTypeByName(full_name)
        found: type[Message] = message_factory.GetMessageClass(descriptor)
        return found

    def descriptor(self, full_name: str) -> Descriptor | None:
        """Returns the descriptor of a message, or None where it isn't known."""
        try:
            found: Descriptor = self.pool.FindMessageTypeByName(full_name)
        except KeyError:
            return None
        return found

    def extension(self, name: str) -> FieldDescriptor | None:
        """Returns an extension by its name in brackets, `mediapipe.XOptions.ext`."""
        try:
            found: FieldDescriptor = self.pool.FindExtensionByName(name)
        except KeyError:
            return None
        return found

    def extension_of(self, full_name: str, extendee: str) -> FieldDescriptor | None:
        """Returns the field by which the message `full_name` sits in `extendee`."""
        found = self.extension(f"{full_name}.ext")
        owner = None if found is None else found.containing_type
        if owner is None or owner.full_name != extendee:
            return None
        return found

    def extensions(self, extendee: str) -> list[FieldDescriptor]:
        """Returns every extension of `extendee`, by number."""
        descriptor = self.pool.FindMessageTypeByName(extendee)
        found = self.pool.FindAllExtensions(descriptor)
        return sorted(found, key=lambda field: field.number)


_schema: Schema | None = None
_built_generation = -1


def current_schema() -> Schema:
    """Returns the schema with every option class registered so far, calculators' included."""
    global _schema, _built_generation
    for calculator in registry.known_calculators().values():
        if calculator.options_class is not None:
            options_message(calculator.options_class)
    if _schema is None or _built_generation != options.generation():
        _schema = Schema(options.registered_options().values())
        _built_generation = options.generation()
    return _schema


def _add_file(pool: descriptor_pool.DescriptorPool, file: Any) -> None:
    try:
        pool.AddSerializedFile(file.SerializeToString())
    except TypeError as error:
        names = ", ".join(message.name for message in file.message_type)
        raise FlowlaceError(f"option message {names} can't be built: {error}") from error


def _any_file() -> Any:
    file = descriptor_pb2.FileDescriptorProto()
    any_pb2.DESCRIPTOR.CopyToProto(file)
    return file


def _mediapipe_file(name: str, syntax: str, messages: dict[str, str]) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name=name, package="mediapipe", syntax=syntax)
    for message_name, fields in messages.items():
        message = file.message_type.add(name=message_name)
        _add_fields(message, fields)
        if f"mediapipe.{message_name}" in EXTENDABLE:
            message.extension_range.add(start=20000, end=(1 << 29))
    return file


def _graph_file() -> Any:
    file = _mediapipe_file(_GRAPH_FILE, "proto3", _PROTO3_MESSAGES)
    file.dependency.extend([_ANY_FILE, _OPTIONS_FILE])
    graph = file.message_type[-1]
    _add_fields(graph.nested_type.add(name="Node"), _NODE_FIELDS)
    return file


def _add_fields(message: Any, listing: str) -> None:
    for line in filter(None, map(str.strip, listing.splitlines())):
        name, number, kind, *default = line.split(maxsplit=3)
        field = message.field.add(name=name, number=int(number))
        is_repeated = kind.endswith("*")
        field.label = FieldProto.LABEL_REPEATED if is_repeated else FieldProto.LABEL_OPTIONAL
        _set_kind(field, kind.rstrip("*"))
        if default:
            field.default_value = default[0].removeprefix("=")


def _set_kind(field: Any, kind: str) -> None:
    if kind.startswith("."):
        field.type = FieldProto.TYPE_MESSAGE
        field.type_name = kind
    else:
        field.type = FieldProto.Type.Value(f"TYPE_{kind.upper()}")


class _OptionFiles:
    """Adds one file per top-level options message, after the files it depends on."""

    def __init__(self, pool: descriptor_pool.DescriptorPool, classes: dict[str, type]) -> None:
        self._pool = pool
        self._classes = dict(classes)
        for cls in classes.values():
            self._find_inner(cls)
        self._members: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._classes):
            self._members[_top_level(name)].append(name)
        self._added: set[str] = set()

    def add_all(self) -> None:
        for name in self._members:
            self._add(name)

    def _find_inner(self, cls: type) -> None:
        """Registers messages that are only used inside others."""
        for field in option_fields(cls):
            if field.kind == "message" and not native_message(field.type):
                name = options_message(field.type).full_name
                if name not in self._classes:
                    self._classes[name] = field.type
                    self._find_inner(field.type)

    def _add(self, top_level: str) -> None:
        if top_level in self._added:
            return
        self._added.add(top_level)
        package, _, name = top_level.rpartition(".")
        file = descriptor_pb2.FileDescriptorProto(
            name=f"flowlace/options/{top_level}.proto", package=package, syntax="proto2"
        )
        file.dependency.extend([_OPTIONS_FILE, _GRAPH_FILE])
        root = file.message_type.add(name=name)
        for member in self._members[top_level]:
            message = _nested(root, member.removeprefix(top_level).strip("."))
            self._fill(message, member, self._classes[member], file)
        _add_file(self._pool, file)

    def _fill(self, message: Any, full_name: str, cls: type, file: Any) -> None:
        identity = options_message(cls)
        if identity.extension:
            message.extension.add(
                name="ext",
                number=identity.extension,
                label=FieldProto.LABEL_OPTIONAL,
                type=FieldProto.TYPE_MESSAGE,
                type_name=f".{full_name}",
                extendee=f".{identity.extends}",
            )
        for field in option_fields(cls):
            proto = message.field.add(name=field.name, number=field.number)
            repeated = field.is_repeated
            proto.label = FieldProto.LABEL_REPEATED if repeated else FieldProto.LABEL_OPTIONAL
            self._set_type(proto, field, message, full_name, file)
            _set_default(proto, field)
            _set_oneof(proto, field, message)

    def _set_type(
        self, proto: Any, field: OptionField, message: Any, full_name: str, file: Any
    ) -> None:
        if field.kind == "enum":
            proto.type = FieldProto.TYPE_ENUM
            proto.type_name = f".{full_name}.{field.type.__name__}"
            _add_enum(message, field.type)
        elif field.kind == "message":
            proto.type = FieldProto.TYPE_MESSAGE
            native = native_message(field.type)
            name = native or options_message(field.type).full_name
            proto.type_name = f".{name}"
            if not native and _top_level(name) != _top_level(full_name):
                self._add(_top_level(name))
                dependency = f"flowlace/options/{_top_level(name)}.proto"
                if dependency not in file.dependency:
                    file.dependency.append(dependency)
        else:
            _set_kind(proto, field.kind)


def native_message(value_type: Any) -> str:
    """Returns the message name of a class that is a part of a graph itself, or nothing."""
    name: str = getattr(value_type, "__proto_message__", "")
    return name


def _top_level(full_name: str) -> str:
    """Returns the outermost message: packages are lower case, messages aren't."""
    parts = full_name.split(".")
    for position, part in enumerate(parts):
        if part[:1].isupper():
            return ".".join(parts[: position + 1])
    return full_name


def _nested(message: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        inner = next((each for each in message.nested_type if each.name == name), None)
        message = inner if inner is not None else message.nested_type.add(name=name)
    return message


def _add_enum(message: Any, enum_class: type[IntEnum]) -> None:
    if any(known.name == enum_class.__name__ for known in message.enum_type):
        return
    enum = message.enum_type.add(name=enum_class.__name__)
    for name, member in enum_class.__members__.items():
        enum.value.add(name=name, number=int(member))
    enum.options.allow_alias = len(enum_class.__members__) > len(set(enum_class))


def _set_default(proto: Any, field: OptionField) -> None:
    default = field.default
    if default is None or field.is_repeated or field.kind == "message":
        return
    if field.kind == "enum":
        proto.default_value = field.type(default).name
    elif field.kind == "bool":
        proto.default_value = str(default).lower()
    elif field.kind == "bytes":
        proto.default_value = "".join(f"\\{byte:03o}" for byte in default)
    elif field.kind in ("float", "double"):
        proto.default_value = repr(float(default))
    else:
        proto.default_value = str(default)


def _set_oneof(proto: Any, field: OptionField, message: Any) -> None:
    if field.is_packed:
        proto.options.packed = True
    if not field.oneof:
        return
    names = [each.name for each in message.oneof_decl]
    if field.oneof not in names:
        message.oneof_decl.add(name=field.oneof)
        names.append(field.oneof)
    proto.oneof_index = names.index(field.oneof)
