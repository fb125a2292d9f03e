"""The packaged transcription graph: any rate and channels in, one row a word out."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from flowlace.framework.clock import MonotonicClock
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.validation import validate_graph
from flowlace.runner.graph_runner import BoundSink, GraphRunner
from flowlace.runner.node_settings import configured_graph
from flowlace.sinks.registry import open_sink
from flowlace.sources.registry import open_source
from flowlace.transcription import opens_transcriber, registry
from tests.transcription.fake_engine import FakeTranscriber
from tests.transcription.real_speech import asr_folder
from tests.transcription.voices import RATE_HZ, joined, noise, voice

TALK = joined(noise(1), voice(2.2), noise(1.3), voice(1.2), noise(1))


def words_of(source: Path, folder: Path, *settings: str) -> list[dict[str, object]]:
    """Returns the rows of words that `flowlace run transcription` writes, and tags to a file."""
    lines, tags = folder / f"{source.stem}.jsonl", folder / "tags.jsonl"
    plan = validate_graph(configured_graph("transcription", [], list(settings)))
    runner = GraphRunner(
        CalculatorGraph(plan),
        {"sounds": open_source(str(source), MonotonicClock())},
        [
            BoundSink(stream, str(path), open_sink(str(path)))
            for stream, path in (("words", lines), ("tags", tags))
        ],
    )
    runner.run()
    return [json.loads(line) for line in lines.read_text().splitlines()]


def written(folder: Path, name: str, rate_hz: int, channels: int) -> Path:
    """Writes the talk as a WAV file of that rate, louder on the left than on the right."""
    places = np.arange(round(len(TALK) * rate_hz / RATE_HZ)) * RATE_HZ / rate_hz
    mono = np.interp(places, np.arange(len(TALK)), TALK)
    frames = np.stack([mono * (1 - 0.3 * channel) for channel in range(channels)], axis=1)
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.rint(32767 * frames).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_any_rate_and_number_of_channels_gives_words_with_the_same_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: int, channels: int
) -> None:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))
    opens_transcriber("fake")(FakeTranscriber)
    source = written(tmp_path, f"talk{rate_hz}", rate_hz, channels)
    rows = words_of(source, tmp_path, "transcriber.engine=fake")
    assert [row["word"] for row in rows] == ["w0", "w1", "w2", "w0", "w1"]
    starts = [row["start_us"] for row in rows]
    assert starts == pytest.approx([0.7e6, 1.7e6, 2.7e6, 4.2e6, 5.2e6], abs=50_000)
    assert set(rows[0]) == {
        "timestamp_us", "start_us", "end_us", "word", "confidence", "segment_id",
    }  # fmt: skip


@pytest.mark.data
@pytest.mark.slow
def test_the_built_in_engine_writes_what_was_said(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="needs the extra flowlace[speech]")
    rows = words_of(asr_folder() / "sonnet2.flac", tmp_path)
    words = [row["word"] for row in rows]
    assert len(words) > 60
    assert {"thy", "beauty"} & set(words)
    starts = [row["start_us"] for row in rows]
    assert starts == sorted(starts)
    assert max(row["end_us"] for row in rows) < 54e6
    tags = [json.loads(line) for line in (tmp_path / "tags.jsonl").read_text().splitlines()]
    assert len(tags) == 3
    assert {one["timestamp_us"] for one in tags} == {rows[-1]["timestamp_us"]}
