"""Matches the streams and side packets of a node to the ports its calculator declares."""

from collections.abc import Sequence
from dataclasses import dataclass
from sys import intern

from flowlace.framework.contract import ConnectedPort, Port, PortKey, PortMap
from flowlace.framework.errors import Location, Problem
from flowlace.framework.registry import nearest_name
from flowlace.framework.stream_names import StreamName, parse_collection

WILDCARD = "*"


@dataclass(slots=True)
class Connection:
    """A connected port and where the graph names it."""

    port: ConnectedPort
    location: Location | None


@dataclass(slots=True)
class MatchedPorts:
    """One field of a node, matched."""

    ports: PortMap[ConnectedPort]
    connections: list[Connection]
    problems: list[Problem]


def match_ports(
    texts: Sequence[str], declared: Sequence[Port], *, field: str, node: str, place: Location | None
) -> MatchedPorts:
    """Returns the ports of one field (`input_stream`, …) of a node, in collection order."""
    names, problems = parse_collection(texts, f"node {node!r}: {field}")
    matcher = _Matcher(declared, field, node, place)
    connections = [found for name in names if (found := matcher.connect(name)) is not None]
    if not problems:
        matcher.find_missing(names)
    untagged = tuple(each.port.key for each in connections if not each.port.tag)
    ports = PortMap(((each.port.key, each.port) for each in connections), untagged=untagged)
    return MatchedPorts(ports, connections, problems + matcher.problems)


class _Matcher:
    def __init__(
        self, declared: Sequence[Port], field: str, node: str, place: Location | None
    ) -> None:
        self._tagged = {port.tag: port for port in declared if port.tag}
        self._untagged = [port for port in declared if not port.tag and port.name != WILDCARD]
        self._wildcard = next((port for port in declared if port.name == WILDCARD), None)
        self._field = field
        self._node = node
        self._place = place
        self.problems: list[Problem] = []

    def connect(self, name: StreamName) -> Connection | None:
        port = self._port_of(name)
        if port is None:
            return None
        connected = ConnectedPort(
            tag=name.tag,
            index=name.index,
            name=intern(str(name.name)),
            key=self._key(name, port),
            type=port.type,
            port=port,
        )
        return Connection(connected, name.location)

    def find_missing(self, names: Sequence[StreamName]) -> None:
        given = {name.tag for name in names if name.tag}
        untagged = sum(1 for name in names if not name.tag)
        missing = [port for tag, port in self._tagged.items() if tag not in given]
        missing += self._untagged[untagged:]
        for port in missing:
            if not port.optional:
                self._report(
                    f"{port.name} is not connected",
                    self._place,
                    f'add {self._field}: "{port.tag + ":" if port.tag else ""}…"',
                )

    def _port_of(self, name: StreamName) -> Port | None:
        if name.tag:
            return self._tagged_port(name)
        if name.index < len(self._untagged):
            return self._untagged[name.index]
        if self._untagged and self._untagged[-1].repeated:
            return self._untagged[-1]
        if self._wildcard is None:
            known = f"{len(self._untagged)} without a tag" if self._untagged else "only tagged ones"
            tags = ", ".join(self._tagged)
            known = known if self._untagged or self._tagged else "none"
            hint = f"write TAG:{name.name} with one of {tags}" if tags else ""
            message = f"{name.name!r} has no port here; the calculator takes {known}"
            self._report(message, name.location, hint)
        return self._wildcard

    def _tagged_port(self, name: StreamName) -> Port | None:
        port = self._tagged.get(name.tag, self._wildcard)
        if port is None:
            known = list(self._tagged)
            listing = f"known: {', '.join(known)}" if known else "the calculator uses no tags"
            hint = nearest_name(name.tag, known) or listing
            self._report(f"the calculator has no {name.tag}", name.location, hint)
        elif name.index > 0 and not port.repeated and port.name != WILDCARD:
            self._report(f"{name.tag} can be connected only once", name.location)
            return None
        return port

    def _report(self, message: str, place: Location | None, hint: str = "") -> None:
        message = f"node {self._node!r}: {self._field}: {message}"
        self.problems.append(Problem(message, place or self._place, hint))

    def _key(self, name: StreamName, port: Port) -> PortKey:
        """Returns the tag, the tag with an index above 0, the declared name, or the position."""
        if name.tag:
            return name.tag if name.index == 0 else f"{name.tag}:{name.index}"
        is_declared = name.index < len(self._untagged)
        return port.name if is_declared else name.index
