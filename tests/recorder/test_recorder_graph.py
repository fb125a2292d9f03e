"""The graph `recorder` with a classifier and an engine whose answers are known."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.framework.validation import validate_graph
from flowlace.recorder import Library, MakeRecording, search_library
from flowlace.runner.node_settings import configured_graph
from flowlace.sources.sound_file import SoundFileSource
from flowlace.transcription import registry
from flowlace.transcription.registry import opens_transcriber
from tests.inference.tiny_sound_models import log_mel_model
from tests.sources.sounds import tone, write_sound
from tests.transcription.fake_engine import FakeTranscriber

RATE = 44_100


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))
    opens_transcriber("fake")(FakeTranscriber)
    yield {
        "models": [f"sound_events__classifier={log_mel_model(tmp_path)}"],
        "settings": ["transcription__transcriber.engine=fake"],
    }
    assert threading.active_count() < 20


def test_keeps_sounds_bars_and_words_of_a_stereo_file(
    library: Library, tmp_path: Path, settings: dict[str, Any]
) -> None:
    values = np.concatenate(
        [np.zeros((2, 2 * RATE)), tone(2 * RATE, RATE, 3000, 2), np.zeros((2, 2 * RATE))], axis=1
    ).astype(np.float32)
    path = write_sound(tmp_path / "a.flac", values, RATE, "flac")
    plan = validate_graph(configured_graph("recorder", **settings))
    MakeRecording(library, "take", SoundFileSource(path), plan).run()
    recording = library.find("take")
    [event] = library.events(recording)
    assert event.label == "high"
    assert event.onset_us == pytest.approx(2_000_000, abs=200_000)
    assert event.offset_us == pytest.approx(4_000_000, abs=200_000)
    assert len(library.bars(recording)) == pytest.approx(120, abs=2)
    said = library.words(recording)
    assert said
    assert all(0 <= row.start_us < row.end_us <= 6_100_000 for row in said)
    assert search_library(library, said[0].word).words >= 1
    assert recording.duration_us == 6_000_000
