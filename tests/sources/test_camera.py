from typing import Any

import cv2
import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat
from flowlace.sources import SourceError, open_source
from flowlace.sources import camera as module
from flowlace.sources.camera import CameraOptions, camera_source


class FakeCapture:
    """As much of cv2.VideoCapture as a camera needs."""

    def __init__(self, frames: list[np.ndarray], *, opens: bool = True) -> None:
        self.frames = frames
        self.opens = opens
        self.asked: dict[int, float] = {}
        self.is_released = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, prop: int, value: float) -> None:
        self.asked[prop] = value

    def read(self) -> tuple[bool, np.ndarray | None]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self) -> None:
        self.is_released = True


BLUE = np.full((4, 6, 3), (255, 0, 0), np.uint8)  # OpenCV gives BGR


def test_gives_rgb(clock: Any) -> None:
    with camera_source(0, clock, open_capture=lambda _: FakeCapture([BLUE])) as source:
        frame = source.read()
    assert frame is not None
    assert frame.payload == Image(ImageFormat.SRGB, np.full((4, 6, 3), (0, 0, 255), np.uint8))


def test_asks_the_camera_for_size_and_rate(clock: Any) -> None:
    capture = FakeCapture([BLUE])
    options = CameraOptions(width=1280, height=720, fps=25)
    with camera_source(0, clock, options, lambda _: capture) as source:
        source.read()
    assert capture.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 1280,
        cv2.CAP_PROP_FRAME_HEIGHT: 720,
        cv2.CAP_PROP_FPS: 25,
    }


def test_asks_for_nothing_unless_told(clock: Any) -> None:
    capture = FakeCapture([BLUE])
    with camera_source(0, clock, open_capture=lambda _: capture) as source:
        source.read()
    assert capture.asked == {}


def test_a_camera_that_is_unplugged_is_given_back_and_opened_again(clock: Any, until: Any) -> None:
    captures = [FakeCapture([BLUE]), FakeCapture([BLUE])]
    left = list(captures)
    with camera_source(0, clock, open_capture=lambda _: left.pop(0)) as source:
        source.read()
        until(lambda: captures[0].is_released)
        clock.until_paused(source)
        clock.advance_us(5_000_000)
        assert source.read() is not None
        assert source.counts.reconnects == 1


def test_a_camera_that_changes_its_size_is_scaled_to_the_first(clock: Any) -> None:
    captures = [FakeCapture([BLUE]), FakeCapture([np.zeros((8, 12, 3), np.uint8)])]
    with camera_source(0, clock, open_capture=lambda _: captures.pop(0)) as source:
        source.read()
        clock.until_paused(source)
        clock.advance_us(5_000_000)
        second = source.read()
        assert second is not None
        assert second.payload.width_px == 6
        assert source.counts.rescaled == 1


def test_a_camera_that_is_not_there_is_an_error_that_says_so(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = CameraOptions(first_tries=1)
    closed = FakeCapture([], opens=False)
    with (
        camera_source(3, clock, options, lambda _: closed) as source,
        pytest.raises(
            SourceError, match=r"'camera 3': no frame after 1 tries.*camera 3 can't be op"
        ),
    ):
        source.read()
    assert closed.is_released


@pytest.mark.parametrize(("url", "device"), [("0", 0), ("/dev/video2", 2), ("camera:1", 1)])
def test_is_named_by_its_number_or_its_device_file(
    url: str, device: int, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, CameraOptions]] = []
    monkeypatch.setattr(module, "camera_source", lambda n, _, options: seen.append((n, options)))
    open_source(f"{url}?width=320&fps=5", clock)
    assert seen == [(device, CameraOptions(width=320, fps=5.0))]


def test_says_how_cameras_are_named(clock: Any) -> None:
    with pytest.raises(SourceError, match="named by its number or as /dev/videoN"):
        open_source("camera:front", clock)
