"""A minute of bars as bytes: nine a bar instead of a row of a table."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from flowlace.formats.sound_event import SoundBar

MINUTE_US = 60_000_000

_SILENT = -32_768
_BAR = np.dtype([("at_us", "<u4"), ("label", "<u2"), ("score", "u1"), ("dbfs", "<i2")])
"""Time within the minute, number of the label (0 is none), score / 255, hundredths of a dB."""


def pack_bars(bars: Sequence[SoundBar], label_ids: Mapping[str, int]) -> bytes:
    """Returns the bars of one minute; scores keep 1/255, levels 0.01 dB."""
    packed = np.zeros(len(bars), _BAR)
    packed["at_us"] = [bar.timestamp_us % MINUTE_US for bar in bars]
    packed["label"] = [label_ids[bar.label] if bar.label else 0 for bar in bars]
    packed["score"] = [round(min(max(bar.score, 0.0), 1.0) * 255) for bar in bars]
    packed["dbfs"] = [_hundredths(bar.dbfs) for bar in bars]
    return packed.tobytes()


def unpack_bars(packed: bytes, minute: int, labels: Mapping[int, str]) -> Iterator[SoundBar]:
    """Gives the bars of a minute; one whose bytes are cut off is left out."""
    whole = len(packed) - len(packed) % _BAR.itemsize
    for at_us, label, score, dbfs in np.frombuffer(packed[:whole], _BAR).tolist():
        yield SoundBar(
            timestamp_us=minute * MINUTE_US + at_us,
            label=labels.get(label, ""),
            score=score / 255,
            dbfs=-math.inf if dbfs == _SILENT else dbfs / 100,
        )


def _hundredths(dbfs: float) -> int:
    if not math.isfinite(dbfs):
        return _SILENT
    return max(_SILENT + 1, min(round(dbfs * 100), 32_767))
