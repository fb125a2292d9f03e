"""Tools for tests of sources: a clock that only moves when told, and small clips."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

PATIENCE_S = 5.0


class SteppedClock:
    """Stands still until `advance_us`; waiting threads wake when their time has come."""

    def __init__(self) -> None:
        self._now_us = 0
        self._lock = threading.Lock()
        self._awaited: list[threading.Event] = []

    def now_us(self) -> int:
        return self._now_us

    def sleep_us(self, duration_us: int) -> None:
        self.wait(threading.Event(), duration_us)

    def wait(self, event: threading.Event, timeout_us: int | None = None) -> bool:
        deadline_us = None if timeout_us is None else self._now_us + timeout_us
        with self._lock:
            self._awaited.append(event)
        try:
            while not event.wait(0.0005):
                if deadline_us is not None and self._now_us >= deadline_us:
                    return event.is_set()
            return True
        finally:
            with self._lock:
                self._awaited.remove(event)

    def advance_us(self, duration_us: int) -> None:
        self._now_us += duration_us

    def until_watched(self, source: Any) -> None:
        """Returns once a reconnecting source waits for a frame or for its watchdog."""
        keeper = source._keeper
        until(lambda: keeper._reader is not None and self._awaits(keeper._reader.is_over))

    def until_paused(self, source: Any) -> None:
        """Returns once a reconnecting source waits for its next try."""
        until(lambda: self._awaits(source._keeper._is_closed))

    def _awaits(self, event: threading.Event) -> bool:
        with self._lock:
            return event in self._awaited


def until(condition: Callable[[], bool]) -> None:
    """Returns once `condition` holds; fails after a while."""
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.0005)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], bool]], None]:
    return until


def picture(index: int, width: int, height: int) -> np.ndarray:
    """A bar that moves right over a slope: frames differ and have an up and a left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 1] = np.linspace(0, 200, height, dtype=np.uint8)[:, None]
    pixels[..., 2] = 60
    pixels[:, (index * 4) % width : (index * 4) % width + 6, 0] = 230
    return pixels


def write_frames(
    path: Path,
    ticks: Sequence[int],
    *,
    size: tuple[int, int] = (64, 48),
    tick: Fraction = Fraction(1, 1000),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    sizes: Sequence[tuple[int, int]] | None = None,
    options: dict[str, str] | None = None,
    gop: int = 12,
) -> Path:
    """Writes one frame for each of `ticks`, as they are: also doubled and backwards.

    Each packet gets its tick after encoding, so an encoder has no say in it.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.time_base = tick
        stream.codec_context.max_b_frames = 0
        stream.codec_context.gop_size = gop
        queued = list(ticks)

        def mux(packets: Sequence[av.Packet]) -> None:
            for packet in packets:
                packet.time_base = tick
                packet.pts = packet.dts = queued.pop(0)
                packet.stream = stream
                container.mux(packet)

        for index in range(len(ticks)):
            frame = av.VideoFrame.from_ndarray(picture(index, *size), "rgb24")
            frame.pts = index
            frame.time_base = Fraction(1, 25)
            mux(stream.encode(frame))
        mux(stream.encode(None))
    return path


@pytest.fixture(name="write_frames")
def write_frames_fixture() -> Callable[..., Path]:
    return write_frames


@pytest.fixture(name="picture")
def picture_fixture() -> Callable[[int, int, int], np.ndarray]:
    return picture


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real clips."""
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "video"
    if not folder.is_dir():
        pytest.skip(f"real clips are not here: {folder}")
    return folder


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    ours = [one for one in threading.enumerate() if one not in before]
    for one in ours:
        one.join(2.0)
    assert not [one.name for one in ours if one.is_alive()]
