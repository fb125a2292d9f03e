"""Speech to words: engines behind one interface, and what decides which sound they hear.

`Transcriber` is the interface, `open_transcriber` finds an engine by name, and
`SpeechTranscriber` gives it the stretches of a stream in which somebody speaks.
"""

from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.registry import known_transcribers, open_transcriber, opens_transcriber
from flowlace.transcription.speech_segments import SegmentOptions
from flowlace.transcription.speech_transcriber import SpeechTranscriber, TimedUpdate
from flowlace.transcription.transcriber import Capability, Transcriber, TranscriberOptions

__all__ = [
    "Capability",
    "SegmentOptions",
    "SpeechTranscriber",
    "TimedUpdate",
    "Transcriber",
    "TranscriberOptions",
    "TranscriptionError",
    "known_transcribers",
    "open_transcriber",
    "opens_transcriber",
]
