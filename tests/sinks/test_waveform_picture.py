from pathlib import Path
from xml.etree import ElementTree

import cv2
import pytest

from flowlace.formats.sound_event import SoundBar
from flowlace.sinks.registry import open_sink
from flowlace.sinks.sink import SinkError

START_US = 5_000_000


def write_bars(sink_url: str, count: int = 40) -> None:
    with open_sink(sink_url) as sink:
        for number in range(count):
            time_us = START_US + number * 50_000
            bar = SoundBar(timestamp_us=time_us, label="dog", score=0.9, dbfs=-6.0)
            sink.write(time_us, bar)


def test_an_svg_is_as_long_as_its_bars(tmp_path: Path) -> None:
    write_bars(f"{tmp_path}/talk.svg?pixels_per_s=200")
    root = ElementTree.parse(tmp_path / "talk.svg").getroot()
    assert float(root.attrib["width"]) == 2 * 200 + 32


def test_a_png_is_one_picture(tmp_path: Path) -> None:
    write_bars(f"waveform:{tmp_path}/talk.png?height=60&pixels_per_s=300")
    picture = cv2.imread(str(tmp_path / "talk.png"))
    assert picture is not None
    assert picture.shape[1] == 2 * 300 + 32


def test_without_bars_there_is_no_picture_and_that_is_counted(tmp_path: Path) -> None:
    sink = open_sink(f"{tmp_path}/talk.svg")
    sink.close()
    sink.close()
    assert not (tmp_path / "talk.svg").exists()
    assert sink.counts.skipped == {"no_bars": 1}


def test_another_payload_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="a waveform is made of SoundBar, but got a str"):
        open_sink(f"{tmp_path}/talk.svg").write(0, "dog")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("waveform:{}/talk.jpg", r"drawn as \.svg or \.png"),
        ("{}/none/talk.svg", "No such file"),
        ("{}/talk.svg?height=0", "greater than 0"),
    ],
)
def test_what_can_not_be_drawn_is_told_at_once(tmp_path: Path, url: str, reason: str) -> None:
    with pytest.raises(SinkError, match=reason):
        open_sink(url.format(tmp_path))
