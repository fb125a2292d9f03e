"""Writes a graph as protobuf text, laid out as people write it."""

from collections.abc import Iterable, Iterator

from google.protobuf import text_encoding, text_format
from google.protobuf.message import Message

from flowlace.framework.config import (
    AnyOptions,
    ExecutorConfig,
    GivenOptions,
    GraphConfig,
    HandlerConfig,
    LegacyConfig,
    NodeConfig,
    UnknownOptions,
)

_INDENT = "  "
_Lines = Iterator[str]


def to_text(config: GraphConfig) -> str:
    """Returns the graph as text that reads back equal.

    Options that are only known as bytes of an unknown type become a comment.
    """
    paragraphs = [list(_head(config))]
    paragraphs += [list(_block("executor", _executor(each))) for each in config.executors]
    paragraphs += [list(_block(each.kind, _legacy(each))) for each in config.legacy]
    paragraphs += [list(_block("node", _node(each))) for each in config.nodes]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _head(config: GraphConfig) -> _Lines:
    yield from _text("package", config.package)
    yield from _text("type", config.type)
    for field in ("input_stream", "output_stream", "input_side_packet", "output_side_packet"):
        yield from _texts(field, getattr(config, f"{field}s"))
    yield from _number("num_threads", config.num_threads)
    yield from _number("max_queue_size", config.max_queue_size)
    if config.report_deadlock:
        yield "report_deadlock: true"
    yield from _handlers(config)
    yield from _all_options(config.options, "graph_options")


def _node(node: NodeConfig) -> _Lines:
    yield from _text("name", node.name)
    yield from _text("calculator", node.calculator)
    for field in ("input_side_packet", "input_stream"):
        yield from _texts(field, getattr(node, f"{field}s"))
    for info in node.input_stream_info:
        yield from _block("input_stream_info", _input_stream_info(info.tag_index, info.back_edge))
    for field in ("output_stream", "output_side_packet"):
        yield from _texts(field, getattr(node, f"{field}s"))
    yield from _text("executor", node.executor)
    for field in ("source_layer", "buffer_size_hint", "max_in_flight"):
        yield from _number(field, getattr(node, field))
    yield from _texts("option_value", node.option_values)
    yield from _handlers(node)
    yield from _all_options(node.options, "node_options", node.merge_fields)


def _input_stream_info(tag_index: str, back_edge: bool) -> _Lines:
    yield from _text("tag_index", tag_index)
    if back_edge:
        yield "back_edge: true"


def _executor(executor: ExecutorConfig) -> _Lines:
    yield from _text("name", executor.name)
    yield from _text("type", executor.type)
    yield from _all_options(executor.options)


def _legacy(legacy: LegacyConfig) -> _Lines:
    yield from _text(legacy.kind, legacy.name)
    yield from _texts("input_side_packet", legacy.input_side_packets)
    yield from _texts("output_side_packet", legacy.output_side_packets)
    yield from _all_options(legacy.options, merge_fields=legacy.merge_fields)


def _handlers(config: GraphConfig | NodeConfig) -> _Lines:
    for field in ("profiler_config", "runtime_info"):
        part: Message | None = getattr(config, field, None)
        if part is not None:
            yield from _block(field, _fields(part))
    if config.input_stream_handler is not None:
        name = "input_stream_handler"
        yield from _block(name, _handler(name, config.input_stream_handler))
    if config.output_stream_handler is not None:
        name = "output_stream_handler"
        yield from _block(name, _handler(name, config.output_stream_handler))


def _handler(field: str, handler: HandlerConfig) -> _Lines:
    yield from _text(field, handler.name)
    yield from _texts("input_side_packet", handler.input_side_packets)
    yield from _all_options(handler.options)


def _all_options(
    options: list[AnyOptions], any_field: str = "", merge_fields: bool | None = None
) -> _Lines:
    inner = [line for each in options if not each.is_any for line in _extension(each)]
    if merge_fields is not None:
        inner.insert(0, f"merge_fields: {str(merge_fields).lower()}")
    if inner:
        yield from _block("options", inner)
    for each in options:
        if each.is_any:
            yield from _block(any_field, _bracketed(f"type.googleapis.com/{each.type_name}", each))


def _extension(options: AnyOptions) -> _Lines:
    if isinstance(options, UnknownOptions) and options.extension:
        yield f"# {options.type_name}: {len(options.data or b'')} bytes of an unknown type left out"
    else:
        yield from _bracketed(f"{options.type_name}.ext", options)


def _bracketed(name: str, options: AnyOptions) -> _Lines:
    if isinstance(options, GivenOptions):
        yield from _block(f"[{name}]", _fields(options.message))
    elif options.data is not None:
        yield f"# {options.type_name}: {len(options.data)} bytes of an unknown type left out"
    else:
        # As written, the author's layout and comments included: nothing is known about it.
        yield f"[{name}] {{{options.text}}}"


def _fields(message: Message) -> _Lines:
    yield from filter(None, text_format.MessageToString(message).split("\n"))


def _block(name: str, lines: Iterable[str]) -> _Lines:
    inner = [f"{_INDENT}{line}" for line in lines]
    if inner:
        yield f"{name} {{"
        yield from inner
        yield "}"
    else:
        yield f"{name} {{}}"


def _texts(field: str, texts: Iterable[str]) -> _Lines:
    for text in texts:
        yield f"{field}: {_quoted(text)}"


def _text(field: str, text: str) -> _Lines:
    if text:
        yield f"{field}: {_quoted(text)}"


def _number(field: str, number: int) -> _Lines:
    if number:
        yield f"{field}: {number}"


def _quoted(text: str) -> str:
    return f'"{text_encoding.CEscape(str(text).encode(), as_utf8=True)}"'
