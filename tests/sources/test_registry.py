from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flowlace.framework.openers import Url
from flowlace.sources import (
    Frame,
    Source,
    SourceCounts,
    SourceError,
    SourceInfo,
    open_source,
    opens_source,
    registry,
)
from flowlace.sources.registry import opens_sound, parse_url
from flowlace.sources.source import Medium


class Beeps(Source):
    def __init__(self, url: Url, clock: Any) -> None:
        self.url, self.clock = url, clock
        self.info = SourceInfo(name=url.text)
        self.counts = SourceCounts()
        self.left = [Frame("beep", 0), Frame("beep", 1)]
        self.is_closed = False

    def read(self, timeout_s: float | None = None) -> Frame | None:
        return self.left.pop(0) if self.left else None

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def _fresh_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))


@pytest.mark.parametrize(
    ("text", "name", "rest", "options"),
    [
        ("0", "camera", "0", ""),
        ("1?width=640&fps=30", "camera", "1", "width=640&fps=30"),
        ("/dev/video0", "camera", "/dev/video0", ""),
        ("rtsp://me:x@cam:554/1?a=b", "rtsp", "rtsp://me:x@cam:554/1?a=b", ""),
        ("rtsp://[fe80::1]/1#transport=udp", "rtsp", "rtsp://[fe80::1]/1", "transport=udp"),
        ("http://cam/video#top", "http", "http://cam/video#top", ""),
        ("https://x/clip.mp4", "https", "https://x/clip.mp4", ""),
        ("testsrc:street", "testsrc", "street", ""),
        ("testsrc:street?seed=2&live=1", "testsrc", "street", "seed=2&live=1"),
        ("frames/*.png", "folder", "frames/*.png", ""),
        ("frames/*.png?fps=10", "folder", "frames/*.png", "fps=10"),
        ("frames/f?.png", "folder", "frames/f?.png", ""),
        ("street.PNG", ".png", "street.PNG", ""),
        ("gone.mp4", "video", "gone.mp4", ""),
        ("clip.mp4?size_change=rescale", "video", "clip.mp4", "size_change=rescale"),
        ("video:strange:name", "video", "strange:name", ""),
        ("take.WAV?rate=8000", ".wav", "take.WAV", "rate=8000"),
        ("mic", "mic", "", ""),
        ("mic?rate=8000", "mic", "", "rate=8000"),
        ("mic:USB Audio", "mic", "USB Audio", ""),
        ("pcm:-?rate=8000&format=f32le", "pcm", "-", "rate=8000&format=f32le"),
        ("testsrc:sounds?truth=/tmp/a.csv", "testsrc", "sounds", "truth=/tmp/a.csv"),
    ],
)
def test_an_address_is_taken_apart(text: str, name: str, rest: str, options: str) -> None:
    assert parse_url(text) == Url(text, name, rest, options)


def test_a_folder_is_a_folder(tmp_path: Path) -> None:
    assert parse_url(str(tmp_path)).name == "folder"


def test_a_file_that_exists_is_never_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "why?x=1"
    path.touch()
    assert parse_url(str(path)) == Url(str(path), "video", str(path), "")


def test_a_source_of_the_wrong_medium_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"'testsrc:street' gives pictures, but .* takes sound"):
        open_source("testsrc:street", wants=Medium.SOUND)
    with pytest.raises(SourceError, match=r"'testsrc:sounds' gives sound, but .* takes pictures"):
        open_source("testsrc:sounds", wants=Medium.PICTURES)


def test_a_container_of_sound_may_hold_pictures_after_all() -> None:
    assert parse_url("film.ogg", Medium.PICTURES).name == "video"
    assert parse_url("film.ogg").name == ".ogg"


def test_other_packages_add_the_sound_of_addresses(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = dict(registry._sound_openers._table)
    monkeypatch.setattr(registry._sound_openers, "_table", table)
    opens_source("horn")(Beeps)
    opens_sound("horn")(lambda url, clock: Beeps(Url("sound", "", "", ""), clock))
    assert open_source("horn", clock, Medium.SOUND).info.name == "sound"
    assert open_source("horn", clock).info.name == "horn"


@pytest.mark.parametrize("text", ["rstp://cam/1", "micc", "nexrad:/data", ""])
def test_an_unknown_name_is_an_error_that_lists_what_is_known(text: str) -> None:
    with pytest.raises(SourceError, match=r"known are: a camera number.*rtsp:.*testsrc:"):
        open_source(text)


def test_an_unknown_test_source_lists_the_known_ones() -> None:
    with pytest.raises(
        SourceError,
        match="test source 'strett' is not known; known are: motions, sounds, storm, street",
    ):
        open_source("testsrc:strett")


@pytest.mark.parametrize("text", ["horn", "horn:usb?gain=2", "take.horn"])
def test_other_packages_add_names_and_endings(text: str, clock: Any) -> None:
    opens_source("horn", ".horn")(Beeps)
    source = open_source(text, clock)
    assert isinstance(source, Beeps)
    assert source.clock is clock


def test_names_come_from_entry_points_too(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    class EntryPoint:
        name, value = "horn", f"{__name__}:Beeps"

    monkeypatch.setattr(registry._openers, "_has_entry_points", False)
    monkeypatch.setattr("flowlace.framework.openers.entry_points", lambda group: [EntryPoint])
    assert open_source("horn", clock).info.name == "horn"


def test_a_source_is_iterated_to_its_end_and_closed_by_with(clock: Any) -> None:
    opens_source("horn")(Beeps)
    with open_source("horn", clock) as source:
        assert [frame.timestamp_us for frame in source] == [0, 1]
    assert isinstance(source, Beeps)
    assert source.is_closed


@dataclass
class Options:
    gain: float
    channels: int = 1
    is_loud: bool = False
    name: str | None = None


def read(text: str) -> Options:
    return Url("", "", "", text).read_options(Options)


def test_options_get_their_types() -> None:
    assert read("gain=2&channels=3&is_loud=1&name=a") == Options(2.0, 3, True, "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gain=1&chanels=2", "'chanels' is not known; known are: gain, channels, is_loud, name"),
        ("gain=loud", "gain='loud' must be of type float"),
        ("gain=inf", "gain='inf' must be a finite number"),
        ("gain=nan", "gain='nan' must be a finite number"),
        ("gain=1&is_loud=2", "is_loud='2' must be 0 or 1"),
        ("channels=2", "'gain' is needed"),
    ],
)
def test_mistakes_in_options_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_folder_gives_no_sound(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is a folder .* name one sound file"):
        open_source(str(tmp_path), wants=Medium.SOUND)
