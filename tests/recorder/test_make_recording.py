import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.recorder import Library, LibraryError, MakeRecording
from flowlace.recorder.library import is_locked
from flowlace.recorder.make_recording import sound_input
from flowlace.sources.registry import open_source
from flowlace.sources.sound_file import SoundFileSource
from flowlace.sources.source import Frame, Source, SourceError
from flowlace.sources.testsrc.sounds import SoundsOptions, SoundsSource
from tests.recorder import heard
from tests.recorder.conftest import Record
from tests.sources.sounds import joined


def test_the_sound_is_kept_bit_by_bit(record: Record) -> None:
    recording = record("take")
    with SoundFileSource(recording.audio) as source:
        values = joined(list(source))
    assert np.array_equal(values, SoundsSource(SoundsOptions(seconds=8)).samples(0, 128_000))
    assert (recording.duration_us, recording.state) == (8_000_000, "complete")
    assert recording.source == "testsrc:sounds"


def test_what_was_heard_is_kept(record: Record, library: Library) -> None:
    recording = record("take")
    truth = SoundsSource(SoundsOptions(seconds=8)).truth()
    events, bars = library.events(recording), library.bars(recording)
    assert {event.label for event in events} == {"loud_sound"}
    for true in truth[:2]:
        assert any(abs(event.onset_us - true.onset_us) <= 50_000 for event in events)
    assert [bar.timestamp_us for bar in bars] == [50_000 * n for n in range(160)]
    assert {bar.label for bar in bars} == {"", "loud_sound"}
    assert max(bar.score for bar in bars) == pytest.approx(0.75, abs=0.003)
    assert all(math.isfinite(bar.dbfs) for bar in bars)


def test_what_was_said_is_kept_with_its_times(record: Record, library: Library) -> None:
    words = library.words(record("take"))
    assert [row.word for row in words] == heard.TEXT[:7]
    assert [row.start_us for row in words] == [100_000 + 1_000_000 * n for n in range(7)]
    assert [row.segment_id for row in words] == [0, 0, 0, 0, 1, 1, 1]
    assert {row.confidence for row in words} == {None}


class Late(Source):
    """A scene that begins late in the time of the stream and stops with an error, if any."""

    def __init__(self, start_us: int, error: Exception | None = None, frames: int = 100) -> None:
        self._scene = SoundsSource(SoundsOptions(seconds=8))
        self.info, self.counts = self._scene.info, self._scene.counts
        self.header, self.medium = self._scene.header, self._scene.medium
        self._start_us, self._error, self._left = start_us, error, frames

    def read(self, timeout_s: float | None = None) -> Frame | None:
        self._left -= 1
        if self._left < 0:
            if self._error is not None:
                raise self._error
            return None
        frame = self._scene.read()
        return frame and Frame(frame.payload, frame.timestamp_us + self._start_us)

    def close(self) -> None:
        self._scene.close()


def test_times_count_from_the_start_of_the_recording(library: Library, plan: GraphPlan) -> None:
    MakeRecording(library, "late", Late(90_000_000), plan).run()
    recording = library.find("late")
    assert library.words(recording)[0].start_us == 100_000
    assert library.bars(recording)[0].timestamp_us == 0
    assert recording.duration_us == 5_000_000


def test_a_source_that_fails_leaves_what_was_recorded(library: Library, plan: GraphPlan) -> None:
    making = MakeRecording(library, "half", Late(0, SourceError("the plug was pulled")), plan)
    with pytest.raises(SourceError, match="the plug was pulled"):
        making.run()
    recording = library.find("half")
    assert (recording.state, recording.duration_us) == ("interrupted", 5_000_000)
    assert len(library.words(recording)) == 4
    assert not is_locked(recording.audio)


def test_without_any_sound_nothing_stays(library: Library, plan: GraphPlan) -> None:
    making = MakeRecording(library, "none", Late(0, SourceError("no microphone"), 0), plan)
    with pytest.raises(SourceError, match="no microphone"):
        making.run()
    assert library.recordings() == []
    assert list(library.audio_folder.iterdir()) == []


def test_a_recording_ends_after_so_many_seconds(library: Library, plan: GraphPlan) -> None:
    source = open_source("testsrc:sounds?seconds=0")
    MakeRecording(library, "short", source, plan, seconds=2).run()
    assert library.find("short").duration_us == pytest.approx(2_000_000, abs=100_000)


def test_while_it_is_made_it_can_be_seen_and_searched_but_not_removed(
    library: Library, plan: GraphPlan
) -> None:
    added, may_go_on = threading.Event(), threading.Event()

    def look(frame: Frame) -> None:
        if frame.timestamp_us >= 3_000_000:
            added.set()
            assert may_go_on.wait(20)

    class Fast:
        """A clock on which a second passes with each look."""

        now = 0

        def now_us(self) -> int:
            self.now += 1_000_000
            return self.now

        def sleep_us(self, duration_us: int) -> None: ...

        def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
            return event.wait()

    source = open_source("testsrc:sounds?seconds=8")
    making = MakeRecording(library, "now", source, plan, clock=Fast(), on_frame=look)
    thread = threading.Thread(target=making.run)
    thread.start()
    assert added.wait(20)
    with Library(library.folder) as other:
        recording = other.find("now")
        assert recording.state == "recording"
        assert recording.duration_us > 2_000_000
        assert other.words(recording)
        with pytest.raises(LibraryError, match="'now' is being recorded just now"):
            other.remove(recording)
    may_go_on.set()
    thread.join(20)
    assert library.find("now").state == "complete"


def test_a_name_that_is_taken_is_an_error(
    record: Record, library: Library, plan: GraphPlan
) -> None:
    record("take")
    with pytest.raises(LibraryError, match="called 'take' already"):
        MakeRecording(library, "TAKE", Late(0), plan)


def test_a_sound_file_the_library_does_not_know_is_not_overwritten(
    library: Library, plan: GraphPlan
) -> None:
    (library.audio_folder / "take.flac").write_bytes(b"mine")
    with pytest.raises(LibraryError, match="does not know it; flowlace recorder repair"):
        MakeRecording(library, "take", Late(0), plan)
    assert (library.audio_folder / "take.flac").read_bytes() == b"mine"


PASS = 'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }'


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (f'input_stream: "a" output_stream: "b" {PASS}', "takes sound on one input; this has 0"),
        (heard.GRAPH.replace('output_stream: "words"\n', "").replace(
            'output_stream: "bars"\n', "").replace('output_stream: "events"\n', ""),
            "has outputs events, bars, words, or some of them; this has: none"),
    ],
)  # fmt: skip
def test_a_graph_that_does_not_fit_is_an_error(graph: str, message: str) -> None:
    with pytest.raises(LibraryError, match=message):
        sound_input(validate_graph(graph))


def test_a_graph_may_give_less_than_all(library: Library) -> None:
    text = heard.GRAPH.replace('output_stream: "words"\n', "").replace(
        '  output_stream: "WORDS:words"\n', '  output_stream: "WORDS:said"\n'
    )
    MakeRecording(library, "take", Late(0), validate_graph(text)).run()
    assert library.bars(library.find("take"))
    assert library.words(library.find("take")) == []


RECORDER = """
import sys
from flowlace.framework.validation import validate_graph
from flowlace.recorder import Library, MakeRecording
from flowlace.sources.registry import open_source
from tests.recorder import heard

source = open_source("testsrc:sounds?seconds=0&live=1")
with Library(sys.argv[1], create=True) as library:
    making = MakeRecording(library, "killed", source, validate_graph(heard.GRAPH),
                           on_frame=lambda frame: print(frame.timestamp_us, flush=True))
    making.run()
"""


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, float]:
    """A library whose recorder was killed, and how many seconds it had recorded."""
    folder = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(folder)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    stamps = [int(process.stdout.readline())]
    while stamps[-1] - stamps[0] < 3_600_000:
        stamps.append(int(process.stdout.readline()))
    os.kill(process.pid, signal.SIGKILL)
    stamps += [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    return folder, (stamps[-1] - stamps[0]) / 1e6 + 0.05


def test_a_killed_recording_loses_at_most_the_last_second(killed: tuple[Path, float]) -> None:
    folder, recorded_s = killed
    with Library(folder) as library:
        recording = library.find("killed")
        assert (recording.state, recording.notes) == ("interrupted", "it was cut off")
        assert recorded_s - 1 <= recording.duration_us / 1e6 <= recorded_s + 0.1
        bars = library.bars(recording)
        assert recorded_s - 1 <= len(bars) * 0.05 <= recorded_s + 0.1
        assert [row.word for row in library.words(recording)][:2] == ["the", "quick"]
    with SoundFileSource(recording.audio) as source:
        frames = list(source)
        assert source.info.duration_us == recording.duration_us
    assert joined(frames).shape[1] / 16_000 == pytest.approx(recording.duration_us / 1e6)


def test_a_recording_of_another_process_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(folder)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with Library(folder) as library:
            assert library.find("killed").state == "recording"
    finally:
        process.kill()
        process.communicate()


def test_notes_tell_what_was_noticed(library: Library, plan: GraphPlan) -> None:
    source: Any = Late(0)
    source.counts.flaws["device_overrun"] = 2
    source.counts.reconnects = 1
    MakeRecording(library, "take", source, plan).run()
    assert library.find("take").notes == "2 device_overrun, 1 reconnects"


def test_the_time_of_a_recording_is_that_of_the_world(record: Record) -> None:
    started_at = record("take").started_at
    assert started_at[:13] in {
        time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() - late_s)) for late_s in (0, 60)
    }
    assert json.dumps(started_at).endswith('+00:00"')
