"""Scores step by step, for the nodes that follow them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.packet import Packet

STEP_US = 50_000
HEADER = Packet(TimeSeriesHeader(sample_rate=20.0, packet_rate=20.0, num_channels=2))


def classes(
    labels: Sequence[str] = ("dog", "rain"),
    thresholds: Sequence[float] = (0.5, 0.5),
    release: float = 0.2,
    reach_us: Sequence[int] = (0, 0),
) -> SoundClasses:
    return SoundClasses(
        labels=tuple(labels),
        thresholds=np.array(thresholds, np.float32),
        releases=np.full(len(labels), release, np.float32),
        reaches_us=np.array(reach_us, np.int64),
    )


def steps(of: SoundClasses, *rows: Sequence[float], start_us: int = 0) -> list[Packet[SoundScores]]:
    """Returns packets of scores; each row holds one class, step by step."""
    columns = np.array(rows, np.float32).T
    return [
        Packet(SoundScores(classes=of, values=column.copy()), start_us + place * STEP_US)
        for place, column in enumerate(columns)
    ]


def curve(length: int, spans: Mapping[tuple[int, int], float]) -> Any:
    """Returns scores that are 0 outside of spans of steps."""
    values = np.zeros(length)
    for (begin, end), score in spans.items():
        values[begin:end] = score
    return values


def levels(values: Sequence[float], start_us: int = 0) -> list[Packet[float]]:
    return [Packet(float(v), start_us + place * STEP_US) for place, v in enumerate(values)]
