"""What a recording says about itself: enough to run its graph again and to know if that is fair."""

import base64
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Self

from flowlace.framework.config import GivenOptions, GraphConfig
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.inference.find_model import find_model
from flowlace.recording.codecs.value_tree import from_tree, to_tree
from flowlace.recording.errors import CodecError, RecordingError

PROFILE: Final = "flowlace"
"""What the header of a file says it is for."""
METADATA: Final = "flowlace.recording"
OUTPUT_HEADERS: Final = "flowlace.output_headers"
"""Of the streams of a file of results, which are known only when its graph runs."""
FORMAT: Final = 1
"""Raised when older readers would misunderstand a file."""
_PACKAGES: Final = ("flowlace", "numpy", "opencv-python-headless", "av", "ai-edge-litert")


class VideoMode(Enum):
    """How pictures are written."""

    RAW = "raw"
    """Every bit, uncompressed: cheapest to write, largest."""
    ZSTD = "zstd"
    """Every bit, compressed: a third to nine tenths of the size, for more work."""
    H264 = "h264"
    """About a hundredth of the size; not the same in every bit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingDescription:
    """The metadata of a recording."""

    graph: str
    """The graph as text, with every subgraph in its place."""
    graph_name: str = ""
    """As the user named it."""
    streams: tuple[str, ...] = ()
    """The graph's input streams."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """What fed each stream, as the user typed it without passwords."""
    side_packets: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    """Payloads of the input streams' headers."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of this package and those whose code its results depend on."""
    models: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each model, by the name the graph gives it."""
    started: str = ""
    """When the run was started, by the wall clock, as ISO 8601."""
    video: VideoMode = VideoMode.RAW
    part: int = 0
    """Place in a series of files."""

    def as_part(self, part: int) -> Self:
        """Returns the description of another file of the series."""
        return replace(self, part=part)

    def to_metadata(self) -> dict[str, str]:
        """Returns names and values as MCAP holds them; CodecError names what can't be written."""
        return {
            "format": str(FORMAT),
            "graph": self.graph,
            "graph_name": self.graph_name,
            "streams": json.dumps(self.streams),
            "sources": json.dumps(dict(self.sources)),
            "side_packets": _values_text("side packet", self.side_packets),
            "headers": _values_text("header of", self.headers),
            "versions": json.dumps(dict(self.versions)),
            "models": json.dumps(dict(self.models)),
            "started": self.started,
            "video": self.video.value,
            "part": str(self.part),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Returns what was written.

        Raises:
            RecordingError: a newer version has written it, or something is missing.
        """
        try:
            if int(metadata["format"]) > FORMAT:
                raise RecordingError("a newer flowlace has written it; update this one")
            return cls(
                graph=metadata["graph"],
                graph_name=metadata["graph_name"],
                streams=tuple(json.loads(metadata["streams"])),
                sources=json.loads(metadata["sources"]),
                side_packets=_values(metadata["side_packets"]),
                headers=_values(metadata["headers"]),
                versions=json.loads(metadata["versions"]),
                models=json.loads(metadata["models"]),
                started=metadata["started"],
                video=VideoMode(metadata["video"]),
                part=int(metadata["part"]),
            )
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise RecordingError(f"its description can't be read: {error}") from error


def describe_run(
    config: GraphConfig,
    *,
    graph_name: str,
    sources: Mapping[str, str],
    side_packets: Mapping[str, Any],
    headers: Mapping[str, Packet[Any]],
    streams: tuple[str, ...],
    video: VideoMode,
) -> RecordingDescription:
    """Returns the description of a run that is about to start.

    Args:
        config: the expanded graph.
    """
    return RecordingDescription(
        graph=to_text(config),
        graph_name=graph_name,
        streams=streams,
        sources=sources,
        side_packets=side_packets,
        headers={name: header.payload for name, header in headers.items() if header},
        versions=present_versions(),
        models=model_digests(config),
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        video=video,
    )


def present_versions() -> dict[str, str]:
    """Returns the versions of what results depend on."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def model_digests(config: GraphConfig) -> dict[str, str]:
    """Returns the SHA-256 of each model that nodes name; empty for one that is not to be found."""
    options: list[Any] = [
        given.message
        for node in config.nodes
        for given in node.options
        if isinstance(given, GivenOptions)
    ]
    named = [each for each in options if "model_path" in each.DESCRIPTOR.fields_by_name]
    names = {each.model_path for each in named if each.model_path}
    return {name: _digest(name) for name in sorted(names)}


def differences(recorded: RecordingDescription, config: GraphConfig) -> list[str]:
    """Returns what is another now than when a recording was made, a line each."""
    found = [
        f"{name} was {before}, is {present_versions().get(name, 'not installed')}"
        for name, before in recorded.versions.items()
        if present_versions().get(name) != before
    ]
    present = model_digests(config)
    return found + [
        f"model {name!r} is not the one that was recorded with"
        for name, before in recorded.models.items()
        if name in present and present[name] != before
    ]


def output_headers_metadata(headers: Mapping[str, Any]) -> dict[str, str]:
    """Returns headers by stream as MCAP holds them; CodecError names what can't be written."""
    return {"headers": _values_text("header of", headers)}


def output_headers(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Returns what was written; RecordingError if it can't be read."""
    try:
        return _values(metadata["headers"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise RecordingError(f"its headers can't be read: {error}") from error


def _digest(name: str) -> str:
    try:
        with open(find_model(name), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FlowlaceError, OSError):
        return ""


def _values_text(what: str, values: Mapping[str, Any]) -> str:
    arrays: list[bytes] = []
    trees = {}
    for name, value in values.items():
        try:
            trees[name] = to_tree(value, arrays)
        except CodecError as error:
            raise CodecError(f"{what} {name!r}: {error}") from error
    texts = [base64.b64encode(each).decode() for each in arrays]
    return json.dumps({"values": trees, "arrays": texts})


def _values(text: str) -> dict[str, Any]:
    held = json.loads(text)
    arrays = [base64.b64decode(each) for each in held["arrays"]]
    return {name: from_tree(tree, arrays) for name, tree in held["values"].items()}
