"""Records what enters a graph, and replays it to the same results (MCAP files)."""

from flowlace.recording.codecs import PacketCodec, recordable, register_codec
from flowlace.recording.description import RecordingDescription, VideoMode
from flowlace.recording.errors import CodecError, RecordingError
from flowlace.recording.recorder import GraphRecorder
from flowlace.recording.recording import Recording
from flowlace.recording.rotation import Rotation

__all__ = [
    "CodecError",
    "GraphRecorder",
    "PacketCodec",
    "Recording",
    "RecordingDescription",
    "RecordingError",
    "Rotation",
    "VideoMode",
    "recordable",
    "register_codec",
]
