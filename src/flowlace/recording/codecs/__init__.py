"""How payloads become bytes of a recording and payloads again. Never pickle: files travel."""

from flowlace.recording.codecs.codec import PacketCodec as PacketCodec
from flowlace.recording.codecs.recordable import recordable as recordable
from flowlace.recording.codecs.registry import codec_for_payload as codec_for_payload
from flowlace.recording.codecs.registry import codec_for_schema as codec_for_schema
from flowlace.recording.codecs.registry import register_codec as register_codec
from flowlace.recording.codecs.value import ValueCodec as ValueCodec

__all__ = [
    "PacketCodec",
    "ValueCodec",
    "codec_for_payload",
    "codec_for_schema",
    "recordable",
    "register_codec",
]
