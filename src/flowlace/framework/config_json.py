"""Reads and writes a graph as JSON, protobuf's own mapping of it."""

import json
import re

from google.protobuf import json_format

from flowlace.framework.config import GraphConfig
from flowlace.framework.config_message import graph_from_message, graph_to_message
from flowlace.framework.config_text import ParsedText
from flowlace.framework.errors import GraphConfigError, Location, Problem
from flowlace.framework.places import Places
from flowlace.framework.schema import current_schema
from flowlace.framework.text_scan import SourceText


def parse_json(text: str, file: str = "<json>") -> ParsedText:
    """Reads a graph from JSON; field names in either of protobuf's two spellings.

    Raises:
        GraphConfigError: the text is no JSON, or says something no graph has. Positions inside a
            well-formed JSON text are those of the name at fault.
    """
    schema = current_schema()
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        raise GraphConfigError([Problem(f"this is no JSON: {error.msg}", place)]) from error
    except RecursionError as error:
        place = Location(file, 1, 1)
        raise GraphConfigError([Problem("JSON is nested too deep", place)]) from error
    message = schema.graph()
    try:
        json_format.ParseDict(values, message, descriptor_pool=schema.pool)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        # json_format lets Python's own errors through where a value has an odd shape.
        problem = Problem(_reworded(str(error)), _place(str(error), text, file))
        raise GraphConfigError([problem]) from error
    return ParsedText(graph_from_message(message, Places(Location(file, 1, 1))), [], False)


def to_json(config: GraphConfig) -> str:
    """Returns the graph as JSON, with field names as in graph text."""
    text: str = json_format.MessageToJson(
        graph_to_message(config),
        preserving_proto_field_name=True,
        descriptor_pool=current_schema().pool,
    )
    return text + "\n"


def _place(message: str, text: str, file: str) -> Location:
    """Returns where the last name stands that an error names, else the start."""
    source = SourceText(text, file)
    names: list[str] = re.findall(r"\w+", message)
    offsets = (text.find(f'"{name}"') for name in reversed(names))
    return source.location(next((offset for offset in offsets if offset >= 0), 0))


def _reworded(message: str) -> str:
    innermost = re.sub(r"^(Failed to parse \S+ field: )+", "", message).rstrip(".")
    return innermost[:1].lower() + innermost[1:]
