"""Turns a graph's protobuf message into its dataclasses and back."""

from typing import Any

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from flowlace.framework.config import (
    AnyOptions,
    ExecutorConfig,
    GivenOptions,
    GraphConfig,
    HandlerConfig,
    InputStreamInfo,
    LegacyConfig,
    NodeConfig,
    UnknownOptions,
)
from flowlace.framework.errors import GraphConfigError, Problem
from flowlace.framework.options_message import NativeMessage, register_native_message
from flowlace.framework.places import Places
from flowlace.framework.schema import NODE, current_schema
from flowlace.framework.stream_names import LocatedText

LEGACY_FIELDS = ("packet_factory", "packet_generator", "status_handler")
_TYPE_PREFIX = "type.googleapis.com/"


def graph_from_message(message: Any, places: Places | None = None) -> GraphConfig:
    """Returns a graph from its message; `places` says where everything stands."""
    places = places or Places()
    return GraphConfig(
        nodes=[
            node_from_message(node, places.child("node", index))
            for index, node in enumerate(message.node)
        ],
        input_streams=places.locate("input_stream", message.input_stream),
        output_streams=places.locate("output_stream", message.output_stream),
        input_side_packets=places.locate("input_side_packet", message.input_side_packet),
        output_side_packets=places.locate("output_side_packet", message.output_side_packet),
        executors=[
            _executor(each, places.child("executor", index))
            for index, each in enumerate(message.executor)
        ],
        num_threads=message.num_threads,
        max_queue_size=message.max_queue_size,
        report_deadlock=message.report_deadlock,
        input_stream_handler=_handler(message, "input_stream_handler", places),
        output_stream_handler=_handler(message, "output_stream_handler", places),
        package=message.package,
        type=message.type,
        options=_options(message, places) + _any_options(message, "graph_options", places),
        profiler_config=_part(message, "profiler_config"),
        runtime_info=_part(message, "runtime_info"),
        legacy=[
            _legacy(field, each, places.child(field, index))
            for field in LEGACY_FIELDS
            for index, each in enumerate(getattr(message, field))
        ],
        location=places.location,
    )


def node_from_message(message: Any, places: Places | None = None) -> NodeConfig:
    """Returns a node from its message."""
    places = places or Places()
    side_packets = places.locate("input_side_packet", message.input_side_packet)
    side_packets += places.locate("external_input", message.external_input)
    return NodeConfig(
        calculator=_text(message, "calculator", places),
        name=_text(message, "name", places),
        input_streams=places.locate("input_stream", message.input_stream),
        output_streams=places.locate("output_stream", message.output_stream),
        input_side_packets=side_packets,
        output_side_packets=places.locate("output_side_packet", message.output_side_packet),
        options=_options(message, places) + _any_options(message, "node_options", places),
        source_layer=message.source_layer,
        buffer_size_hint=message.buffer_size_hint,
        input_stream_handler=_handler(message, "input_stream_handler", places),
        output_stream_handler=_handler(message, "output_stream_handler", places),
        input_stream_info=[
            InputStreamInfo(
                each.tag_index, each.back_edge, places.child("input_stream_info", index).location
            )
            for index, each in enumerate(message.input_stream_info)
        ],
        executor=_text(message, "executor", places),
        profiler_config=_part(message, "profiler_config"),
        max_in_flight=message.max_in_flight,
        option_values=places.locate("option_value", message.option_value),
        merge_fields=_merge_fields(message),
        location=places.location,
    )


def _text(message: Any, field: str, places: Places) -> str:
    text = getattr(message, field)
    return LocatedText(text, places.child(field).location) if text else ""


def _merge_fields(message: Any) -> bool | None:
    if not message.HasField("options") or not message.options.HasField("merge_fields"):
        return None
    return bool(message.options.merge_fields)


def _part(message: Any, field: str) -> Message | None:
    return _copy(getattr(message, field)) if message.HasField(field) else None


def _executor(message: Any, places: Places) -> ExecutorConfig:
    options = _options(message, places)
    name, kind = _text(message, "name", places), _text(message, "type", places)
    return ExecutorConfig(name, kind, options, places.location)


def _handler(message: Any, field: str, places: Places) -> HandlerConfig | None:
    if not message.HasField(field):
        return None
    handler, places = getattr(message, field), places.child(field)
    side_packets = list(getattr(handler, "input_side_packet", ()))
    return HandlerConfig(
        LocatedText(getattr(handler, field), places.child(field).location),
        _options(handler, places),
        side_packets,
        places.location,
    )


def _legacy(field: str, message: Any, places: Places) -> LegacyConfig:
    inputs = [*getattr(message, "input_side_packet", ()), *getattr(message, "external_input", ())]
    return LegacyConfig(
        field,
        getattr(message, field),
        inputs,
        _legacy_outputs(field, message),
        _options(message, places),
        _merge_fields(message) if field == "packet_generator" else None,
        places.location,
    )


def _legacy_outputs(field: str, message: Any) -> list[str]:
    if field == "packet_generator":
        return [*message.output_side_packet, *message.external_output]
    if field == "packet_factory":
        return list(filter(None, (message.output_side_packet, message.external_output)))
    return []


def _options(message: Any, places: Places) -> list[AnyOptions]:
    if not message.HasField("options"):
        return []
    places = places.child("options")
    found: list[AnyOptions] = [
        GivenOptions(
            field.message_type.full_name,
            _copy(value),
            location=places.child(f"[{field.full_name}]").location,
        )
        for field, value in message.options.ListFields()
        if field.is_extension
    ]
    # Extensions of binary graphs that nobody registered: all that is known is their number.
    fields: Any = UnknownFieldSet(message.options)
    found += [
        UnknownOptions(
            f"extension {each.field_number}",
            data=each.data,
            extension=each.field_number,
            location=places.location,
        )
        for each in fields
        if each.wire_type == 2
    ]
    return found + places.unknown


def _any_options(message: Any, field: str, places: Places) -> list[AnyOptions]:
    found: list[AnyOptions] = []
    for index, packed in enumerate(getattr(message, field)):
        place = places.child(field, index)
        type_name = packed.type_url.rpartition("/")[2]
        if not type_name:
            found += place.unknown
            continue
        found.append(_unpacked(type_name, packed.value, place))
    return found


def _unpacked(type_name: str, data: bytes, places: Places) -> AnyOptions:
    schema = current_schema()
    if schema.descriptor(type_name) is None:
        return UnknownOptions(
            type_name, is_any=True, data=data, missing=type_name, location=places.location
        )
    message = schema.message_class(type_name)()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        problem = Problem(f"{type_name} can't be decoded: {error}", places.location)
        raise GraphConfigError([problem]) from error
    return GivenOptions(type_name, message, is_any=True, location=places.location)


def _copy(message: Any) -> Message:
    copied: Message = type(message)()
    copied.CopyFrom(message)
    return copied


def graph_to_message(config: GraphConfig) -> Any:
    """Returns the message of a graph.

    Raises:
        GraphConfigError: options of an unknown type were read from text, so their bytes are
            not known.
    """
    message: Any = current_schema().graph()
    for node in config.nodes:
        _fill_node(message.node.add(), node)
    for field in ("input_stream", "output_stream", "input_side_packet", "output_side_packet"):
        getattr(message, field).extend(map(str, getattr(config, f"{field}s")))
    for executor in config.executors:
        target = message.executor.add(name=str(executor.name), type=str(executor.type))
        _fill_options(target, executor.options)
    for field in ("num_threads", "max_queue_size", "report_deadlock", "package", "type"):
        setattr(message, field, getattr(config, field))
    _fill_handlers(message, config)
    _fill_options(message, config.options, "graph_options")
    for legacy in config.legacy:
        _fill_legacy(getattr(message, legacy.kind).add(), legacy)
    return message


def node_to_message(node: NodeConfig) -> Message:
    """Returns the message of one node."""
    message = current_schema().message_class(NODE)()
    _fill_node(message, node)
    return message


def _fill_node(message: Any, node: NodeConfig) -> None:
    for field in ("name", "calculator", "executor"):
        setattr(message, field, str(getattr(node, field)))
    for field in ("input_stream", "output_stream", "input_side_packet", "output_side_packet"):
        getattr(message, field).extend(map(str, getattr(node, f"{field}s")))
    for field in ("source_layer", "buffer_size_hint", "max_in_flight"):
        setattr(message, field, getattr(node, field))
    for info in node.input_stream_info:
        message.input_stream_info.add(tag_index=info.tag_index, back_edge=info.back_edge)
    message.option_value.extend(map(str, node.option_values))
    _fill_handlers(message, node)
    _fill_options(message, node.options, "node_options")
    if node.merge_fields is not None:
        message.options.merge_fields = node.merge_fields


def _fill_handlers(message: Any, config: GraphConfig | NodeConfig) -> None:
    for field in ("input_stream_handler", "output_stream_handler"):
        handler: HandlerConfig | None = getattr(config, field)
        if handler is not None:
            target = getattr(message, field)
            target.SetInParent()
            setattr(target, field, str(handler.name))
            _fill_options(target, handler.options)
            if handler.input_side_packets:
                target.input_side_packet.extend(handler.input_side_packets)
    for field in ("profiler_config", "runtime_info"):
        part: Message | None = getattr(config, field, None)
        if part is not None:
            getattr(message, field).SetInParent()
            getattr(message, field).MergeFromString(part.SerializeToString())


def _fill_legacy(message: Any, legacy: LegacyConfig) -> None:
    setattr(message, legacy.kind, legacy.name)
    if legacy.kind == "packet_factory":
        message.output_side_packet = "".join(legacy.output_side_packets)
    else:
        message.input_side_packet.extend(map(str, legacy.input_side_packets))
    if legacy.kind == "packet_generator":
        message.output_side_packet.extend(map(str, legacy.output_side_packets))
    _fill_options(message, legacy.options)
    if legacy.merge_fields is not None:
        message.options.merge_fields = legacy.merge_fields


def _fill_options(message: Any, options: list[AnyOptions], any_field: str = "") -> None:
    for each in options:
        if each.is_any:
            data = each.message.SerializeToString() if isinstance(each, GivenOptions) else each.data
            target = getattr(message, any_field).add(type_url=_TYPE_PREFIX + each.type_name)
            target.value = _known_bytes(each, data)
        elif isinstance(each, GivenOptions):
            _fill_extension(message.options, each)
        else:
            key = _varint(each.extension << 3 | 2)
            data = _known_bytes(each, each.data)
            message.options.MergeFromString(key + _varint(len(data)) + data)


def _fill_extension(options: Any, given: GivenOptions) -> None:
    extendee = options.DESCRIPTOR.full_name
    extension = current_schema().extension_of(given.type_name, extendee)
    if extension is None:
        raise GraphConfigError(
            [Problem(f"{given.type_name} is no extension of {extendee}", given.location)]
        )
    target = options.Extensions[extension]
    target.SetInParent()
    target.MergeFromString(given.message.SerializeToString())


def _known_bytes(options: AnyOptions, data: bytes | None) -> bytes:
    if data is None:
        raise GraphConfigError(
            [
                Problem(
                    f"options {options.type_name} are only known as text, so they can't be "
                    "written as binary or JSON",
                    options.location,
                    "write text, or register the options class",
                )
            ]
        )
    return data


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


# A switch holds nodes in its options.
register_native_message(NodeConfig, NativeMessage(node_from_message, node_to_message))
