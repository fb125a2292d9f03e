"""Engines are found by name, and those that keep Python's lock get a process."""

import pytest

from flowlace.transcription import (
    known_transcribers,
    open_transcriber,
    opens_transcriber,
    registry,
)
from flowlace.transcription.engine_process import ProcessTranscriber
from flowlace.transcription.errors import TranscriptionError
from tests.transcription.fake_engine import FakeTranscriber


def test_the_engines_are_known() -> None:
    assert {"pocketsphinx", "sherpa-onnx", "faster-whisper"} <= set(known_transcribers())


def test_an_engine_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(
        TranscriptionError, match=r"'sphinx' transcribes; known are: .*faster-whisper"
    ):
        open_transcriber("sphinx")


def test_an_engine_that_keeps_the_lock_gets_a_process() -> None:
    assert isinstance(open_transcriber("pocketsphinx"), ProcessTranscriber)


def test_others_may_add_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))
    opens_transcriber("fake")(FakeTranscriber)
    assert isinstance(open_transcriber("fake"), FakeTranscriber)
