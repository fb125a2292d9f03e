import threading
from typing import Any

import pytest

from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.transcript import WordRow
from flowlace.framework.clock import MonotonicClock
from flowlace.recorder import Library, Recording
from flowlace.recorder.recording_writer import COMMIT_EVERY_US, RecordingWriter, RowSink
from flowlace.sinks import SinkError


class HandClock:
    """Stands still until it is set."""

    now = 0

    def now_us(self) -> int:
        return self.now

    def sleep_us(self, duration_us: int) -> None: ...

    def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
        return event.wait()


@pytest.fixture
def recording(library: Library) -> Recording:
    return library.add("take", "test", "2026-01-01T00:00:00+00:00")


def word(text: str, start_us: int = 0, segment: int = 0) -> WordRow:
    return WordRow(
        start_us=start_us, end_us=start_us + 9, word=text, confidence=0.5, segment_id=segment
    )


def event(onset_us: int) -> SoundEvent:
    return SoundEvent(onset_us=onset_us, offset_us=onset_us + 5, label="dog", score=0.5)


def texts(library: Library) -> list[str]:
    rows = library.connection.execute("SELECT text FROM segments ORDER BY id")
    return [row[0] for row in rows]


def test_rows_are_there_for_others_after_half_a_second(
    library: Library, recording: Recording
) -> None:
    clock = HandClock()
    writer = RecordingWriter(library, recording, clock)
    writer.start(0)
    writer.add([event(7)])
    before = len(library.events(recording))
    clock.now = COMMIT_EVERY_US
    writer.grow(50_000)
    assert (before, len(library.events(recording))) == (0, 1)
    assert library.find("take").duration_us == 50_000
    writer.close()


def test_others_may_write_while_a_recording_is_made(library: Library, recording: Recording) -> None:
    writer = RecordingWriter(library, recording, HandClock())
    writer.start(0)
    writer.add([event(7), word("fox")])
    library.connection.execute("PRAGMA busy_timeout = 0")
    library.set_tags(recording, ["live"])
    writer.close()
    assert library.find("take").tags == ("live",)


def test_what_comes_before_the_start_is_known_waits_for_it(
    library: Library, recording: Recording
) -> None:
    clock = HandClock()
    writer = RecordingWriter(library, recording, clock)
    clock.now = 10 * COMMIT_EVERY_US
    writer.add([event(1_000_007)])
    writer.start(1_000_000)
    writer.start(5_000_000)
    writer.add([event(500)])
    writer.close()
    assert [one.onset_us for one in library.events(recording)] == [0, 7]


def test_a_segment_grows_word_by_word(library: Library, recording: Recording) -> None:
    clock = HandClock()
    writer = RecordingWriter(library, recording, clock)
    writer.start(0)
    for number, text in enumerate(["the", "quick", "fox"]):
        clock.now += COMMIT_EVERY_US
        writer.add([word(text, number)])
    assert texts(library) == ["the quick fox"]
    writer.add([word("next", 50, segment=1)])
    writer.close()
    assert texts(library) == ["the quick fox", "next"]
    library.connection.execute("INSERT INTO spoken (spoken, rank) VALUES ('integrity-check', 1)")


def test_a_segment_without_end_is_cut(library: Library, recording: Recording) -> None:
    writer = RecordingWriter(library, recording, MonotonicClock())
    writer.start(0)
    writer.add(word(f"w{n}", n) for n in range(100))
    writer.close()
    assert [len(text.split()) for text in texts(library)] == [40, 40, 20]
    assert [row.word for row in library.words(recording)] == [f"w{n}" for n in range(100)]


def test_words_without_letters_and_with_spaces_keep_their_places(
    library: Library, recording: Recording
) -> None:
    writer = RecordingWriter(library, recording, MonotonicClock())
    writer.start(0)
    writer.add([word("a  b"), word(" "), word("c", 5)])
    writer.close()
    assert texts(library) == ["a\u00a0b c"]


def test_half_characters_of_a_word_do_not_stop_a_recording(
    library: Library, recording: Recording
) -> None:
    writer = RecordingWriter(library, recording, MonotonicClock())
    writer.start(0)
    writer.add([word("caf\ud800"), word("open", 5)])
    writer.close()
    assert texts(library) == ["caf? open"]


def test_bars_of_a_minute_are_added_to(library: Library, recording: Recording) -> None:
    clock = HandClock()
    writer = RecordingWriter(library, recording, clock)
    writer.start(0)
    for number in range(1300):
        clock.now += COMMIT_EVERY_US // 3
        bar = SoundBar(timestamp_us=50_000 * number, label="", score=0, dbfs=-20)
        writer.add([bar])
    writer.close()
    bars = library.bars(recording)
    assert [bar.timestamp_us for bar in bars] == [50_000 * n for n in range(1300)]


def test_labels_are_shared_with_other_recordings(library: Library, recording: Recording) -> None:
    other = library.add("other", "test", "2026-01-01T00:00:00+00:00")
    writers = [RecordingWriter(library, one, MonotonicClock()) for one in (recording, other)]
    for writer in writers:
        writer.start(0)
        writer.add([event(1)])
        writer.close()
    assert library.connection.execute("SELECT name FROM labels").fetchall() == [("dog",)]


@pytest.mark.parametrize("payload", ["dog", [{"word": "fox"}]])
def test_what_a_library_does_not_keep_is_an_error(
    payload: Any, library: Library, recording: Recording
) -> None:
    writer = RecordingWriter(library, recording, MonotonicClock())
    sink = RowSink(writer, "events")
    with pytest.raises(SinkError, match=r"stream 'events' at 7 µs: a library keeps no (str|dict)"):
        sink.write(7, payload)
    writer.close()


def test_a_sink_takes_rows_and_lists_of_rows(library: Library, recording: Recording) -> None:
    writer = RecordingWriter(library, recording, MonotonicClock())
    writer.start(0)
    with RowSink(writer, "events") as sink:
        sink.write(0, event(1))
        sink.write(1, [event(2), event(3)])
        sink.write(2, [])
        assert sink.counts.written == 3
    writer.close()
    assert len(library.events(recording)) == 3
