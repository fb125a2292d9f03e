"""Engines are found by name, and those that keep Python's lock get a process."""

import pytest

from flowlace.transcription import known_transcribers, open_transcriber, opens_transcriber
from flowlace.transcription.engine_process import ProcessTranscriber
from flowlace.transcription.errors import TranscriptionError
from tests.transcription.fake_engine import FakeTranscriber


def test_the_engines_are_known() -> None:
    assert {"pocketsphinx", "sherpa-onnx", "faster-whisper"} <= set(known_transcribers())


def test_an_engine_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(TranscriptionError, match="'sphinx' transcribes; known are: faster-whisper"):
        open_transcriber("sphinx")


def test_an_engine_that_keeps_the_lock_gets_a_process() -> None:
    assert isinstance(open_transcriber("pocketsphinx"), ProcessTranscriber)


def test_others_may_add_engines() -> None:
    opens_transcriber("fake for the registry")(FakeTranscriber)
    assert isinstance(open_transcriber("fake for the registry"), FakeTranscriber)
