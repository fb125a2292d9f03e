import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat
from flowlace.sources.reconnecting import ReconnectingSource
from flowlace.sources.source import SourceError, SourceTimeoutError
from flowlace.sources.stream_keeper import ReconnectPolicy

SECOND_US = 1_000_000
_END = object()


def gray(value: int) -> Image:
    if value < 0:
        raise ValueError("the picture is broken")
    return Image(ImageFormat.GRAY8, np.full((2, 3), value, np.uint8))


class FakeStream:
    """Gives what it is fed: numbers are frames, an exception ends it with a bang."""

    def __init__(self) -> None:
        self.fed: queue.Queue[Any] = queue.Queue()
        self.is_closed = threading.Event()

    def feed(self, *items: Any) -> "FakeStream":
        for item in items:
            self.fed.put(item)
        return self

    def end(self) -> None:
        self.fed.put(_END)

    def __iter__(self) -> Iterator[int]:
        while (item := self.fed.get()) is not _END:
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        self.is_closed.set()


class FakeCamera:
    """Connects to one stream after the other; an exception in the list is a refusal."""

    def __init__(self, *streams: FakeStream | Exception) -> None:
        self._streams = list(streams)
        self.streams = [one for one in streams if isinstance(one, FakeStream)]
        self.opened = 0

    def __call__(self) -> FakeStream:
        self.opened += 1
        stream = self._streams.pop(0) if self._streams else OSError("no route to host")
        if isinstance(stream, Exception):
            raise stream
        return stream

    def source(self, clock: Any, **policy: Any) -> ReconnectingSource[int]:
        return _EndingSource("door", self, gray, clock, ReconnectPolicy(**policy))


class _EndingSource(ReconnectingSource[int]):
    """Ends the fake streams before it closes, so that no test waits for a stuck reader."""

    def close(self) -> None:
        for stream in self._keeper.open_stream.streams:  # type: ignore[attr-defined]
            stream.end()
        super().close()


@pytest.fixture
def streams() -> Iterator[list[FakeStream]]:
    made = [FakeStream() for _ in range(6)]
    yield made
    for one in made:
        one.end()


def values(source: ReconnectingSource[int], count: int) -> list[int]:
    return [
        int(frame.payload.pixels[0, 0]) for frame in (source.read() for _ in range(count)) if frame
    ]


def test_a_frame_has_the_time_of_its_arrival(clock: Any, streams: list[FakeStream]) -> None:
    clock.advance_us(70)
    with FakeCamera(streams[0]).source(clock) as source:
        streams[0].feed(5)
        frame = source.read()
        assert frame is not None
        assert (frame.timestamp_us, frame.payload) == (70, gray(5))


def test_learns_its_size_from_the_first_frame(clock: Any, streams: list[FakeStream]) -> None:
    with FakeCamera(streams[0]).source(clock) as source:
        before = source.info.width_px
        streams[0].feed(1)
        source.read()
        assert (before, source.info.width_px, source.info.height_px) == (None, 3, 2)


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    with FakeCamera(streams[0]).source(clock) as source:
        streams[0].feed(1, 2, 3)
        until(lambda: source.counts.dropped == 2)
        assert (values(source, 1), source.counts.read) == ([3], 1)


def test_timestamps_grow_also_when_the_clock_stands(clock: Any, streams: list[FakeStream]) -> None:
    with FakeCamera(streams[0]).source(clock) as source:
        streams[0].feed(1)
        first = source.read()
        streams[0].feed(2)
        second = source.read()
        assert first is not None
        assert second is not None
        assert (first.timestamp_us, second.timestamp_us) == (0, 1)


def test_opens_again_after_the_delay_and_not_before(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0], streams[1])
    with camera.source(clock, first_delay_s=1) as source:
        streams[0].feed(1)
        values(source, 1)
        streams[0].feed(OSError("connection reset"))
        until(lambda: streams[0].is_closed.is_set())
        clock.until_paused(source)
        clock.advance_us(SECOND_US * 7 // 10)
        opened_too_early = camera.opened
        clock.advance_us(SECOND_US * 6 // 10)
        until(lambda: camera.opened == 2)
        assert (opened_too_early, source.counts.reconnects) == (1, 1)


def test_a_gap_in_the_stream_is_a_gap_in_the_timestamps(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0], streams[1])
    with camera.source(clock) as source:
        streams[0].feed(1)
        first = source.read()
        streams[0].end()
        until(lambda: streams[0].is_closed.is_set())
        clock.until_paused(source)
        clock.advance_us(40 * SECOND_US)
        streams[1].feed(2)
        second = source.read()
        assert first is not None
        assert second is not None
        assert second.timestamp_us - first.timestamp_us == 40 * SECOND_US


def test_says_in_the_log_why_it_tries_again_and_when(
    clock: Any,
    streams: list[FakeStream],
    until: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        caplog.at_level(logging.WARNING, "flowlace.sources"),
        FakeCamera(streams[0]).source(clock, first_delay_s=2) as source,
    ):
        streams[0].feed(1)
        values(source, 1)
        streams[0].feed(OSError("connection reset"))
        until(lambda: len(caplog.messages) == 1)
    assert caplog.messages[0].startswith("door: connection reset; trying again in ")


def test_replaces_a_reader_that_falls_silent(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0], streams[1])
    with camera.source(clock, watchdog_s=20) as source:
        streams[0].feed(1)
        values(source, 1)
        clock.until_watched(source)
        clock.advance_us(20 * SECOND_US)  # silent for long: the delay follows
        clock.until_paused(source)
        clock.advance_us(SECOND_US)
        until(lambda: camera.opened == 2)
        streams[1].feed(2)
        assert (values(source, 1), source.counts.reconnects) == ([2], 1)


def test_frames_of_a_replaced_reader_are_ignored_and_it_closes_its_stream(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0], streams[1])
    with camera.source(clock, watchdog_s=20) as source:
        clock.until_watched(source)
        clock.advance_us(20 * SECOND_US)
        clock.until_paused(source)
        clock.advance_us(SECOND_US)
        until(lambda: camera.opened == 2)
        streams[0].feed(66)
        until(lambda: streams[0].is_closed.is_set())
        streams[1].feed(2)
        assert values(source, 1) == [2]


def test_a_reader_that_gives_frames_is_left_alone(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0], streams[1])
    with camera.source(clock, watchdog_s=10) as source:
        for value in range(4):
            streams[0].feed(value)
            values(source, 1)
            clock.until_watched(source)
            clock.advance_us(6 * SECOND_US)
        assert (camera.opened, source.counts.reconnects) == (1, 0)


def test_gives_up_on_a_stream_that_never_was_there(clock: Any) -> None:
    camera = FakeCamera(OSError("refused"), OSError("refused"), OSError("name not known"))
    with camera.source(clock, first_tries=3, first_delay_s=0) as source:
        with pytest.raises(
            SourceError, match="'door': no frame after 3 tries; the last: name not known"
        ):
            source.read()
        assert camera.opened == 3


def test_never_gives_up_on_a_stream_that_was_there(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(streams[0])
    with camera.source(clock, first_tries=3, first_delay_s=0) as source:
        streams[0].feed(1)
        values(source, 1)
        streams[0].end()
        until(lambda: camera.opened > 10)


def test_delays_start_small_again_once_frames_have_come(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    camera = FakeCamera(OSError("refused"), OSError("refused"), streams[0], streams[1])
    with camera.source(clock, first_delay_s=10, watchdog_s=1000) as source:
        for delay_s in (12, 24):
            clock.until_paused(source)
            clock.advance_us(delay_s * SECOND_US)
            until(lambda seen=camera.opened: camera.opened > seen)
        streams[0].feed(1)
        values(source, 1)
        streams[0].end()
        until(lambda: streams[0].is_closed.is_set())
        clock.until_paused(source)
        clock.advance_us(12 * SECOND_US)
        until(lambda: camera.opened == 4)


def test_a_frame_that_is_no_picture_is_skipped_and_counted(
    clock: Any, streams: list[FakeStream], until: Callable[..., None]
) -> None:
    with FakeCamera(streams[0]).source(clock) as source:
        streams[0].feed(-1)
        until(lambda: len(source._box._items) > 0)
        threading.Timer(0.01, streams[0].feed, (4,)).start()
        assert (values(source, 1), dict(source.counts.skipped)) == ([4], {"corrupt": 1})


def test_says_when_no_frame_came_in_time(clock: Any, streams: list[FakeStream]) -> None:
    with (
        FakeCamera(streams[0]).source(clock) as source,
        pytest.raises(SourceTimeoutError, match="'door': no frame in time"),
    ):
        source.read(timeout_s=0)


def test_closing_ends_a_read_in_another_thread(clock: Any, streams: list[FakeStream]) -> None:
    source = FakeCamera(streams[0]).source(clock)
    got: list[Any] = ["nothing yet"]
    reader = threading.Thread(target=lambda: got.append(source.read()))
    reader.start()
    streams[0].end()
    source.close()
    reader.join(5)
    assert got == ["nothing yet", None]


def test_closing_takes_less_than_a_second_while_connecting_hangs(clock: Any) -> None:
    answer = threading.Event()

    def connect() -> FakeStream:
        answer.wait(30)
        raise OSError("never")

    source = ReconnectingSource("door", connect, gray, clock)
    clock.until_watched(source)
    started = time.monotonic()
    source.close()
    took_s = time.monotonic() - started
    answer.set()
    assert took_s < 1.0


def test_may_be_closed_again(clock: Any, streams: list[FakeStream]) -> None:
    source = FakeCamera(streams[0]).source(clock)
    streams[0].end()
    source.close()
    source.close()
    assert source.read() is None


def test_the_stream_is_closed_by_the_thread_that_read_it(
    clock: Any, streams: list[FakeStream]
) -> None:
    closers: list[str] = []

    class Noting(FakeStream):
        def close(self) -> None:
            closers.append(threading.current_thread().name)

    stream = Noting()
    source = FakeCamera(stream).source(clock)
    stream.feed(1)
    values(source, 1)
    stream.end()
    source.close()
    assert closers == ["read stream"]


def test_stuck_readers_do_not_pile_up(clock: Any, until: Callable[..., None]) -> None:
    answer = threading.Event()
    connects: list[int] = []

    def connect() -> FakeStream:
        connects.append(1)
        answer.wait(30)
        raise OSError("never")

    source = ReconnectingSource(
        "door", connect, gray, clock, ReconnectPolicy(first_tries=0, watchdog_s=1)
    )
    for _ in range(4):
        clock.until_watched(source)
        clock.advance_us(SECOND_US)
        clock.until_paused(source)
        clock.advance_us(60 * SECOND_US)
    for _ in range(20):
        clock.until_paused(source)
        clock.advance_us(60 * SECOND_US)
    source.close()
    answer.set()
    assert len(connects) == 4
