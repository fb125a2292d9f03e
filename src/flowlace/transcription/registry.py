"""Finds an engine by its name.

Other packages add engines with `opens_transcriber` or the entry-point group
`flowlace.transcribers` (name: as users write it, value: `module:function`); the function takes
nothing and returns a `Transcriber` that is not open.
"""

from typing import cast

from flowlace.framework.openers import Openers
from flowlace.transcription.engine_process import ProcessTranscriber
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.transcriber import Transcriber

BUILT_IN = "pocketsphinx"
"""The engine that needs no model of the user's."""

_openers = Openers(
    "flowlace.transcribers",
    {
        BUILT_IN: "flowlace.transcription.pocketsphinx:PocketsphinxTranscriber",
        "sherpa-onnx": "flowlace.transcription.sherpa_onnx:SherpaOnnxTranscriber",
        "faster-whisper": "flowlace.transcription.faster_whisper:FasterWhisperTranscriber",
    },
)
opens_transcriber = _openers.opens


def known_transcribers() -> list[str]:
    """Returns the names of all engines, installed or not."""
    return _openers.known()


def make_transcriber(engine: str) -> Transcriber:
    """Returns the engine of that name, not open, on the caller's thread.

    Raises:
        TranscriptionError: there is no such engine.
    """
    known = known_transcribers()
    if engine not in known:
        raise TranscriptionError(f"no engine {engine!r} transcribes; known are: {', '.join(known)}")
    return cast(Transcriber, _openers.opener(engine)())


def open_transcriber(engine: str) -> Transcriber:
    """Returns the engine of that name, not open, so that it never holds up other threads.

    An engine that keeps Python's lock while it computes is given a process of its own.

    Raises:
        TranscriptionError: there is no such engine.
    """
    transcriber = make_transcriber(engine)
    if transcriber.capability.keeps_lock:
        return ProcessTranscriber(engine, transcriber.capability)
    return transcriber
