import itertools
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from flowlace.framework.clock import MonotonicClock
from flowlace.sources import SourceError, open_source
from flowlace.sources.network import (
    NetworkOptions,
    NetworkStream,
    ffmpeg_options,
    network_source,
    without_password,
)
from flowlace.sources.stream_keeper import ReconnectPolicy
from flowlace.sources.video_file import VideoFileSource


class MjpegCamera:
    """A real server on this machine: MJPEG over HTTP that dies after some frames."""

    def __init__(self, frames_a_visit: int) -> None:
        self.visits = 0
        self.is_over = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.visits += 1
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                for number in itertools.count():
                    if number == frames_a_visit or camera.is_over.wait(0.005):
                        return  # the connection breaks without a word
                    jpeg = camera.jpeg(number)
                    head = "--frame\r\nContent-Type: image/jpeg\r\n"
                    head += f"Content-Length: {len(jpeg)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                    except OSError:
                        return

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/video"

    def jpeg(self, number: int) -> bytes:
        pixels = np.full((48, 64, 3), (40, 40, 200), np.uint8)
        pixels[:, number % 64] = 255
        return cv2.imencode(".jpg", pixels)[1].tobytes()

    def close(self) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    server = MjpegCamera(frames_a_visit=25)
    yield server
    server.close()


def test_a_stream_that_dies_and_comes_back_goes_on(
    camera: MjpegCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReconnectPolicy, "backoff", lambda _: _QuickBackoff())
    source = network_source(camera.url, MonotonicClock(), NetworkOptions(read_timeout_s=2))
    with source:
        frames = []
        while source.counts.reconnects < 2 or len(frames) < 5:
            frame = source.read(timeout_s=10)
            assert frame is not None
            frames.append(frame)
    stamps = [frame.timestamp_us for frame in frames]
    assert stamps == sorted(set(stamps))
    assert camera.visits >= 3
    assert np.abs(frames[-1].payload.pixels[5, -5].astype(int) - (200, 40, 40)).max() < 12


class _QuickBackoff:
    def next_us(self) -> int:
        return 10_000

    def reset(self) -> None:
        pass


def test_a_closed_stream_hangs_up_within_a_second(camera: MjpegCamera) -> None:
    source = network_source(camera.url, MonotonicClock())
    source.read(timeout_s=10)
    started = time.monotonic()
    source.close()
    assert time.monotonic() - started < 1.0


def test_a_server_that_accepts_and_stays_silent_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/video"
        options = NetworkOptions(open_timeout_s=0.2, read_timeout_s=0.2, first_tries=1)
        with (
            network_source(url, MonotonicClock(), options) as source,
            pytest.raises(SourceError, match="no frame after 1 tries"),
        ):
            source.read(timeout_s=10)


def test_closing_while_a_silent_server_is_asked_takes_less_than_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/video"
        source = network_source(url, MonotonicClock(), NetworkOptions(open_timeout_s=1.5))
        connection, _ = silent.accept()
        started = time.monotonic()
        source.close()
        took_s = time.monotonic() - started
        connection.close()
    assert took_s < 1.0


def test_an_address_nobody_listens_at_is_an_error_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://me:secret@127.0.0.1:{port}/video"
    with (
        network_source(url, MonotonicClock(), NetworkOptions(first_tries=1)) as source,
        pytest.raises(
            SourceError, match=rf"me:\*\*\*@127.0.0.1:{port}.*Connection refused"
        ) as error,
    ):
        source.read(timeout_s=10)
    assert "secret" not in str(error.value)


class FakeContainer:
    """Notes how it was opened and gives the packets it is given."""

    def __init__(self, packets: list[Any], *, has_video: bool = True) -> None:
        self._packets = packets
        self.video = type("Video", (), {"thread_type": "AUTO"})()
        self.streams = type("Streams", (), {"video": [self.video] if has_video else []})()
        self.is_closed = False

    def __call__(self, address: str, **how: Any) -> "FakeContainer":
        self.address, self.how = address, how
        return self

    def demux(self, _: Any) -> Iterator[Any]:
        return iter(self._packets)

    def close(self) -> None:
        self.is_closed = True


class FakePacket:
    def __init__(self, *frames: Any) -> None:
        self._frames = frames

    def decode(self) -> list[Any]:
        if not self._frames:
            raise av.error.InvalidDataError(1, "no key frame yet")
        return list(self._frames)


class FakeFrame:
    def __init__(self, *, is_corrupt: bool = False) -> None:
        self.is_corrupt = is_corrupt


def test_rtsp_is_opened_over_tcp_with_limits_on_everything() -> None:
    container = FakeContainer([])
    NetworkStream("rtsp://cam/1", NetworkOptions(open_timeout_s=7, read_timeout_s=3), container)
    assert container.address == "rtsp://cam/1"
    assert container.how == {
        "options": {
            "fflags": "nobuffer",
            "flags": "low_delay",
            "rtsp_transport": "tcp",
            "timeout": "3000000",
        },
        "timeout": (7, 3),
    }


def test_live_video_is_decoded_without_holding_frames_back() -> None:
    container = FakeContainer([])
    NetworkStream("rtsp://cam/1", NetworkOptions(), container)
    assert container.video.thread_type == "SLICE"


def test_packets_before_the_first_key_frame_and_broken_frames_are_passed_over() -> None:
    good = FakeFrame()
    packets = [FakePacket(), FakePacket(FakeFrame(is_corrupt=True)), FakePacket(good)]
    stream = NetworkStream("rtsp://cam/1", NetworkOptions(), FakeContainer(packets))
    assert list(stream) == [good]


def test_a_stream_without_video_is_hung_up_and_an_error() -> None:
    container = FakeContainer([], has_video=False)
    with pytest.raises(ValueError, match="holds no video"):
        NetworkStream("rtsp://cam/1", NetworkOptions(), container)
    assert container.is_closed


@pytest.mark.parametrize(
    ("address", "option"),
    [
        ("http://cam/1", ("timeout", "5000000")),
        ("https://cam/1", ("rw_timeout", "5000000")),
        ("udp://239.0.0.1:5000", ("rw_timeout", "5000000")),
    ],
)
def test_every_protocol_has_a_time_limit(address: str, option: tuple[str, str]) -> None:
    assert option in ffmpeg_options(address, NetworkOptions()).items()


def test_options_of_a_network_address_follow_a_hash(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        "flowlace.sources.network.network_source",
        lambda address, _, options: seen.append((address, options)),
    )
    open_source("rtsp://cam/1?channel=2&x=1#transport=udp&watchdog_s=3", clock)
    assert seen == [("rtsp://cam/1?channel=2&x=1", NetworkOptions(transport="udp", watchdog_s=3.0))]


def test_knows_two_transports(clock: Any) -> None:
    with pytest.raises(SourceError, match="transport='pigeon' must be 'tcp' or 'udp'"):
        open_source("rtsp://cam/1#transport=pigeon", clock)


def test_a_video_file_on_a_server_is_read_as_a_file(tmp_path: Path, write_frames: Any) -> None:
    clip = write_frames(tmp_path / "clip.mkv", range(0, 400, 40))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(clip.read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with open_source(f"http://127.0.0.1:{server.server_port}/clip.mkv") as source:
            assert isinstance(source, VideoFileSource)
            assert [one.timestamp_us for one in source] == [40_000 * n for n in range(10)]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://me:secret@cam/1", "rtsp://me:***@cam/1"),
        ("rtsp://me:se:c@ret@cam/1", "rtsp://me:***@cam/1"),
        ("rtsp://cam:554/1", "rtsp://cam:554/1"),
        ("http://cam/a@b:c", "http://cam/a@b:c"),
    ],
)
def test_passwords_are_not_shown(address: str, shown: str) -> None:
    assert without_password(address) == shown
