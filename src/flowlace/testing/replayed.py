"""Runs a graph on a recording or on a source and keeps all packets that come out."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.golden.recipe import Recipe
from flowlace.golden.run_recipe import plan_recipe
from flowlace.runner.summary import RunSummary
from flowlace.sinks.sink import Sink, SinkCounts

Settings = Mapping[str, Any] | Iterable[str]
"""`{"node.option": value}`, or `NODE.OPTION=VALUE` as on the command line."""


@dataclass(frozen=True, slots=True)
class Replayed(Mapping[str, list[Packet[Any]]]):
    """What came out of a graph: packets by output stream."""

    outputs: dict[str, list[Packet[Any]]]
    """The packets of every output stream, in order."""
    summary: RunSummary = field(repr=False)
    """Counts of the run: of sources with their faults and losses, of calculators."""
    headers: dict[str, Any] = field(default_factory=dict)
    """Payloads of the headers of output streams that gave packets; None where there is none."""

    def payloads(self, stream: str) -> list[Any]:
        """Returns the payloads of one output."""
        return [packet.payload for packet in self[stream]]

    def timestamps(self, stream: str) -> list[int]:
        """Returns the timestamps of one output, in microseconds."""
        return [packet.timestamp for packet in self[stream]]

    def __getitem__(self, stream: str) -> list[Packet[Any]]:
        if stream not in self.outputs:
            known = ", ".join(self.outputs) or "none"
            raise FlowlaceError(f"no output stream {stream!r}; there are: {known}")
        return self.outputs[stream]

    def __contains__(self, stream: object) -> bool:
        return stream in self.outputs

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)


class _PacketList(Sink):
    """Keeps packets and the header of one stream."""

    def __init__(self, stream: str, packets: list[Packet[Any]], headers: dict[str, Any]) -> None:
        self._stream = stream
        self._packets = packets
        self._headers = headers
        self.counts = SinkCounts()

    def take_header(self, header: Any) -> None:
        self._headers[self._stream] = header

    def write(self, timestamp_us: int, payload: Any) -> None:
        self._packets.append(Packet(payload, timestamp_us))
        self.counts.written += 1

    def close(self) -> None:
        pass


def replay_graph(
    recording: str | Path = "",
    graph: str | Path = "",
    *,
    source: str | Iterable[str] = (),
    settings: Settings = (),
    models: Iterable[str] = (),
    boxes: Iterable[str] = (),
    side_packets: Mapping[str, Any] | None = None,
    streams: Iterable[str] = (),
    speed: float | str = "max",
    faults: Iterable[str] = (),
    seed: int = 0,
    folder: str | Path = "",
) -> Replayed:
    """Returns all that a graph gives for a recording, or for a source that ends.

    Args:
        recording: a file, a folder or a glob.
        graph: name or file; that of the recording if left out.
        source: instead of a recording, as `--source` of `flowlace run`.
        settings: options of nodes.
        models: as `--model`.
        boxes: as `--box`; for sources.
        side_packets: input side packets, any objects; they go before recorded ones.
        streams: outputs to keep; all if left out. Pictures take memory.
        speed: "max", or seconds of the recording a second; the results are the same.
        faults: what goes wrong on the way into the graph: `drop=0.1`, `jitter=10ms`.
        seed: of the faults.
        folder: paths are as seen from here; the working folder if left out.

    Raises:
        FlowlaceError: there is no such recording, it is damaged, or the graph fails.
    """
    recipe = Recipe(
        recording=str(recording),
        graph=str(graph),
        sources=_texts(source),
        settings=_setting_texts(settings),
        models=_texts(models),
        boxes=_texts(boxes),
        streams=_texts(streams),
        speed=str(speed),
        faults=_texts(faults),
        seed=seed,
    )
    planned = plan_recipe(recipe.found_from(Path(folder)) if folder else recipe)
    outputs: dict[str, list[Packet[Any]]] = {name: [] for name in planned.streams}
    headers: dict[str, Any] = {}
    summary = planned.run(lambda name: _PacketList(name, outputs[name], headers), side_packets)
    return Replayed(outputs, summary, headers)


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _setting_texts(settings: Settings) -> tuple[str, ...]:
    if isinstance(settings, Mapping):
        return tuple(f"{name}={json.dumps(value)}" for name, value in settings.items())
    return _texts(settings)
