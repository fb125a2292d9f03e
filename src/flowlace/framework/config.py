"""A graph as written: plain, changeable dataclasses, the same from text, JSON, binary and Python.

`config_text.py`, `config_json.py` and `config_message.py` read and write it, `subgraph.py` expands
it, `validation.py` turns it into a plan.
"""

import copy
import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from google.protobuf.message import Message

from flowlace.framework.errors import Location
from flowlace.framework.options import options_message
from flowlace.framework.options_message import options_from_message, options_to_message


@dataclass(slots=True)
class GivenOptions:
    """One options message of a node, handler, executor or graph."""

    type_name: str
    """Full message name, e.g. `mediapipe.FlowLimiterCalculatorOptions`."""
    message: Message
    is_any: bool = False
    """Whether it stands in `node_options` or `graph_options` rather than in `options`."""
    location: Location | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, instance: Any, *, is_any: bool = False) -> "GivenOptions":
        """Returns an options dataclass as a graph holds it."""
        name = options_message(type(instance)).full_name
        return cls(name, options_to_message(instance), is_any)

    def read_as(self, options_class: Any) -> Any:
        """Returns the message as an instance of `options_class`."""
        return options_from_message(options_class, self.message)

    def __deepcopy__(self, memo: dict[int, Any]) -> "GivenOptions":
        message = type(self.message)()
        message.CopyFrom(self.message)
        return GivenOptions(self.type_name, message, self.is_any, self.location)


@dataclass(slots=True)
class UnknownOptions:
    """Options of a type nobody registered, kept as they were written."""

    type_name: str
    text: str = ""
    """What stood between the braces, where the graph came from text."""
    is_any: bool = False
    data: bytes | None = None
    """The message on the wire, where the graph came from a binary file."""
    extension: int = 0
    """Field number, where that is all a binary file says of the type."""
    missing: str = ""
    """The type nobody registered; it may stand inside a message whose type is known."""
    location: Location | None = field(default=None, compare=False, repr=False)


AnyOptions = GivenOptions | UnknownOptions


@dataclass(slots=True)
class InputStreamInfo:
    """More about one input of a node."""

    tag_index: str = ""
    back_edge: bool = False
    location: Location | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class HandlerConfig:
    """An input or output stream handler by name; `flowlace` calls the former input policies."""

    name: str = ""
    options: list[AnyOptions] = field(default_factory=list)
    input_side_packets: list[str] = field(default_factory=list)
    location: Location | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class ExecutorConfig:
    """An executor: name `""` is the default one."""

    name: str = ""
    type: str = ""
    options: list[AnyOptions] = field(default_factory=list)
    location: Location | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class LegacyConfig:
    """A packet generator, packet factory or status handler: read and written, never run."""

    kind: str
    """`packet_generator`, `packet_factory` or `status_handler`."""
    name: str = ""
    input_side_packets: list[str] = field(default_factory=list)
    output_side_packets: list[str] = field(default_factory=list)
    options: list[AnyOptions] = field(default_factory=list)
    merge_fields: bool | None = None
    location: Location | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class NodeConfig:
    """One node as written."""

    __proto_message__: ClassVar[str] = "mediapipe.CalculatorGraphConfig.Node"

    calculator: str = ""
    name: str = ""
    input_streams: list[str] = field(default_factory=list)
    output_streams: list[str] = field(default_factory=list)
    input_side_packets: list[str] = field(default_factory=list)
    output_side_packets: list[str] = field(default_factory=list)
    options: list[AnyOptions] = field(default_factory=list)
    source_layer: int = 0
    buffer_size_hint: int = 0
    input_stream_handler: HandlerConfig | None = None
    output_stream_handler: HandlerConfig | None = None
    input_stream_info: list[InputStreamInfo] = field(default_factory=list)
    executor: str = ""
    profiler_config: Message | None = None
    max_in_flight: int = 0
    option_values: list[str] = field(default_factory=list)
    merge_fields: bool | None = None
    location: Location | None = field(default=None, compare=False, repr=False)

    @property
    def unknown_options(self) -> list[UnknownOptions]:
        """The options whose type nobody registered."""
        return [each for each in self.options if isinstance(each, UnknownOptions)]

    def given_options(self, type_name: str) -> GivenOptions | None:
        """Returns the options of one type; `options` beats `node_options` as a whole."""
        found = [
            each
            for each in self.options
            if isinstance(each, GivenOptions) and each.type_name == type_name
        ]
        return min(found, key=lambda each: each.is_any, default=None)

    def set_options(self, instance: Any) -> None:
        """Replaces the options of the instance's type."""
        given = GivenOptions.of(instance)
        self.options = [each for each in self.options if each.type_name != given.type_name]
        self.options.append(given)

    def __deepcopy__(self, memo: dict[int, Any]) -> "NodeConfig":
        copied: NodeConfig = _copy_fields(self, memo)
        return copied


@dataclass(slots=True)
class GraphConfig:
    """A whole graph as written."""

    nodes: list[NodeConfig] = field(default_factory=list)
    input_streams: list[str] = field(default_factory=list)
    output_streams: list[str] = field(default_factory=list)
    input_side_packets: list[str] = field(default_factory=list)
    output_side_packets: list[str] = field(default_factory=list)
    executors: list[ExecutorConfig] = field(default_factory=list)
    num_threads: int = 0
    max_queue_size: int = 0
    """0 stands for the default of 100; -1 switches throttling off."""
    report_deadlock: bool = False
    input_stream_handler: HandlerConfig | None = None
    output_stream_handler: HandlerConfig | None = None
    package: str = ""
    type: str = ""
    options: list[AnyOptions] = field(default_factory=list)
    """`options` and `graph_options`: types and defaults of a subgraph's own options."""
    profiler_config: Message | None = None
    runtime_info: Message | None = None
    """`GraphRuntimeInfoConfig`: how often queue sizes and bounds are logged."""
    legacy: list[LegacyConfig] = field(default_factory=list)
    stream_types: dict[str, Any] = field(default_factory=dict, compare=False)
    """Types that code promises for inputs of the graph; text has no place for them."""
    location: Location | None = field(default=None, compare=False, repr=False)

    @property
    def folder(self) -> str:
        """The folder the graph was read from; empty where it came from code."""
        file = self.location.file if self.location else ""
        return "" if file.startswith("<") else file.rpartition("/")[0] or ("." if file else "")

    def __deepcopy__(self, memo: dict[int, Any]) -> "GraphConfig":
        copied: GraphConfig = _copy_fields(self, memo)
        return copied


def _copy_fields(config: Any, memo: dict[int, Any]) -> Any:
    # Messages of a private pool copy by `CopyFrom`; `copy.deepcopy` would look for their module.
    values = {
        each.name: _copy_value(getattr(config, each.name), memo)
        for each in dataclasses.fields(config)
    }
    return type(config)(**values)


def _copy_value(value: Any, memo: dict[int, Any]) -> Any:
    if not isinstance(value, Message):
        return copy.deepcopy(value, memo)
    message = type(value)()
    message.CopyFrom(value)
    return message


def canonical_names(nodes: list[NodeConfig]) -> list[str]:
    """Returns a unique name for every node, MediaPipe's: numbered from 1 where a name repeats."""
    names = [str(node.name or node.calculator) for node in nodes]
    counts = Counter(names)
    taken = {name for name, times in counts.items() if times == 1}
    numbers: dict[str, Iterator[int]] = {name: count(1) for name in counts}
    result = []
    for name in names:
        unique = name
        while counts[name] > 1 and (unique == name or unique in taken):
            unique = f"{name}_{next(numbers[name])}"
        taken.add(unique)
        result.append(unique)
    return result


def all_option_lists(config: GraphConfig) -> Iterator[list[AnyOptions]]:
    """Yields the options of the graph and of everything in it."""
    yield config.options
    for executor in config.executors:
        yield executor.options
    for legacy in config.legacy:
        yield legacy.options
    handlers = [config.input_stream_handler, config.output_stream_handler]
    for node in config.nodes:
        yield node.options
        handlers += [node.input_stream_handler, node.output_stream_handler]
    yield from (handler.options for handler in handlers if handler is not None)
