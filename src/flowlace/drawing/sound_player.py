"""A recording as one page that needs nothing else: sound, coloured waveform, words, events.

A click on a bar, a word or a sound plays from there; the page finds words and sounds, and works
from a disk, offline, for ever. It draws only what is seen, so hours are no slower than seconds.
"""

import base64
import html
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from flowlace.drawing.coloured_waveform import BAR_US, level_heights
from flowlace.drawing.sound_colours import NOTHING, as_hex, bars_by_label, sound_colours
from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.transcript import WordRow

_NO_LABEL = 255
_MOST_LABELS = 254
_PAGE = "sound_player.html"


def sound_player(
    *,
    title: str,
    audio: bytes,
    media_type: str,
    duration_us: int,
    bars: Sequence[SoundBar] = (),
    events: Sequence[SoundEvent] = (),
    words: Sequence[WordRow] = (),
    tags: Sequence[str] = (),
    bar_us: int = BAR_US,
) -> str:
    """Returns the page as HTML.

    Args:
        title: of the recording.
        audio: a whole sound file that browsers play; empty for a page without sound.
        media_type: of the sound file, such as `audio/flac`.
        duration_us: of the recording; all times count from its start.
        bars: of the waveform, in order; times without a bar stay empty.
        events: the sounds.
        words: the transcript; a segment becomes a paragraph.
        tags: shown under the title.
        bar_us: how long one bar is.

    Raises ValueError where the recording has no length.
    """
    if duration_us <= 0:
        raise ValueError(f"a player needs a recording with a length, but got {duration_us} µs")
    heard = bars_by_label(bars)
    labels = list(dict.fromkeys([*heard, *(event.label for event in events)]))
    colours = sound_colours(labels)
    numbers = {label: number for number, label in enumerate(labels)}
    bar_labels, bar_levels = _bars(bars, numbers, duration_us, bar_us)
    data: dict[str, Any] = {
        "audio": base64.b64encode(audio).decode(),
        "media_type": media_type,
        "duration_us": duration_us,
        "bar_us": bar_us,
        "bar_labels": base64.b64encode(bar_labels).decode(),
        "bar_levels": base64.b64encode(bar_levels).decode(),
        "labels": labels,
        "heard": [bool(heard.get(label)) for label in labels],
        "colours": [as_hex(colours[label]) for label in labels],
        "nothing": as_hex(NOTHING),
        "events": [
            [one.onset_us, one.offset_us, numbers[one.label], round(one.score, 4)] for one in events
        ],
        "words": [[one.start_us, one.end_us, one.word, one.segment_id] for one in words],
        "tags": list(tags),
    }
    page = resources.files("flowlace.drawing").joinpath(_PAGE).read_text(encoding="utf-8")
    head, _, rest = page.partition("__DATA__")
    return head.replace("__TITLE__", html.escape(title)) + _as_script(data) + rest


def _bars(
    bars: Sequence[SoundBar], numbers: dict[str, int], duration_us: int, bar_us: int
) -> tuple[bytes, bytes]:
    """Returns a byte a step for labels and for heights."""
    count = -(-duration_us // bar_us)
    labels = np.full(count, _NO_LABEL, np.uint8)
    levels = np.zeros(count, np.uint8)
    places = np.array([one.timestamp_us // bar_us for one in bars], np.int64)
    fits = (places >= 0) & (places < count)
    named = np.array([numbers.get(one.label, _NO_LABEL) for one in bars], np.int64)
    named[named >= _MOST_LABELS] = _NO_LABEL
    heights = level_heights(np.array([one.dbfs for one in bars], np.float64))
    labels[places[fits]] = named[fits].astype(np.uint8)
    levels[places[fits]] = np.round(heights[fits] * 255).astype(np.uint8)
    return labels.tobytes(), levels.tobytes()


def _as_script(data: dict[str, Any]) -> str:
    """Returns JSON that can't end the script it stands in, whatever words it holds."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
