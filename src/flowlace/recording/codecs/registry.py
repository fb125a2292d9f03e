"""Which codec writes a payload and which reads a channel of a file.

Other packages add codecs with `register_codec` or the entry-point group `flowlace.packet_codecs`
(name: the full name of the payload's class, value: `module:CodecClass`).
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Final

from flowlace.formats.image import Image
from flowlace.recording.codecs.codec import PacketCodec
from flowlace.recording.codecs.image import ImageCodec
from flowlace.recording.codecs.recordable import name_of
from flowlace.recording.codecs.value import ValueCodec
from flowlace.recording.codecs.video import VideoCodec

GROUP: Final = "flowlace.packet_codecs"

_by_payload: dict[str, type[PacketCodec]] = {name_of(Image): ImageCodec}
_by_schema: dict[str, type[PacketCodec]] = {
    each.schema_name: each for each in (ImageCodec, ValueCodec, VideoCodec)
}
_has_entry_points = False


def register_codec(
    payload_type: type[Any],
) -> Callable[[type[PacketCodec]], type[PacketCodec]]:
    """Decorator: the codec class writes payloads of exactly this type."""

    def register(codec: type[PacketCodec]) -> type[PacketCodec]:
        _add(name_of(payload_type), codec)
        return codec

    return register


def codec_for_payload(payload: Any) -> type[PacketCodec]:
    """Returns what writes a payload; what nobody has registered is for the ValueCodec to judge."""
    _add_entry_points()
    return _by_payload.get(name_of(type(payload)), ValueCodec)


def codec_for_schema(schema_name: str) -> type[PacketCodec] | None:
    """Returns what reads a channel; None where nobody does."""
    _add_entry_points()
    return _by_schema.get(schema_name)


def known_schemas() -> list[str]:
    """Returns the names of the schemas that can be read."""
    _add_entry_points()
    return sorted(_by_schema)


def _add(payload_name: str, codec: type[PacketCodec]) -> None:
    _by_payload[payload_name] = codec
    _by_schema[codec.schema_name] = codec


def _add_entry_points() -> None:
    global _has_entry_points
    if _has_entry_points:
        return
    _has_entry_points = True
    for one in entry_points(group=GROUP):
        if one.name not in _by_payload:
            _add(one.name, one.load())
