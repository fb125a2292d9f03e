"""The built-in engine: words with places, the same ones every time, nothing on nothing."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import flowlace.transcription.pocketsphinx as engine_module
from flowlace.formats.transcript import TranscriptUpdate
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.pocketsphinx import PocketsphinxTranscriber
from flowlace.transcription.registry import open_transcriber
from flowlace.transcription.transcriber import TranscriberOptions
from tests.transcription.real_speech import clip
from tests.transcription.voices import RATE_HZ, Sound, noise

pocketsphinx = pytest.importorskip("pocketsphinx", reason="needs the extra flowlace[speech]")
OPTIONS = TranscriberOptions()


@pytest.fixture(scope="module")
def opened() -> Any:
    transcriber = PocketsphinxTranscriber()
    transcriber.open(RATE_HZ, "en-US", OPTIONS)
    yield transcriber
    transcriber.close()


def heard(transcriber: PocketsphinxTranscriber, sound: Sound, first: int) -> list[TranscriptUpdate]:
    updates = []
    for at in range(0, len(sound), 1600):
        updates += transcriber.accept(sound[at : at + 1600], first + at)
    return updates + transcriber.flush()


def test_noise_gives_updates_that_end_with_a_final_one_or_none(
    opened: PocketsphinxTranscriber,
) -> None:
    opened.reset()
    updates = heard(opened, noise(1.5, 0.1), 0)
    assert all(not one.is_final for one in updates[:-1])
    assert all(one.is_final for one in updates[-1:])


def test_a_flush_between_stretches_is_nothing(opened: PocketsphinxTranscriber) -> None:
    opened.reset()
    assert opened.flush() == []


def test_a_reset_in_a_stretch_forgets_it(opened: PocketsphinxTranscriber) -> None:
    opened.accept(noise(0.5, 0.1), 0)
    opened.reset()
    opened.accept(noise(0.5, 0.1), 500_000)
    opened.flush()


def test_sound_after_a_gap_is_refused(opened: PocketsphinxTranscriber) -> None:
    opened.reset()
    opened.accept(noise(0.1), 0)
    with pytest.raises(TranscriptionError, match="sample 9999 does not follow sample 1600"):
        opened.accept(noise(0.1), 9999)
    opened.reset()


@pytest.mark.data
def test_says_what_is_said(opened: PocketsphinxTranscriber) -> None:
    opened.reset()
    updates = heard(opened, clip("LJ001-0002"), 0)
    final = updates[-1]
    assert final.words[-1].text == "modern"
    assert final.is_final
    assert len(updates) > 3
    assert all(0 <= (word.confidence or 0) <= 1 for word in final.words)


@pytest.mark.data
def test_words_have_places_in_the_stream(opened: PocketsphinxTranscriber) -> None:
    opened.reset()
    sound, first = clip("LJ001-0002"), 3600 * RATE_HZ
    words = heard(opened, sound, first)[-1].words
    starts = [word.start_sample - first for word in words]
    assert starts == sorted(starts)
    assert starts[0] < 0.2 * RATE_HZ
    assert words[-1].end_sample - first == pytest.approx(len(sound), abs=0.2 * RATE_HZ)
    assert words[-1].end_sample <= first + len(sound)


@pytest.mark.data
def test_after_a_reset_the_same_sound_gives_the_same_words(
    opened: PocketsphinxTranscriber,
) -> None:
    opened.reset()
    first = heard(opened, clip("LJ001-0008"), 0)
    opened.reset()
    second = heard(opened, clip("LJ001-0008"), 0)
    assert [one.words for one in first] == [one.words for one in second]


def test_another_rate_is_refused() -> None:
    with pytest.raises(TranscriptionError, match="16000 Hz, not 8000; resample"):
        PocketsphinxTranscriber().open(8000, "en", OPTIONS)


def test_another_language_needs_a_model() -> None:
    with pytest.raises(TranscriptionError, match="English only; give model_path for 'de'"):
        PocketsphinxTranscriber().open(RATE_HZ, "de", OPTIONS)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptionError, match=r"holds no \*/mdef"):
        PocketsphinxTranscriber().open(RATE_HZ, "de", TranscriberOptions(model_path=str(tmp_path)))


def test_a_model_that_is_none_ends_only_the_engines_process(tmp_path: Path) -> None:
    # pocketsphinx ends its process where it can't read a model.
    (tmp_path / "de").mkdir()
    for name in ("de/mdef", "de.dict", "de.lm.bin"):
        (tmp_path / name).write_text("nothing")
    with pytest.raises(TranscriptionError, match=r"'pocketsphinx' ended unasked .* in open"):
        open_transcriber("pocketsphinx").open(
            RATE_HZ, "de", TranscriberOptions(model_path=str(tmp_path))
        )


def test_a_model_given_by_its_folder_is_used(tmp_path: Path) -> None:
    folder = Path(pocketsphinx.get_model_path("en-us"))
    for name in ("en-us", "cmudict-en-us.dict", "en-us.lm.bin"):
        (tmp_path / name).symlink_to(folder / name)
    transcriber = PocketsphinxTranscriber()
    transcriber.open(RATE_HZ, "de", TranscriberOptions(model_path=str(tmp_path)))
    transcriber.close()


def test_two_language_models_in_one_folder_are_refused() -> None:
    folder = pocketsphinx.get_model_path("en-us")
    with pytest.raises(TranscriptionError, match=r"en-us.lm.bin; keep one"):
        PocketsphinxTranscriber().open(RATE_HZ, "en", TranscriberOptions(model_path=folder))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(TranscriptionError, match=r"pip install 'flowlace\[speech\]'"):
        PocketsphinxTranscriber().open(RATE_HZ, "en", OPTIONS)


def test_words_are_written_without_their_pronunciation(monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(word: str, start: int, end: int, prob: float) -> SimpleNamespace:
        return SimpleNamespace(word=word, start_frame=start, end_frame=end, prob=prob)

    class Decoder:
        def __init__(self, **given: object) -> None:
            assert given["samprate"] == RATE_HZ

        def start_utt(self) -> None: ...
        def end_utt(self) -> None: ...
        def process_raw(self, sound: bytes) -> None:
            assert np.frombuffer(sound, np.int16).max() == 32767

        def hyp(self) -> object:
            return object()

        def seg(self) -> list[SimpleNamespace]:
            return [
                segment("<s>", 0, 2, 1.0),
                segment("the(2)", 3, 9, 0.5),
                segment("[NOISE]", 10, 12, 1.0),
                segment("end", 13, 99, 1.5),
            ]

    package = SimpleNamespace(Decoder=Decoder, get_model_path=lambda name: name)
    monkeypatch.setattr(engine_module, "_package", lambda: package)
    transcriber = PocketsphinxTranscriber()
    transcriber.open(RATE_HZ, "", OPTIONS)
    transcriber.accept(np.full(8000, 1.5, np.float32), 1000)
    the, end = transcriber.flush()[0].words
    assert (the.text, the.start_sample, the.end_sample) == ("the", 1480, 2600)
    assert (end.text, end.end_sample, end.confidence) == ("end", 9000, 1.0)
    assert the.confidence == 0.5
