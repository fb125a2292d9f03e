"""Builds a graph in Python: the same thing as one read from text, with types and without strings.

Example:
    ```python
    builder = GraphBuilder()
    camera_frames = builder.input("camera_frames", type=Image)
    tracked_boxes = builder.back_edge()
    limiter = builder.node(
        FlowLimiterCalculator,
        FlowLimiterOptions(max_in_flight=1),
        frames=camera_frames,
        FINISHED=tracked_boxes,
    )
    tracker = builder.node("BoxTrackingSubgraph", VIDEO=limiter["frames"])
    tracked_boxes.connect(tracker["BOXES"])
    builder.output("boxes", tracker["BOXES"])
    graph = CalculatorGraph(builder.config())
    ```
"""

import copy
from collections.abc import Sequence
from typing import Any, NoReturn

from flowlace.framework.builtin_options import INPUT_POLICIES, ThreadPoolExecutorOptions
from flowlace.framework.calculator import Calculator
from flowlace.framework.config import (
    ExecutorConfig,
    GivenOptions,
    GraphConfig,
    HandlerConfig,
    InputStreamInfo,
    NodeConfig,
)
from flowlace.framework.config_write import to_text
from flowlace.framework.contract import Port
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.options import options_message
from flowlace.framework.registry import find_calculator, nearest_name
from flowlace.framework.stream_names import join_stream_name


class Stream:
    """A stream of the graph being built: an input of the graph or an output of a node."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The name in the graph."""
        return self._name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"


class SidePacket(Stream):
    """A side packet of the graph being built."""

    __slots__ = ()


class BackEdge(Stream):
    """An input that is connected after its node was made, to close a loop."""

    __slots__ = ("_users",)

    def __init__(self) -> None:
        super().__init__("")
        self._users: list[tuple[list[str], int, str, int]] = []

    def connect(self, stream: Stream) -> None:
        """Says where the packets come from.

        Raises:
            GraphConfigError: the back edge is connected already.
        """
        if self._name:
            raise GraphConfigError(f"the back edge is already connected to {self._name!r}")
        self._name = stream.name
        for texts, position, tag, index in self._users:
            texts[position] = join_stream_name(tag, index, self._name)

    @property
    def is_connected(self) -> bool:
        """Whether `connect` was called."""
        return bool(self._name)


Streams = Stream | Sequence[Stream]


class Node:
    """A node of the graph being built; `node["BOXES"]` is its output stream."""

    def __init__(
        self,
        builder: "GraphBuilder",
        config: NodeConfig,
        calculator: type[Calculator[Any]] | None,
        input_names: Sequence[str],
    ) -> None:
        self._builder = builder
        self._config = config
        self._calculator = calculator
        self._input_names = input_names
        self._outputs: dict[tuple[str, int], Stream] = {}
        self._side_outputs: dict[tuple[str, int], SidePacket] = {}

    def __getitem__(self, port: str | tuple[str, int] | int) -> Stream:
        return self.output(port)

    def output(self, port: str | tuple[str, int] | int, *, name: str = "") -> Stream:
        """Returns an output stream by its tag, its declared name or its position.

        Args:
            port: `"BOXES"`, `("BOXES", 1)` or `"BOXES:1"`, the name of an untagged port, or its
                position.
            name: what to call the stream; the port's own name if left out.
        """
        tag, index, suggestion = self._resolve(port, "output_ports")
        key = (tag, index)
        if key not in self._outputs:
            stream = Stream(self._builder._unused_name(name or suggestion))
            self._connect_output(self._outputs, self._config.output_streams, key, stream)
        return self._outputs[key]

    def side_output(self, port: str | tuple[str, int] | int, *, name: str = "") -> SidePacket:
        """Returns an output side packet, addressed like an output stream."""
        tag, index, suggestion = self._resolve(port, "side_output_ports")
        key = (tag, index)
        if key not in self._side_outputs:
            packet = SidePacket(self._builder._unused_name(name or suggestion))
            self._connect_output(self._side_outputs, self._config.output_side_packets, key, packet)
        return self._side_outputs[key]

    @property
    def only_output(self) -> Stream:
        """The output stream of a node whose calculator has just one.

        Raises:
            GraphConfigError: the calculator has none or several.
        """
        ports = self._calculator.output_ports if self._calculator else ()
        if len(ports) != 1 or ports[0].name == "*":
            names = ", ".join(port.name for port in ports) or "unknown"
            raise GraphConfigError(f"{self._config.calculator} has no one output: {names}")
        return self[ports[0].name]

    @property
    def name(self) -> str:
        """The name given to the node, or its calculator's."""
        return self._config.name or self._config.calculator

    def _connect_output(
        self, known: dict[tuple[str, int], Any], texts: list[str], key: tuple[str, int], new: Stream
    ) -> None:
        tag, index = key
        if not tag and index != sum(1 for known_tag, _ in known if not known_tag):
            # Untagged streams are told apart by their order alone: name those before it too.
            earlier = self.output if texts is self._config.output_streams else self.side_output
            for before in range(index):
                earlier(before)
        known[key] = new
        texts.append(join_stream_name(tag, index, new.name))

    def _resolve(self, port: str | tuple[str, int] | int, which: str) -> tuple[str, int, str]:
        ports: tuple[Port, ...] = getattr(self._calculator, which, ())
        untagged = [each.name for each in ports if not each.tag and each.name != "*"]
        if isinstance(port, int):
            name = untagged[port] if port < len(untagged) else f"{self._stem()}_{port}"
            return "", port, name
        tag, index = _split(port)
        if tag in untagged:
            return "", untagged.index(tag), tag
        if tag in self._input_names:  # a wildcard output goes with the input of that name
            return "", self._input_names.index(tag), tag
        if tag.upper() != tag:
            self._refuse(port, ports)
        if self._calculator is not None and not _is_port(tag, ports):
            self._refuse(port, ports)
        return tag, index, tag.lower() if index == 0 else f"{tag.lower()}_{index}"

    def _refuse(self, port: Any, ports: Sequence[Port]) -> NoReturn:
        known = [*(each.name for each in ports), *self._input_names]
        hint = nearest_name(str(port), known) or f"known: {', '.join(known) or 'none'}"
        raise GraphConfigError(f"{self._config.calculator} has no output {port!r} ({hint})")

    def _name_required(self) -> None:
        """Names the outputs nobody asked for but the calculator has to have."""
        for port in getattr(self._calculator, "output_ports", ()):
            if not port.optional and port.name != "*":
                self.output(port.name)
        for port in getattr(self._calculator, "side_output_ports", ()):
            if not port.optional and port.name != "*":
                self.side_output(port.name)

    def _stem(self) -> str:
        letters = self.name.removesuffix("Calculator").removesuffix("Subgraph")
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in letters).lstrip("_")


class GraphBuilder:
    """Collects inputs, nodes and outputs; `config()` is the graph."""

    def __init__(self, type: str = "") -> None:  # noqa: A002 - the field's name in a graph file
        self._config = GraphConfig(type=type)
        self._names: set[str] = set()
        self._nodes: list[Node] = []
        self._back_edges: list[tuple[BackEdge, str]] = []

    def input(self, name: str, *, type: Any = object, tag: str = "") -> Stream:  # noqa: A002
        """Adds an input stream of the graph.

        Args:
            name: the stream's name.
            type: what its packets will hold; checked against the nodes that take it.
            tag: the tag by which a graph that uses this one as a subgraph connects it.
        """
        stream = Stream(self._claim(name))
        self._config.input_streams.append(_tagged(tag, name, self._config.input_streams))
        if type is not object:
            self._config.stream_types[name] = type
        return stream

    def side_input(self, name: str, *, tag: str = "") -> SidePacket:
        """Adds an input side packet of the graph."""
        texts = self._config.input_side_packets
        texts.append(_tagged(tag, name, texts))
        return SidePacket(self._claim(name))

    def back_edge(self) -> BackEdge:
        """Returns an input to give to a node now and to connect later, when its source exists."""
        return BackEdge()

    def node(
        self,
        calculator: type[Calculator[Any]] | str,
        options: Any = None,
        /,
        *inputs: Stream,
        name: str = "",
        side_packets: dict[str, SidePacket] | None = None,
        executor: str = "",
        max_in_flight: int = 0,
        buffer_size_hint: int = 0,
        source_layer: int = 0,
        input_policy: str | Any = "",
        **ports: Streams,
    ) -> Node:
        """Adds a node.

        Args:
            calculator: a calculator class, or the name of a calculator or subgraph.
            options: an instance of the calculator's options; may be left out before inputs.
            inputs: untagged inputs by position.
            name: the node's name; its calculator's if left out.
            side_packets: input side packets by tag, or by declared name.
            executor: name of an executor added by `executor`.
            max_in_flight: parallel `process` calls.
            buffer_size_hint: packets the node holds back before it sends any.
            source_layer: for sources: lower layers are exhausted first.
            input_policy: name of an input policy, or an instance of a policy's options.
            ports: inputs by tag or by declared name; a sequence connects `TAG:0`, `TAG:1`, …

        Raises:
            GraphConfigError: the calculator has no such input.
        """
        if isinstance(options, Stream):
            inputs, options = (options, *inputs), None
        cls = find_calculator(calculator) if isinstance(calculator, str) else calculator
        config = NodeConfig(
            calculator=calculator if isinstance(calculator, str) else calculator.__name__,
            name=name,
            executor=executor,
            max_in_flight=max_in_flight,
            buffer_size_hint=buffer_size_hint,
            source_layer=source_layer,
            input_stream_handler=_policy(input_policy),
        )
        if options is not None:
            config.options.append(GivenOptions.of(options))
        declared = cls.input_ports if cls is not None else None
        for tag, index, stream in _in_order(config.calculator, declared, inputs, ports):
            self._connect_input(config, tag, index, stream)
        sides = cls.side_input_ports if cls is not None else None
        for tag, index, packet in _in_order(config.calculator, sides, (), side_packets or {}):
            config.input_side_packets.append(join_stream_name(tag, index, packet.name))
        self._config.nodes.append(config)
        self._nodes.append(Node(self, config, cls, _untagged_names(declared, inputs, ports)))
        return self._nodes[-1]

    def output(self, name: str, stream: Stream, *, tag: str = "") -> None:
        """Makes a stream an output of the graph, under `name`.

        Raises:
            GraphConfigError: the name is taken, or the stream is an input of the graph.
        """
        self._rename(stream, name, "output_streams")
        texts = self._config.output_streams
        texts.append(_tagged(tag, name, texts))

    def side_output(self, name: str, packet: SidePacket, *, tag: str = "") -> None:
        """Makes a side packet an output of the graph, under `name`."""
        self._rename(packet, name, "output_side_packets")
        texts = self._config.output_side_packets
        texts.append(_tagged(tag, name, texts))

    def executor(self, name: str = "", *, num_threads: int | None = None) -> str:
        """Adds a thread pool and returns its name; `""` sets up the default executor."""
        options = ThreadPoolExecutorOptions(num_threads=num_threads)
        given: list[Any] = [] if num_threads is None else [GivenOptions.of(options)]
        self._config.executors.append(ExecutorConfig(name, "ThreadPoolExecutor", given))
        return name

    def config(self) -> GraphConfig:
        """Returns the graph; the builder can go on and give more.

        Raises:
            GraphConfigError: a back edge was never connected.
        """
        for edge, user in self._back_edges:
            if not edge.is_connected:
                raise GraphConfigError(f"a back edge into {user} is open; call its connect()")
        for node in self._nodes:
            node._name_required()
        return copy.deepcopy(self._config)

    def text(self) -> str:
        """Returns the graph as the text of a `.pbtxt` file."""
        return to_text(self.config())

    @property
    def graph(self) -> GraphConfig:
        """The graph so far, to set what has no method here: `max_queue_size`, `num_threads`, …"""
        return self._config

    def _connect_input(self, config: NodeConfig, tag: str, index: int, stream: Stream) -> None:
        if isinstance(stream, BackEdge):
            label = (tag if index == 0 else f"{tag}:{index}") if tag else f":{index}"
            config.input_stream_info.append(InputStreamInfo(label, back_edge=True))
            self._back_edges.append((stream, f"node {config.calculator!r}"))
            stream._users.append((config.input_streams, len(config.input_streams), tag, index))
        config.input_streams.append(join_stream_name(tag, index, stream.name))

    def _claim(self, name: str) -> str:
        if name in self._names:
            raise GraphConfigError(f"the name {name!r} is taken in this graph; choose another")
        self._names.add(name)
        return name

    def _unused_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._names:
            name, number = f"{wanted}_{number}", number + 1
        return self._claim(name)

    def _rename(self, stream: Stream, name: str, field: str) -> None:
        if stream.name == name:
            return
        self._claim(name)
        old, stream._name = stream.name, name
        graph_inputs = (self._config.input_streams, self._config.input_side_packets)
        if any(_names(text) == old for texts in graph_inputs for text in texts):
            stream._name = old
            raise GraphConfigError(
                f"{old!r} is an input of the graph; put a PassThroughCalculator between to give "
                f"it out as {name!r}"
            )
        _replace(getattr(self._config, field), old, name)
        inputs = field.replace("output", "input")
        for node in self._config.nodes:
            _replace(getattr(node, field), old, name)
            _replace(getattr(node, inputs), old, name)
        for edge, _ in self._back_edges:
            if edge.name == old:
                edge._name = name


def _split(port: str | tuple[str, int]) -> tuple[str, int]:
    if isinstance(port, tuple):
        return port
    tag, _, index = port.partition(":")
    return tag, int(index) if index.isdigit() else 0


def _is_port(name: str, ports: Sequence[Port]) -> bool:
    return any(each.name in (name, "*") for each in ports)


def _tagged(tag: str, name: str, others: Sequence[str]) -> str:
    index = sum(1 for text in others if tag and text.startswith(f"{tag}:"))
    return join_stream_name(tag, index, name)


def _in_order(
    calculator: str,
    declared: Sequence[Port] | None,
    positional: Sequence[Stream],
    named: dict[str, Any],
) -> list[tuple[str, int, Stream]]:
    """Returns tag, index and stream of every connection; untagged ones in declared order."""
    untagged = _untagged_names(declared, positional, named)
    found = [("", index, stream) for index, stream in enumerate(positional)]
    for name, streams in named.items():
        several = [streams] if isinstance(streams, Stream) else list(streams)
        if declared is not None and not _is_port(name, declared):
            known = [each.name for each in declared]
            hint = nearest_name(name, known) or f"known: {', '.join(known) or 'none'}"
            raise GraphConfigError(f"{calculator} has no input {name!r} ({hint})")
        first = untagged.index(name) if name in untagged else 0
        tag = name if name.upper() == name else ""
        found += [(tag, first + index, stream) for index, stream in enumerate(several)]
    return sorted(found, key=lambda each: (each[0] != "", each[1] if not each[0] else 0))


def _untagged_names(
    declared: Sequence[Port] | None, positional: Sequence[Stream], named: dict[str, Any]
) -> list[str]:
    """Returns the names of untagged inputs by position: declared ones, then as they were given."""
    names = [each.name for each in declared or () if not each.tag and each.name != "*"]
    names += [""] * (len(positional) - len(names))
    return names + [name for name in named if name.upper() != name and name not in names]


def _policy(policy: Any) -> HandlerConfig | None:
    if not policy:
        return None
    if isinstance(policy, str):
        return HandlerConfig(policy)
    wanted = options_message(type(policy)).full_name
    for name, options_class in INPUT_POLICIES.items():
        if options_class is not None and options_message(options_class).full_name == wanted:
            return HandlerConfig(name, [GivenOptions.of(policy)])
    raise GraphConfigError(f"{type(policy).__name__} is no options class of an input policy")


def _names(text: str) -> str:
    return text.rpartition(":")[2]


def _replace(texts: list[str], old: str, new: str) -> None:
    for position, text in enumerate(texts):
        prefix, colon, name = text.rpartition(":")
        if name == old:
            texts[position] = f"{prefix}{colon}{new}"
