"""sherpa-onnx: tokens become words with places; a fake stands in for the recogniser."""

import inspect
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.sherpa_onnx import SherpaOnnxTranscriber, words_of_tokens
from flowlace.transcription.transcriber import TranscriberOptions
from tests.transcription.voices import RATE_HZ, noise, silence

TOKENS = [("▁HE", 0.1, -0.1), ("LLO", 0.3, -0.3), ("▁WORLD", 1.0, -0.5)]


class FakeStream:
    def __init__(self) -> None:
        self.heard = 0
        self.decoded = 0
        self.is_finished = False

    def accept_waveform(self, sample_rate: float, waveform: Any) -> None:
        assert sample_rate == RATE_HZ
        assert waveform.dtype == np.float32
        self.heard += len(waveform)

    def input_finished(self) -> None:
        self.is_finished = True


class FakeRecognizer:
    """Needs half a second of sound after a token to say it."""

    made: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012 - one test at a time

    @classmethod
    def _make(cls, constructor: str, given: dict[str, Any]) -> "FakeRecognizer":
        cls.made.append((constructor, given))
        return cls()

    @classmethod
    def from_transducer(cls, **given: Any) -> "FakeRecognizer":
        return cls._make("transducer", given)

    @classmethod
    def from_paraformer(cls, **given: Any) -> "FakeRecognizer":
        return cls._make("paraformer", given)

    @classmethod
    def from_zipformer2_ctc(cls, **given: Any) -> "FakeRecognizer":
        return cls._make("ctc", given)

    def create_stream(self) -> FakeStream:
        return FakeStream()

    def is_ready(self, stream: FakeStream) -> bool:
        return stream.decoded < stream.heard

    def decode_stream(self, stream: FakeStream) -> None:
        stream.decoded = stream.heard

    def _said(self, stream: FakeStream) -> list[tuple[str, float, float]]:
        return [one for one in TOKENS if (one[1] + 0.5) * RATE_HZ <= stream.decoded]

    def tokens(self, stream: FakeStream) -> list[str]:
        return [one[0] for one in self._said(stream)]

    def timestamps(self, stream: FakeStream) -> list[float]:
        return [one[1] for one in self._said(stream)]

    def ys_probs(self, stream: FakeStream) -> list[float]:
        return [one[2] for one in self._said(stream)]


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRecognizer.made.clear()
    fake = SimpleNamespace(OnlineRecognizer=FakeRecognizer)
    monkeypatch.setitem(sys.modules, "sherpa_onnx", fake)


def model(folder: Path, *names: str) -> TranscriberOptions:
    for name in ("tokens.txt", *names):
        (folder / name).touch()
    return TranscriberOptions(model_path=str(folder), num_threads=3)


def opened(options: TranscriberOptions) -> SherpaOnnxTranscriber:
    transcriber = SherpaOnnxTranscriber()
    transcriber.open(RATE_HZ, "en", options)
    return transcriber


TRANSDUCER = ("encoder-99.onnx", "decoder-99.onnx", "joiner-99.onnx")


@pytest.mark.usefixtures("package")
def test_words_come_with_places_and_confidence(tmp_path: Path) -> None:
    transcriber = opened(model(tmp_path, *TRANSDUCER))
    partial = transcriber.accept(noise(1.2), 16_000)
    [final] = transcriber.flush()
    assert [word.text for word in partial[0].words] == ["HELLO"]
    hello, world = final.words
    assert (hello.text, hello.start_sample, hello.end_sample) == ("HELLO", 17_600, 24_640)
    assert (world.start_sample, world.end_sample) == (32_000, 16_000 + 19_200)
    assert hello.confidence == pytest.approx(math.exp(-0.2))


@pytest.mark.usefixtures("package")
def test_stretches_do_not_know_of_each_other(tmp_path: Path) -> None:
    transcriber = opened(model(tmp_path, *TRANSDUCER))
    transcriber.accept(noise(2), 0)
    first = transcriber.flush()
    transcriber.accept(noise(2), 1_000_000)
    second = transcriber.flush()
    shift = second[0].words[0].start_sample - first[0].words[0].start_sample
    assert shift == 1_000_000
    assert transcriber.flush() == []


@pytest.mark.usefixtures("package")
def test_a_reset_forgets_the_stretch(tmp_path: Path) -> None:
    transcriber = opened(model(tmp_path, *TRANSDUCER))
    transcriber.accept(noise(2), 0)
    transcriber.reset()
    assert transcriber.flush() == []
    assert transcriber.accept(silence(0.1), 5) == []


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("names", "kind", "files"),
    [
        (TRANSDUCER, "transducer", {"encoder", "decoder", "joiner"}),
        (TRANSDUCER[:2], "paraformer", {"encoder", "decoder"}),
        (("model.onnx",), "ctc", {"model"}),
    ],
)
def test_files_tell_the_kind_of_model(
    tmp_path: Path, names: tuple[str, ...], kind: str, files: set[str]
) -> None:
    opened(model(tmp_path, *names)).close()
    [(made, given)] = FakeRecognizer.made
    assert made == kind
    assert set(given) == {"tokens", "num_threads", *files}
    assert given["num_threads"] == 3


@pytest.mark.usefixtures("package")
def test_files_of_eight_bits_are_preferred(tmp_path: Path) -> None:
    opened(model(tmp_path, *TRANSDUCER, "encoder-99.int8.onnx")).close()
    assert FakeRecognizer.made[0][1]["encoder"].endswith("encoder-99.int8.onnx")


@pytest.mark.usefixtures("package")
def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptionError, match="comes without a model; give model_path"):
        opened(TranscriberOptions())
    with pytest.raises(TranscriptionError, match=r"holds no tokens\.txt"):
        opened(TranscriberOptions(model_path=str(tmp_path)))
    with pytest.raises(TranscriptionError, match=r"holds no encoder\*\.onnx"):
        opened(model(tmp_path, "encoder.onnx"))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(TranscriptionError, match=r"pip install 'flowlace\[sherpa\]'"):
        opened(TranscriberOptions(model_path="model"))


def test_words_in_letters_of_one_model_are_joined() -> None:
    tokens = [" a", "n", " ", "▁", "to", "o"]
    starts = [0, 10, 20, 30, 31, 32]
    words = words_of_tokens(tokens, starts, [], last_token_samples=5, end_sample=100)
    assert [word.text for word in words] == ["an", "too"]


def test_the_package_takes_what_it_is_given() -> None:
    package = pytest.importorskip("sherpa_onnx", reason="needs the extra flowlace[sherpa]")
    recognizer = package.OnlineRecognizer
    for constructor, files in (
        ("from_transducer", {"encoder", "decoder", "joiner"}),
        ("from_paraformer", {"encoder", "decoder"}),
        ("from_zipformer2_ctc", {"model"}),
    ):
        taken = set(inspect.signature(getattr(recognizer, constructor)).parameters)
        assert {"tokens", "num_threads", *files} <= taken
    for method in ("create_stream", "is_ready", "decode_stream", "tokens", "timestamps"):
        assert callable(getattr(recognizer, method))
    for method in ("accept_waveform", "input_finished"):
        assert callable(getattr(package.OnlineStream, method))


def test_the_package_says_that_a_file_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs the extra flowlace[sherpa]")
    with pytest.raises(TranscriptionError, match="can't load the model"):
        opened(model(tmp_path, *TRANSDUCER))
