import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from flowlace.drawing.coloured_waveform import (
    WaveformOptions,
    level_heights,
    waveform_columns,
    waveform_image,
    waveform_svg,
)
from flowlace.drawing.sound_colours import NO_SOUND, sound_colours
from flowlace.formats.sound_event import SoundBar

SECOND = 1_000_000


def bars(*labels: str, dbfs: float = -6.0, start_us: int = 0) -> list[SoundBar]:
    return [
        SoundBar(timestamp_us=start_us + n * 50_000, label=label, score=0.9, dbfs=dbfs)
        for n, label in enumerate(labels)
    ]


def test_each_bar_is_a_column_where_there_is_room() -> None:
    columns = waveform_columns(bars("dog", "dog", "", "rain"), duration_us=200_000, count=4)
    assert [columns.names[n] if n >= 0 else "" for n in columns.labels] == [
        "dog",
        "dog",
        "",
        "rain",
    ]
    assert np.allclose(columns.heights, 0.9)


def test_a_column_of_several_bars_has_the_label_of_most_and_the_height_of_the_loudest() -> None:
    many = [*bars("dog", "rain", "rain"), *bars("dog", dbfs=0.0, start_us=150_000)]
    many.insert(3, SoundBar(timestamp_us=150_000, label="rain", score=1.0, dbfs=-60.0))
    columns = waveform_columns(many, duration_us=200_000, count=1)
    assert columns.names[columns.labels[0]] == "rain"
    assert columns.heights[0] == 1


def test_where_bars_are_missing_the_picture_is_empty() -> None:
    columns = waveform_columns(bars("dog", start_us=150_000), duration_us=200_000, count=4)
    assert columns.heights.tolist() == pytest.approx([0, 0, 0, 0.9])
    assert columns.labels.tolist() == [-1, -1, -1, 0]


def test_a_bar_fills_all_columns_it_lasts_for() -> None:
    columns = waveform_columns(bars("dog", "rain"), duration_us=100_000, count=10)
    assert columns.labels.tolist() == [0] * 5 + [1] * 5


def test_a_bar_outside_the_recording_is_not_drawn() -> None:
    columns = waveform_columns(bars("dog", start_us=SECOND), duration_us=SECOND, count=20)
    assert not columns.heights.any()


@pytest.mark.parametrize(
    ("dbfs", "height"), [(0, 1), (-30, 0.5), (-60, 0), (-math.inf, 0), (math.nan, 0), (6, 1)]
)
def test_heights_follow_the_level(dbfs: float, height: float) -> None:
    assert level_heights(np.array([dbfs]))[0] == height


def test_the_svg_is_well_formed_and_as_long_as_the_recording() -> None:
    svg = waveform_svg(bars(*["a < b"] * 40), duration_us=10 * SECOND)
    root = ElementTree.fromstring(svg)
    assert float(root.attrib["width"]) == 10 * 40 + 32
    assert "a < b" in [one.text for one in root.iter() if one.text]


def test_control_characters_in_a_label_leave_the_svg_well_formed() -> None:
    root = ElementTree.fromstring(waveform_svg(bars("a\0\x1bb"), duration_us=SECOND))
    assert "a??b" in "".join(root.itertext())


def test_bars_of_one_label_and_height_side_by_side_are_one_shape() -> None:
    svg = waveform_svg(bars(*["dog"] * 20), duration_us=SECOND)
    (path,) = re.findall(r'd="([^"]*)"><title>dog', svg)
    assert path.count("M") == 1


def test_the_picture_shows_each_sound_in_its_colour_at_its_time() -> None:
    labels = ["dog"] * 20 + ["rain"] * 20
    picture = waveform_image(bars(*labels), duration_us=2 * SECOND)
    middle = 16 + 60
    assert tuple(picture[middle, 16 + 20]) == sound_colours(["dog", "rain"])["dog"]
    assert tuple(picture[middle, 16 + 60]) == sound_colours(["dog", "rain"])["rain"]


def test_louder_bars_are_higher() -> None:
    quiet, loud = (
        waveform_image(bars(*["dog"] * 20, dbfs=dbfs), duration_us=SECOND) for dbfs in (-40, -10)
    )
    colour = np.array(sound_colours(["dog"])["dog"])
    assert 2 * (quiet[:140] == colour).all(2).sum() < (loud[:140] == colour).all(2).sum()


def test_ten_hours_fit_into_one_picture() -> None:
    ten_hours = 10 * 3600 * SECOND
    picture = waveform_image(bars("dog", start_us=ten_hours - 50_000), duration_us=ten_hours)
    assert picture.shape[1] == 16_032


def test_the_legend_tells_of_bars_without_a_sound() -> None:
    assert NO_SOUND in waveform_svg(bars("dog", ""), duration_us=100_000)
    assert NO_SOUND not in waveform_svg(bars("dog", "dog"), duration_us=100_000)


def test_a_recording_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a waveform needs a recording with a length"):
        waveform_svg([], duration_us=0)


def test_a_recording_without_bars_is_an_empty_picture() -> None:
    picture = waveform_image([], duration_us=SECOND, options=WaveformOptions(height_px=40))
    assert picture.shape[1] == 320
