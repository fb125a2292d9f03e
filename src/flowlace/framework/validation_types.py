"""Finds the packet type of every stream and side packet, and where producer and consumer differ.

Streams that `SameAs` ties together have one type. It is what a producer declares; where none does
(inputs of the graph, calculators that take anything), it is the narrowest that consumers want.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowlace.framework.contract import (
    ConnectedPort,
    Contract,
    PortMap,
    SameAs,
    alternatives,
    is_compatible,
    type_name,
)
from flowlace.framework.errors import Location, Problem

StreamKey = tuple[str, str]
"""`stream` or `side`, and the name."""


@dataclass(slots=True)
class TypeClaim:
    """What one port says about a stream's type."""

    node: str
    port: ConnectedPort
    type: Any
    stream: StreamKey
    location: Location | None


@dataclass(slots=True)
class _Group:
    produced: list[TypeClaim] = field(default_factory=list)
    wanted: list[TypeClaim] = field(default_factory=list)


class TypeResolver:
    """Collects the claims of all ports, then answers what each stream carries."""

    def __init__(self) -> None:
        self._parents: dict[StreamKey, StreamKey] = {}
        self._produced: list[TypeClaim] = []
        self._wanted: list[TypeClaim] = []
        self._own: dict[StreamKey, Any] = {}
        self._resolved: dict[StreamKey, Any] = {}

    def promise(self, stream: StreamKey, packet_type: Any) -> None:
        """Takes the type an application promises for an input of the graph."""
        if packet_type is not object:
            self._own[stream] = packet_type

    def add_node(self, contract: Contract, locations: Mapping[int, Location | None]) -> None:
        """Takes the claims of one node; `locations` is by the id of a connected port."""
        for family, ports, is_output in (
            ("stream", contract.inputs, False),
            ("side", contract.side_inputs, False),
            ("stream", contract.outputs, True),
            ("side", contract.side_outputs, True),
        ):
            for port in ports.values():
                stream = (family, port.name)
                if isinstance(port.type, SameAs):
                    other = _find_same(port, contract, family, is_output)
                    if other is not None:
                        self._union(stream, other)
                elif port.type is not object:
                    place = locations.get(id(port))
                    claim = TypeClaim(contract.node, port, port.type, stream, place)
                    (self._produced if is_output else self._wanted).append(claim)
                    if is_output:
                        self._own.setdefault(stream, port.type)

    def resolve(self) -> list[Problem]:
        """Settles every type and returns what does not fit."""
        groups: dict[StreamKey, _Group] = defaultdict(_Group)
        for claim in self._produced:
            groups[self._root(claim.stream)].produced.append(claim)
        for claim in self._wanted:
            groups[self._root(claim.stream)].wanted.append(claim)
        for stream, own in self._own.items():
            self._resolved.setdefault(self._root(stream), own)
        problems = []
        for root, group in groups.items():
            problems += _produced_conflicts(group.produced)
            wanted = _narrowest(each.type for each in group.wanted)
            settled = self._resolved.setdefault(root, wanted)
            for claim in group.wanted:
                given = self._own.get(claim.stream, settled)
                if not is_compatible(given, claim.type):
                    problems.append(_mismatch(claim, given, group.produced))
        return problems

    def type_of(self, stream: StreamKey) -> Any:
        """Returns the settled type of a stream; `object` where anything may come."""
        return self._own.get(stream, self._resolved.get(self._root(stream), object))

    def _root(self, stream: StreamKey) -> StreamKey:
        while (parent := self._parents.get(stream, stream)) != stream:
            self._parents[stream] = self._parents.get(parent, parent)
            stream = parent
        return stream

    def _union(self, one: StreamKey, other: StreamKey) -> None:
        one, other = self._root(one), self._root(other)
        if one != other:
            self._parents[one] = other


def _find_same(
    port: ConnectedPort, contract: Contract, family: str, is_output: bool
) -> StreamKey | None:
    assert isinstance(port.type, SameAs)
    streams = (contract.inputs, contract.outputs)
    sides = (contract.side_inputs, contract.side_outputs)
    own, foreign = (streams, sides) if family == "stream" else (sides, streams)
    if port.type.port == "*":  # a wildcard pairs with the other side of the node
        places = [(own[0 if is_output else 1], family)]
    else:
        other_family = "side" if family == "stream" else "stream"
        places = [(own[0], family), (own[1], family), (foreign[0], other_family)]
    for ports, name in places:
        found = _same_port(port, port.type.port, ports)
        if found is not None and found is not port:
            return name, found.name
    return None


def _same_port(
    port: ConnectedPort, wanted: str, ports: PortMap[ConnectedPort]
) -> ConnectedPort | None:
    if wanted == "*":
        found: ConnectedPort | None = ports.get((port.tag, port.index))
        return found
    numbered = f"{wanted}:{port.index}"
    found = ports.get(numbered if port.index > 0 and numbered in ports else wanted)
    return found if isinstance(found, ConnectedPort) else None


def _narrowest(types: Iterable[Any]) -> Any:
    narrowest: Any = object
    for each in types:
        if _all_fit(each, narrowest) and not _all_fit(narrowest, each):
            narrowest = each
    return narrowest


def _all_fit(packet_type: Any, wanted: Any) -> bool:
    """Returns whether every member of a union fits, where `is_compatible` asks for one."""
    if packet_type is object:
        return wanted is object
    return all(is_compatible(each, wanted) for each in alternatives(packet_type))


def _produced_conflicts(produced: list[TypeClaim]) -> list[Problem]:
    return [
        Problem(
            f"{_who(first)} sends {type_name(first.type)} on {first.stream[1]!r} and {_who(other)} "
            f"sends {type_name(other.type)} on {other.stream[1]!r}, but both have to be the same",
            other.location,
        )
        for first, other in ((produced[0], each) for each in produced[1:])
        if not is_compatible(first.type, other.type) and not is_compatible(other.type, first.type)
    ]


def _mismatch(claim: TypeClaim, given: Any, produced: list[TypeClaim]) -> Problem:
    same_stream = [each for each in produced if each.stream == claim.stream]
    source = next(iter(same_stream or produced), None)
    if source is None:
        sender = f"others expect {type_name(given)}"
    else:
        sender = f"{_who(source)} sends {type_name(given)}"
    return Problem(
        f"node {claim.node!r}: input {_port_name(claim.port)} expects {type_name(claim.type)}, but "
        f"{sender} on {claim.stream[1]!r}",
        claim.location,
        "convert it or fix the graph",
    )


def _who(claim: TypeClaim) -> str:
    return f"node {claim.node!r}"


def _port_name(port: ConnectedPort) -> str:
    return port.tag if port.tag and port.index == 0 else port.label
