"""Copies options of a subgraph into its nodes: `option_value: "node_field:options/graph_field"`.

The graph declares its options with defaults (`options` or `graph_options`), the node that uses the
subgraph overrides some, and each inner node says which of its own fields take which of them.
"""

from typing import Any

from google.protobuf.message import Message

from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig, UnknownOptions
from flowlace.framework.errors import Problem
from flowlace.framework.options import options_message
from flowlace.framework.registry import find_calculator, nearest_name
from flowlace.framework.schema import current_schema
from flowlace.framework.stream_names import location_of

_PREFIXES = ("OPTIONS", "options")


class _PathError(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def apply_graph_options(parent: NodeConfig, config: GraphConfig) -> list[Problem]:
    """Carries out every `option_value` of a graph's nodes in place, and clears them.

    Args:
        parent: the node that uses the graph as a subgraph; its options override the graph's.
        config: the graph.
    """
    problems = []
    for node in config.nodes:
        for text in node.option_values:
            place = location_of(text) or node.location
            try:
                _copy_value(text, parent, config, node)
            except _PathError as error:
                message = f"node {node.name or node.calculator!r}: option_value {text!r}: {error}"
                problems.append(Problem(message, place, error.hint))
        node.option_values = []
    return problems


def _copy_value(text: str, parent: NodeConfig, config: GraphConfig, node: NodeConfig) -> None:
    target_path, colon, source_path = text.partition(":")
    if not colon:
        raise _PathError("there is no ':'", "write node_field:options/graph_field")
    source = _graph_options(parent, config)
    target = _node_options(node)
    names, wanted = _split_path(source_path), _split_path(target_path)
    value = _get(source, names)
    if value is not None:
        _set(target.message, wanted, value)


def _split_path(path: str) -> list[str]:
    parts = [part for part in path.strip().split("/") if part]
    while parts and parts[0] in _PREFIXES:
        parts = parts[1:]
    return parts


def _graph_options(parent: NodeConfig, config: GraphConfig) -> Message:
    declared = next((each for each in config.options if isinstance(each, GivenOptions)), None)
    if declared is None:
        unknown = next((each for each in config.options if isinstance(each, UnknownOptions)), None)
        if unknown is not None:
            raise _PathError(f"the graph's options {unknown.type_name} are of no known type")
        raise _PathError("the graph declares no options", "add graph_options { [type…] {} }")
    message: Any = current_schema().message_class(declared.type_name)()
    message.MergeFromString(declared.message.SerializeToString())
    given = parent.given_options(declared.type_name)
    if given is not None:
        message.MergeFromString(given.message.SerializeToString())
    found: Message = message
    return found


def _node_options(node: NodeConfig) -> GivenOptions:
    """Returns the node's options message, an empty one of its calculator's type if it has none."""
    for is_any in (False, True):
        for each in node.options:
            if isinstance(each, GivenOptions) and each.is_any == is_any:
                return each
    calculator = find_calculator(node.calculator)
    if calculator is None or calculator.options_class is None:
        raise _PathError("the node has no options", "add options { [type.ext] {} }")
    name = options_message(calculator.options_class).full_name
    given = GivenOptions(name, current_schema().message_class(name)(), is_any=True)
    node.options.append(given)
    return given


def _get(message: Any, path: list[str]) -> Any:
    """Returns the value at a path, None where nothing was set there."""
    value = message
    for position, part in enumerate(path):
        if part.isdigit():
            if int(part) >= len(value):
                return None
            value = value[int(part)]
            continue
        field = _field(value, part)
        if field.is_repeated:
            value = getattr(value, part)
            is_last = position == len(path) - 1
            if not is_last and not path[position + 1].isdigit():
                if not value:
                    return None
                value = value[0]
        elif value.HasField(part):
            value = getattr(value, part)
        else:
            return None
    return value


def _set(message: Any, path: list[str], value: Any) -> None:
    if not path:
        _merge(message, value)
        return
    *outer, last = path
    index = None
    if last.isdigit() and outer:
        index, last = int(last), outer.pop()
    for part in outer:
        message = _step(message, part)
    field = _field(message, last)
    try:
        if field.is_repeated:
            _set_repeated(getattr(message, last), value, index)
        elif field.message_type is not None:
            _merge(getattr(message, last), value)
        else:
            setattr(message, last, value)
    except (TypeError, ValueError, AttributeError) as error:
        raise _PathError(f"{last} can't hold {value!r}: {error}") from error


def _step(message: Any, part: str) -> Any:
    if part.isdigit():
        while len(message) <= int(part):
            message.add()
        return message[int(part)]
    field = _field(message, part)
    return getattr(message, part) if field.message_type is not None else message


def _set_repeated(target: Any, value: Any, index: int | None) -> None:
    values = list(value) if hasattr(value, "append") or hasattr(value, "add") else [value]
    if index is not None:
        while len(target) < index + len(values):
            target.add() if hasattr(target, "add") else target.append(values[0])
        for offset, each in enumerate(values):
            if isinstance(each, Message):
                _merge(target[index + offset], each)
            else:
                target[index + offset] = each
        return
    del target[:]
    for each in values:
        if isinstance(each, Message):
            _merge(target.add(), each)
        else:
            target.append(each)


def _merge(target: Any, value: Any) -> None:
    if not isinstance(value, Message) or value.DESCRIPTOR.full_name != target.DESCRIPTOR.full_name:
        raise _PathError(f"a {target.DESCRIPTOR.name} is wanted, but got {value!r}")
    target.SetInParent()
    target.MergeFromString(value.SerializeToString())


def _field(message: Any, name: str) -> Any:
    descriptor = getattr(message, "DESCRIPTOR", None)
    if descriptor is None:
        raise _PathError(f"{name!r} is asked of a value that is no message")
    field = descriptor.fields_by_name.get(name)
    if field is None:
        known = [each.name for each in descriptor.fields]
        raise _PathError(f"{descriptor.name} has no field {name!r}", nearest_name(name, known))
    return field
