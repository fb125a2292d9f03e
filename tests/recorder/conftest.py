from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.transcript import WordRow
from flowlace.framework.clock import MonotonicClock
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.recorder import Library, MakeRecording, Recording
from flowlace.recorder.recording_writer import RecordingWriter
from flowlace.sources.registry import open_source
from tests.recorder import heard


@pytest.fixture
def plan() -> GraphPlan:
    return validate_graph(heard.GRAPH)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library", create=True) as opened:
        yield opened


Record = Callable[..., Recording]


@pytest.fixture
def record(library: Library, plan: GraphPlan) -> Record:
    """Records some seconds of the test scene."""

    def make(name: str, seconds: float = 8, seed: int = 1) -> Recording:
        source = open_source(f"testsrc:sounds?seconds={seconds}&seed={seed}")
        MakeRecording(library, name, source, plan).run()
        return library.find(name)

    return make


Say = Callable[..., Recording]


@pytest.fixture
def say(library: Library) -> Say:
    """Adds a recording of texts, a word each half second, and of sounds `(label, onset_s)`."""

    def make(
        name: str, *texts: str, sounds: tuple[tuple[str, float], ...] = (), score: float = 0.5
    ) -> Recording:
        recording = library.add(name, "test", "2026-01-01T00:00:00+00:00")
        writer = RecordingWriter(library, recording, MonotonicClock())
        writer.start(0)
        start_us = 0
        for number, text in enumerate(texts):
            for word in text.split(" "):
                row = WordRow(
                    start_us=start_us, end_us=start_us + 400_000, word=word, confidence=0.5,
                    segment_id=number,
                )  # fmt: skip
                writer.add([row])
                start_us += 500_000
        for label, onset_s in sounds:
            onset_us = round(onset_s * 1e6)
            event = SoundEvent(
                onset_us=onset_us, offset_us=onset_us + 500_000, label=label, score=score
            )
            writer.add([event])
        writer.close()
        library.finish(recording, max(start_us, 1_000_000), "complete")
        return library.find(name)

    return make
