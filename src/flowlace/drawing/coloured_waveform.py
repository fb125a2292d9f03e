"""A recording as one picture: a bar for every step, as high as it is loud, coloured by its sound.

As Google's Recorder shows it: one colour for each 50 ms bar, the most dominant sound's. The
picture is as long as the recording; where that would be more columns than a picture may have,
a column stands for several bars, is as high as the loudest and has the colour most of them have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.drawing.sound_colours import (
    NO_SOUND,
    NOTHING,
    Colour,
    as_hex,
    bars_by_label,
    legend,
    sound_colours,
)
from flowlace.formats.sound_event import SoundBar

BAR_US = 50_000
QUIETEST_DBFS = -60.0
"""Level of a bar without height."""
_MOST_COLUMNS = 16_000
_INK: Colour = (60, 64, 67)
_MARGIN = 16
_AXIS_PX = 22
_LEGEND_ROW_PX = 22
_LETTER_PX = 8
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaveformOptions:
    """How a coloured waveform looks."""

    pixels_per_s: float = 40.0
    """Columns a second; less where the recording is too long for that."""
    height_px: int = 120
    """Of the bars, without axis and legend."""
    bar_us: int = BAR_US
    """How long one bar is."""


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    height: int
    wave_width: float
    middle: float
    half: float
    axis: float
    legend: list[tuple[float, float, str, Colour]]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """A waveform as columns of equal length."""

    heights: NDArray[np.float32]
    """`[column]`, 0 for silence or no sound, 1 for full scale."""
    labels: NDArray[np.int32]
    """`[column]`, places in `names`, -1 where no sound is certain."""
    names: Sequence[str]
    """The labels, the longest heard first."""


def waveform_columns(
    bars: Sequence[SoundBar], *, duration_us: int, count: int, bar_us: int = BAR_US
) -> Columns:
    """Returns a recording as `count` columns; where bars are missing the columns are empty.

    Args:
        bars: in order, timestamps counted from the start of the recording.
        duration_us: of the recording.
        count: columns wanted; more than there are bars repeats bars.
        bar_us: how long one bar is.
    """
    names = list(bars_by_label(bars))
    places = {name: place for place, name in enumerate(names)}
    heights = np.zeros(count, np.float32)
    votes = np.zeros((count, len(names) + 1), np.int32)  # the last one: no label
    if bars and count and duration_us > 0:
        start = np.array([bar.timestamp_us for bar in bars], np.float64)
        level = level_heights(np.array([bar.dbfs for bar in bars], np.float64))
        label = np.array([places.get(bar.label, len(names)) for bar in bars])
        scale = count / duration_us
        first = np.floor(start * scale + 1e-6).astype(np.int64)
        last = np.maximum(np.ceil((start + bar_us) * scale - 1e-6).astype(np.int64) - 1, first)
        for reach in range(int((last - first).max()) + 1):
            column = first + reach
            fits = (column <= last) & (column >= 0) & (column < count)
            np.maximum.at(heights, column[fits], level[fits])
            np.add.at(votes, (column[fits], label[fits]), 1)
    # The label most bars of a column have; a sound wins over none where they are even.
    labels = np.where(votes.any(1), votes.argmax(1), len(names)).astype(np.int32)
    labels[labels == len(names)] = -1
    return Columns(heights, labels, names)


def waveform_svg(
    bars: Sequence[SoundBar], *, duration_us: int, options: WaveformOptions = WaveformOptions()
) -> str:
    """Returns the picture as SVG, with time axis and legend.

    Raises ValueError where the recording has no length.
    """
    columns, colours, layout = _prepared(bars, duration_us, options)
    width = layout.wave_width / max(len(columns.heights), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {layout.height}" '
        f'width="{layout.width}" height="{layout.height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{layout.width}" height="{layout.height}" fill="white"/>',
    ]
    for place in range(-1, len(columns.names)):
        colour = NOTHING if place < 0 else colours[columns.names[place]]
        name = _as_xml(NO_SOUND if place < 0 else columns.names[place])
        path = _path(columns, place, layout, width)
        if path:
            parts.append(f'<path fill="{as_hex(colour)}" d="{path}"><title>{name}</title></path>')
    for x, text in layout.ticks:
        parts.append(
            f'<path stroke="{as_hex(_INK)}" d="M{x:.1f} {layout.axis:g}v5"/>'
            f'<text x="{x:.1f}" y="{layout.axis + 18:g}" text-anchor="middle" '
            f'fill="{as_hex(_INK)}">{text}</text>'
        )
    for x, y, name, colour in layout.legend:
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="12" height="12" rx="2" fill="{as_hex(colour)}"/>'
            f'<text x="{x + 18:g}" y="{y + 11:g}" fill="{as_hex(_INK)}">{_as_xml(name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def waveform_image(
    bars: Sequence[SoundBar], *, duration_us: int, options: WaveformOptions = WaveformOptions()
) -> NDArray[np.uint8]:
    """Returns the picture as `[y, x, rgb]`, with time axis and legend.

    Raises ValueError where the recording has no length.
    """
    columns, colours, layout = _prepared(bars, duration_us, options)
    picture = np.full((layout.height, layout.width, 3), 255, np.uint8)
    palette = np.array([*(colours[name] for name in columns.names), NOTHING], np.uint8)
    width = round(layout.wave_width)
    column = np.minimum(np.arange(width) * len(columns.heights) // width, len(columns.heights) - 1)
    rows = np.abs(np.arange(layout.height) + 0.5 - layout.middle)[:, None]
    is_bar = rows <= np.maximum(columns.heights * layout.half, 0.5)[column]
    wave = picture[:, _MARGIN : _MARGIN + width]
    wave[is_bar] = palette[columns.labels[column]][None].repeat(layout.height, 0)[is_bar]
    for x, text in layout.ticks:
        top = (round(x), round(layout.axis))
        cv2.line(picture, top, (top[0], top[1] + 5), _INK, 1)
        _write(picture, text, top[0] - len(text) * 3, top[1] + 18)
    for left, upper, name, colour in layout.legend:
        corner = (round(left), round(upper))
        cv2.rectangle(picture, corner, (corner[0] + 12, corner[1] + 12), colour, cv2.FILLED)
        _write(picture, name, corner[0] + 18, corner[1] + 11)
    return picture


def clock_text(time_us: int) -> str:
    """Returns a time as people write it.

    >>> clock_text(65_000_000), clock_text(3_600_000_000)
    ('1:05', '1:00:00')
    """
    seconds = time_us // 1_000_000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _prepared(
    bars: Sequence[SoundBar], duration_us: int, options: WaveformOptions
) -> tuple[Columns, Mapping[str, Colour], _Layout]:
    if duration_us <= 0:
        raise ValueError(f"a waveform needs a recording with a length, but got {duration_us} µs")
    width = min(max(1.0, duration_us / 1e6 * options.pixels_per_s), float(_MOST_COLUMNS))
    count = max(1, min(round(width), -(-duration_us // options.bar_us)))
    columns = waveform_columns(bars, duration_us=duration_us, count=count, bar_us=options.bar_us)
    colours = sound_colours(columns.names)
    has_unlabelled = any(not bar.label for bar in bars)
    entries = legend(columns.names, colours, has_unlabelled=has_unlabelled)
    return columns, colours, _layout(width, duration_us, options, entries)


def _layout(
    wave_width: float,
    duration_us: int,
    options: WaveformOptions,
    entries: Sequence[tuple[str, Colour]],
) -> _Layout:
    width = max(round(wave_width) + 2 * _MARGIN, 320)
    axis = _MARGIN + options.height_px + 4.0
    placed: list[tuple[float, float, str, Colour]] = []
    x, y = float(_MARGIN), axis + _AXIS_PX + 8
    for name, colour in entries:
        needed = 34 + _LETTER_PX * len(name)
        if x > _MARGIN and x + needed > width - _MARGIN:
            x, y = float(_MARGIN), y + _LEGEND_ROW_PX
        placed.append((x, y, name, colour))
        x += needed
    return _Layout(
        width=width,
        height=round(y + _LEGEND_ROW_PX if placed else axis + _AXIS_PX),
        wave_width=wave_width,
        middle=_MARGIN + options.height_px / 2,
        half=options.height_px / 2,
        axis=axis,
        legend=placed,
        ticks=_ticks(wave_width, duration_us),
    )


def _ticks(wave_width: float, duration_us: int) -> list[tuple[float, str]]:
    """Returns x and text of the marks, at least 70 pixels apart."""
    seconds = duration_us / 1e6
    step = next((one for one in _STEPS_S if wave_width / seconds * one >= 70), _STEPS_S[-1])
    return [
        (_MARGIN + time * wave_width / seconds, clock_text(time * 1_000_000))
        for time in range(0, int(seconds) + 1, step)
    ]


def level_heights(dbfs: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns how high levels are drawn, 0 to 1; what is no number has no height."""
    heights = np.clip(1 - dbfs / QUIETEST_DBFS, 0, 1)
    return np.nan_to_num(heights, nan=0.0).astype(np.float32)


def _path(columns: Columns, place: int, layout: _Layout, width: float) -> str:
    """Returns the outline of all bars of one label; bars side by side are one shape."""
    numbers = np.flatnonzero((columns.labels == place) & (columns.heights > 0))
    if not len(numbers):
        return ""
    heights = np.round(columns.heights[numbers] * layout.half * 2, 1)
    joins = (np.diff(numbers) == 1) & (np.diff(heights) == 0)
    starts = np.concatenate(([0], np.flatnonzero(~joins) + 1))
    ends = np.concatenate((starts[1:], [len(numbers)]))
    return "".join(
        f"M{_MARGIN + numbers[first] * width:.2f} {layout.middle - heights[first] / 2:.2f}"
        f"h{(end - first) * width:.2f}v{heights[first]:.1f}h{-(end - first) * width:.2f}z"
        for first, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _as_xml(text: str) -> str:
    """Returns a label as XML, which has no way to hold control characters."""
    return escape("".join(one if one.isprintable() else "?" for one in text))


def _write(picture: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    plain = text.encode("ascii", "replace").decode()  # the font has no other letters
    cv2.putText(picture, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
