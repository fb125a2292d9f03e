"""What a calculator asks for and gives: its ports, their types, its timing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

from flowlace.framework.errors import FlowlaceError

PortKey = str | int
"""How a port is addressed: its tag ("VIDEO", "VIDEO:1"), its declared name, or its position."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SameAs:
    """The type of another port of the same node; `SameAs("*")` pairs wildcards by tag and index."""

    port: str


@dataclass(frozen=True, slots=True)
class Port:
    """One stream or side packet a calculator can be connected to.

    The name says which: upper case is a tag, lower case names the untagged port at that place in
    the listing, `"*"` stands for any further tag and index.
    """

    name: str

    type: Any = object
    """A class, a union of classes (one of), a generic alias (`list[Detection]`), `SameAs`,
    `object` (any, resolved from the neighbour) or `NoneType` (no packets allowed)."""

    optional: bool = False
    """Whether a node may leave it unconnected."""

    repeated: bool = False
    """Whether it may be connected more than once (`TAG:0:…`, `TAG:1:…`)."""

    doc: str = ""

    @property
    def tag(self) -> str:
        """The tag in a graph file; empty for an untagged port."""
        return self.name if self.name.isupper() or self.name.startswith("_") else ""


@dataclass(slots=True)
class ConnectedPort:
    """A port of one node of one graph, after the graph's names were matched to the calculator."""

    tag: str
    index: int
    name: str
    """Name of the stream or side packet in the graph."""
    key: PortKey
    """How `process` addresses it."""
    type: Any
    port: Port
    back_edge: bool = False

    @property
    def label(self) -> str:
        """How messages name it: `TAG:index` or the position."""
        return f"{self.tag}:{self.index}" if self.tag else f"[{self.index}]"


class PortMap(dict[PortKey, V], Generic[V]):
    """A dictionary by port that also understands the other spellings of a key.

    Canonical keys are the tag (`"VIDEO"`), tag and index above zero (`"VIDEO:1"`), the declared
    name of an untagged port, or its position. `"VIDEO:0"`, `("VIDEO", 1)` and the position of a
    named port reach the same entries.
    """

    __slots__ = ("untagged",)

    def __init__(
        self, items: Iterable[tuple[PortKey, V]] = (), *, untagged: tuple[PortKey, ...] = ()
    ):
        super().__init__(items)
        self.untagged = untagged
        """The keys of the untagged ports, by position."""

    def __missing__(self, key: object) -> V:
        other = canonical_key(key, self.untagged)
        if other == key or other not in self:
            known = ", ".join(map(str, self)) or "none"
            raise KeyError(f"no port {key!r} is connected here; connected: {known}")
        return self[other]

    def get(self, key: Any, default: Any = None) -> Any:
        """Returns the entry of any spelling of `key`, or `default`."""
        found = super().get(key, self)
        if found is not self:
            return found
        other = canonical_key(key, self.untagged)
        return super().get(other, default)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or super().__contains__(canonical_key(key, self.untagged))

    def tagged(self, tag: str) -> list[V]:
        """Returns the entries of one tag (or of the untagged ports for `""`), by index."""
        if not tag:
            return [self[key] for key in self.untagged]
        keys = (tag if i == 0 else f"{tag}:{i}" for i in range(len(self)))
        return [self[key] for key in keys if super(PortMap, self).__contains__(key)]


def canonical_key(key: object, untagged: tuple[PortKey, ...] = ()) -> PortKey:
    """Returns the spelling under which a `PortMap` stores `key`."""
    if isinstance(key, tuple) and len(key) == 2:
        tag, index = key
        key = f"{tag}:{index}" if tag else index
    if isinstance(key, str):
        tag, colon, index = key.rpartition(":")
        if colon and index.isdigit():
            if not tag:
                key = int(index)
            else:
                return tag if int(index) == 0 else f"{tag}:{int(index)}"
        else:
            return key
    if isinstance(key, int) and 0 <= key < len(untagged):
        return untagged[key]
    return key if isinstance(key, int) else str(key)


@dataclass(slots=True)
class InputPolicyRequest:
    """An input policy by its registered name, with its options message as plain values."""

    name: str
    options: Any = None


@dataclass(slots=True)
class Contract:
    """What one node of a graph agreed on; `Calculator.configure` may refine it.

    Ports are in collection order: sorted by tag, then by index, untagged ports first.
    """

    node: str
    calculator: str
    options: Any
    inputs: PortMap[ConnectedPort]
    outputs: PortMap[ConnectedPort]
    side_inputs: PortMap[ConnectedPort]
    side_outputs: PortMap[ConnectedPort]
    timestamp_offset: int | None = None
    process_timestamp_bounds: bool = False
    input_policy: InputPolicyRequest | None = None
    services: dict[str, "ServiceRequest"] = field(default_factory=dict)

    def __iter__(self) -> Iterator[PortMap[ConnectedPort]]:
        return iter((self.inputs, self.outputs, self.side_inputs, self.side_outputs))


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A graph service a calculator uses."""

    key: str
    type: type
    optional: bool = False
    default: Any = None
    """Makes the service when the application sets none: a callable without arguments."""


class ContractError(FlowlaceError):
    """A node is not connected or configured the way its calculator needs."""


def alternatives(packet_type: Any) -> tuple[Any, ...]:
    """Returns the classes of a union, or the type itself as the only one."""
    if get_origin(packet_type) in (Union, UnionType):
        return get_args(packet_type)
    return (packet_type,)


def runtime_class(packet_type: Any) -> Any:
    """Returns what `isinstance` can check: generic aliases lose their arguments."""
    classes = tuple(get_origin(kind) or kind for kind in alternatives(packet_type))
    return classes[0] if len(classes) == 1 else classes


def is_compatible(produced: Any, wanted: Any) -> bool:
    """Returns whether packets of type `produced` may reach a port of type `wanted`.

    A union is compatible when one of its members is, as MediaPipe's OneOf: the packets themselves
    are checked as they come. Generic aliases agree when their arguments do.
    """
    if produced is object or wanted is object:
        return True
    return any(_one_fits(p, w) for p in alternatives(produced) for w in alternatives(wanted))


def _one_fits(produced: Any, wanted: Any) -> bool:
    produced_class = get_origin(produced) or produced
    wanted_class = get_origin(wanted) or wanted
    if not issubclass(produced_class, wanted_class):
        return False
    given, asked = get_args(produced), get_args(wanted)
    if not given or not asked or len(given) != len(asked):
        return True
    return all(is_compatible(g, a) for g, a in zip(given, asked, strict=True))


def type_name(packet_type: Any) -> str:
    """Returns how messages name a packet type."""
    if packet_type is object:
        return "any"
    return " | ".join(map(_one_name, alternatives(packet_type)))


def _one_name(kind: Any) -> str:
    name: str = getattr(kind, "__name__", str(kind))
    inner = ", ".join(map(type_name, get_args(kind)))
    return f"{name}[{inner}]" if inner else name
