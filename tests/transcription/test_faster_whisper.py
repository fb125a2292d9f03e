"""faster-whisper: stretches are written at their end; a fake stands in for the model."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.faster_whisper import FasterWhisperTranscriber
from flowlace.transcription.transcriber import TranscriberOptions
from tests.transcription.voices import RATE_HZ, noise

OPTIONS = TranscriberOptions(model_path="a/folder", num_threads=2)


def word(text: str, start: float, end: float, probability: float = 0.9) -> SimpleNamespace:
    return SimpleNamespace(word=text, start=start, end=end, probability=probability)


class FakeModel:
    calls: list[dict[str, Any]] = []  # noqa: RUF012 - one test at a time

    def __init__(self, path: str, *, cpu_threads: int, local_files_only: bool) -> None:
        assert local_files_only
        if path == "bad":
            raise RuntimeError("Unable to open file 'model.bin'")
        self.cpu_threads = cpu_threads

    def transcribe(self, audio: Any, **given: Any) -> tuple[Iterator[SimpleNamespace], object]:
        assert audio.dtype == np.float32
        self.calls.append({"samples": len(audio), **given})
        pieces = [
            SimpleNamespace(no_speech_prob=0.1, words=[word(" Hello,", 0.2, 0.6)]),
            SimpleNamespace(no_speech_prob=0.9, words=[word(" Thanks", 0.7, 0.8)]),
            SimpleNamespace(no_speech_prob=0.2, words=[word(" world.", 0.8, 9.0), word(" ", 1, 1)]),
            SimpleNamespace(no_speech_prob=0.2, words=None),
        ]
        return iter(pieces), object()


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeModel.calls.clear()
    fake = SimpleNamespace(WhisperModel=FakeModel)
    monkeypatch.setitem(sys.modules, "faster_whisper", fake)


def opened(options: TranscriberOptions = OPTIONS, language: str = "en-us") -> Any:
    transcriber = FasterWhisperTranscriber()
    transcriber.open(RATE_HZ, language, options)
    return transcriber


@pytest.mark.usefixtures("package")
def test_a_stretch_is_written_at_its_end() -> None:
    transcriber = opened()
    assert transcriber.accept(noise(1), 48_000) == []
    assert transcriber.accept(noise(0.5), 64_000) == []
    [final] = transcriber.flush()
    hello, world = final.words
    assert (hello.text, hello.start_sample, hello.end_sample) == ("Hello,", 51_200, 57_600)
    assert (world.text, world.end_sample, world.confidence) == ("world.", 72_000, 0.9)
    assert FakeModel.calls[0]["samples"] == 24_000
    assert transcriber.flush() == []


@pytest.mark.usefixtures("package")
def test_nothing_is_carried_from_stretch_to_stretch() -> None:
    transcriber = opened()
    for first in (0, 100_000):
        transcriber.accept(noise(1), first)
        transcriber.flush()
    assert [call["samples"] for call in FakeModel.calls] == [16_000, 16_000]
    assert not any(call["condition_on_previous_text"] for call in FakeModel.calls)
    assert {call["language"] for call in FakeModel.calls} == {"en"}


@pytest.mark.usefixtures("package")
def test_without_a_language_the_model_finds_it() -> None:
    transcriber = opened(language="")
    transcriber.accept(noise(1), 0)
    transcriber.flush()
    assert FakeModel.calls[0]["language"] is None


@pytest.mark.usefixtures("package")
def test_a_reset_forgets_the_stretch() -> None:
    transcriber = opened()
    transcriber.accept(noise(1), 0)
    transcriber.reset()
    assert transcriber.flush() == []
    transcriber.close()


@pytest.mark.usefixtures("package")
def test_what_is_missing_is_named() -> None:
    with pytest.raises(TranscriptionError, match="comes without a model; give model_path"):
        opened(TranscriberOptions())
    with pytest.raises(TranscriptionError, match=r"can't load the model in 'bad': Unable"):
        opened(TranscriberOptions(model_path="bad"))
    with pytest.raises(TranscriptionError, match="16000 Hz, not 8000; resample"):
        FasterWhisperTranscriber().open(8000, "en", OPTIONS)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(TranscriptionError, match=r"pip install 'flowlace\[whisper\]'"):
        opened()


def test_the_package_takes_what_it_is_given() -> None:
    package = pytest.importorskip("faster_whisper", reason="needs the extra flowlace[whisper]")
    made = set(inspect.signature(package.WhisperModel.__init__).parameters)
    asked = set(inspect.signature(package.WhisperModel.transcribe).parameters)
    assert {"cpu_threads", "local_files_only"} <= made
    assert {"language", "word_timestamps", "condition_on_previous_text", "vad_filter"} <= asked


def test_the_package_says_that_a_folder_holds_no_model(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper", reason="needs the extra flowlace[whisper]")
    with pytest.raises(TranscriptionError, match="can't load the model"):
        opened(TranscriberOptions(model_path=str(tmp_path)))
