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
from tests.sources.sounds import write_sound
from tests.transcription.fake_engine import FakeTranscriber
from tests.transcription.voices import RATE_HZ, joined, noise, voice

HIGH = 0.3 * np.sin(2 * np.pi * 3000 * np.arange(2 * RATE_HZ) / RATE_HZ)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))
    opens_transcriber("fake")(FakeTranscriber)
    yield {
        "models": [f"sound_events__classifier={log_mel_model(tmp_path)}"],
        "settings": ["transcriber.engine=fake"],
    }
    assert threading.active_count() < 20


def test_keeps_sounds_bars_and_words_of_a_stereo_file(
    library: Library, tmp_path: Path, settings: dict[str, Any]
) -> None:
    sound = joined(noise(1), voice(2.2), noise(1.3), HIGH, noise(1)).astype(np.float32)
    path = write_sound(tmp_path / "a.flac", np.stack([sound, sound]), RATE_HZ, "flac")
    plan = validate_graph(configured_graph("recorder", **settings))
    MakeRecording(library, "take", SoundFileSource(path), plan).run()
    recording = library.find("take")
    [event] = [event for event in library.events(recording) if event.label == "high"]
    assert event.onset_us == pytest.approx(4_500_000, abs=300_000)
    assert event.offset_us == pytest.approx(6_500_000, abs=300_000)
    assert recording.duration_us == 7_500_000
    assert len(library.bars(recording)) == pytest.approx(150, abs=2)
    said = [row for row in library.words(recording) if row.segment_id == 0]
    assert [row.word for row in said] == ["w0", "w1", "w2"]
    assert said[0].start_us == pytest.approx(1_000_000, abs=400_000)
    assert said[-1].end_us == pytest.approx(3_200_000, abs=600_000)
    hits = search_library(library, "w1").hits
    assert (said[1].start_us, "w0 **w1** w2") in [(hit.start_us, hit.snippet) for hit in hits]
