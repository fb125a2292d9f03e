"""Loads a graph from whatever it is in: a file, text, JSON, bytes; and saves it."""

from pathlib import Path
from typing import Any, Final, TypeAlias

from google.protobuf.message import DecodeError, Message

from flowlace.framework.config import GraphConfig
from flowlace.framework.config_json import parse_json, to_json
from flowlace.framework.config_message import graph_from_message, graph_to_message
from flowlace.framework.config_text import ParsedText, parse_text
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import GraphConfigError, Location, Problem
from flowlace.framework.places import Places
from flowlace.framework.schema import current_schema

BINARY_SUFFIXES: Final = (".binarypb", ".pb", ".binarypbtxt")
GRAPH_SUFFIXES: Final = (".pbtxt", ".json", *BINARY_SUFFIXES)

GraphSource: TypeAlias = str | bytes | Path | GraphConfig | Message
"""What a graph can be loaded from; a `str` is a path if it ends like one, else the text itself."""


def load_graph_config(source: GraphSource, *, file: str = "") -> GraphConfig:
    """Returns the graph `source` holds.

    Args:
        source: a path (`.pbtxt`, `.json`, `.binarypb`), graph text, JSON text, the bytes of a
            binary graph, a protobuf message, or a `GraphConfig`, which is returned as it is.
        file: the name problems call a graph by that came as text or bytes.

    Raises:
        GraphConfigError: with every problem found, each with file, line and column.
    """
    parsed = parse_graph(source, file=file)
    if parsed.problems:
        raise GraphConfigError(parsed.problems)
    return parsed.config


def parse_graph(source: GraphSource, *, file: str = "") -> ParsedText:
    """Returns what can be read of a graph together with its problems.

    Raises:
        GraphConfigError: nothing can be read at all.
    """
    if isinstance(source, GraphConfig):
        return ParsedText(source, [], False)
    if isinstance(source, Message):
        return _parse_binary(source.SerializeToString(), file or "<message>")
    if isinstance(source, bytes):
        return _parse_binary(source, file or "<bytes>")
    if isinstance(source, Path) or _is_path(source):
        return _parse_file(Path(source))
    if source.lstrip()[:1] == "{":
        return parse_json(source, file or "<json>")
    return parse_text(source, file or "<text>")


def save_graph_config(config: GraphConfig, path: str | Path) -> None:
    """Writes a graph in the form the file's suffix says."""
    path = Path(path)
    if path.suffix == ".json":
        path.write_text(to_json(config), encoding="utf-8")
    elif path.suffix in BINARY_SUFFIXES:
        path.write_bytes(to_binary(config))
    else:
        path.write_text(to_text(config), encoding="utf-8")


def to_binary(config: GraphConfig) -> bytes:
    """Returns the graph as the bytes of a `.binarypb` file."""
    message: Any = graph_to_message(config)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def _is_path(text: str) -> bool:
    return "\n" not in text and "{" not in text and text.endswith(GRAPH_SUFFIXES)


def _parse_file(path: Path) -> ParsedText:
    name = str(path)
    start = Location(name, 1, 1)
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem(f"can't read the graph: {error.strerror or error}", start)
        raise GraphConfigError([problem]) from error
    if path.suffix in BINARY_SUFFIXES:
        return _parse_binary(data, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        problem = Problem("the graph is not UTF-8 text", Location(name, line, column))
        raise GraphConfigError([problem]) from error
    return parse_json(text, name) if path.suffix == ".json" else parse_text(text, name)


def _parse_binary(data: bytes, file: str) -> ParsedText:
    place = Location(file, 1, 1)
    message: Any = current_schema().graph()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        problem = Problem(f"these bytes are no binary graph: {error}", place)
        raise GraphConfigError([problem]) from error
    return ParsedText(graph_from_message(message, Places(place)), [], False)
