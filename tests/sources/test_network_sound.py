"""Sound of network streams, on a real server of this machine that sends Matroska as it goes."""

import io
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from flowlace.framework.clock import MonotonicClock
from flowlace.sources import Frame, Source, SourceError
from flowlace.sources.registry import open_source, open_sources
from flowlace.sources.source import Medium
from flowlace.sources.stream_keeper import ReconnectPolicy
from tests.sources.sounds import ends_us, joined, tone, write_sound

RATE = 16_000
LIVE = {"pictures": Medium.PICTURES, "sounds": Medium.SOUND}


def film(seconds: float, *, flash_at_s: float, has_sound: bool = True) -> bytes:
    """Pictures turn white and sound sets in at the same moment."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", options={"live": "1"}) as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 1
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono") if has_sound else None
        for index in range(round(25 * seconds)):
            is_on = index / 25 >= flash_at_s
            picture = np.full((48, 64, 3), 255 * is_on, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
            if sound is not None:
                values = np.full((1, RATE // 25), 16_384 * is_on, np.int16)
                block = av.AudioFrame.from_ndarray(values, "s16", "mono")
                block.sample_rate, block.pts = RATE, index * RATE // 25
                block.time_base = Fraction(1, RATE)
                container.mux(sound.encode(block))
        container.mux(video.encode(None))
    return file.getvalue()


class Server:
    """Sends a film in small pieces, then hangs up; counts its visitors."""

    def __init__(self, content: bytes, *, states_length: bool = False) -> None:
        self.visits = 0
        self.is_over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.visits += 1
                self.send_response(200)
                if states_length:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                for start in range(0, len(content), 4096):
                    if server.is_over.wait(0.002):
                        return
                    try:
                        self.wfile.write(content[start : start + 4096])
                    except OSError:
                        return

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/live"

    def close(self) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReconnectPolicy, "backoff", lambda _: _QuickBackoff())


class _QuickBackoff:
    def next_us(self) -> int:
        return 10_000

    def reset(self) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(film(2, flash_at_s=1))
    yield one
    one.close()


def read_until_second_visit(source: Source, server: Server, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while server.visits < 2 or len(frames) < count:
        frame = source.read(timeout_s=10)
        assert frame is not None
        frames.append(frame)
    return frames


def test_pictures_and_sound_come_over_one_connection_and_agree(server: Server) -> None:
    urls = dict.fromkeys(LIVE, f"{server.url}#read_timeout_s=2")
    opened = open_sources(urls, MonotonicClock(), LIVE)
    seen: list[tuple[bool, int]] = []

    def watch() -> None:
        while (frame := opened["pictures"].read(10)) is not None:
            seen.append((bool(frame.payload.pixels[0, 0, 0] > 128), frame.timestamp_us))

    watcher = threading.Thread(target=watch)
    watcher.start()
    heard = [opened["sounds"].read(10) for _ in range(35)]
    visits = server.visits
    for source in opened.values():
        source.close()
    watcher.join()
    values = joined([frame for frame in heard if frame])[0]
    start = heard[0]
    assert start is not None
    set_in_us = start.timestamp_us + np.argmax(values > 0.25) * 1e6 / RATE
    white = [time_us for is_white, time_us in seen if is_white]
    dark = [time_us for is_white, time_us in seen if not is_white and time_us < white[0]]
    assert visits == 1
    # Pictures may be dropped, so the flash lies between the last dark and the first white one.
    assert dark[-1] < set_in_us < white[0] + 1000


def test_sound_goes_on_after_the_connection_broke_with_a_gap(server: Server) -> None:
    with open_source(f"{server.url}#rate=8000", wants=Medium.SOUND) as source:
        frames = read_until_second_visit(source, server, 50)
        source.close()
        frames += list(source)
        counts = source.counts
    ends = ends_us(frames, 8000)
    steps = [after.timestamp_us - end for end, after in zip(ends, frames[1:], strict=False)]
    assert counts.reconnects >= 1
    assert counts.dropped == 0
    assert min(steps) >= -1
    assert source.header is not None
    assert source.header.sample_rate == 8000.0


def test_sound_without_a_reader_keeps_the_newest_seconds(server: Server) -> None:
    with open_source(f"{server.url}#buffer_s=0.5", wants=Medium.SOUND) as source:
        give_up = time.monotonic() + 10
        while source.counts.dropped < 20:
            assert time.monotonic() < give_up
            time.sleep(0.005)
        frame = source.read(1)
    assert frame is not None
    assert frame.timestamp_us > 500_000


def test_a_camera_without_sound_is_an_error_for_both() -> None:
    server = Server(film(0.5, flash_at_s=0, has_sound=False))
    try:
        urls = dict.fromkeys(LIVE, f"{server.url}#first_tries=1")
        opened = open_sources(urls, MonotonicClock(), LIVE)
        for source in opened.values():
            with source, pytest.raises(SourceError, match="the stream holds no sound"):
                source.read(10)
    finally:
        server.close()


def test_closing_one_of_two_leaves_the_other(server: Server) -> None:
    urls = dict.fromkeys(LIVE, server.url)
    opened = open_sources(urls, MonotonicClock(), LIVE)
    with opened["sounds"] as sounds:
        opened["pictures"].close()
        assert sounds.read(10) is not None


def test_both_must_ask_for_the_same_connection(server: Server) -> None:
    urls = {"pictures": server.url, "sounds": f"{server.url}#watchdog_s=3&rate=8000"}
    with pytest.raises(SourceError, match=r"watchdog_s is 10.0 for the pictures and 3.0"):
        open_sources(urls, MonotonicClock(), LIVE)
    assert server.visits == 0


def test_what_was_opened_is_closed_when_another_can_not_be(server: Server) -> None:
    urls = {"pictures": server.url, "sounds": server.url, "more": "gone.wav"}
    with pytest.raises(SourceError, match=r"gone\.wav"):
        open_sources(urls, MonotonicClock(), LIVE)


@pytest.mark.parametrize("states_length", [True, False])
def test_a_sound_file_on_a_server_is_a_file_and_a_radio_station_is_not(
    states_length: bool, tmp_path: Path
) -> None:
    path = write_sound(tmp_path / "a.opus", tone(96_000, 48_000), 48_000, "libopus")
    server = Server(path.read_bytes(), states_length=states_length)
    try:
        url = server.url.replace("/live", "/live.mp3" if not states_length else "/a.opus")
        with open_source(url, wants=Medium.SOUND) as source:
            assert source.is_live != states_length
            assert source.read(10) is not None
    finally:
        server.close()
