"""Turns box states into the boxes users see, and blends boxes between two times."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.tracking.box_states import BoxStates, aspect_extent


def timed_boxes(
    states: BoxStates, origins: Mapping[int, TimedBox], timestamp_us: int, frame_aspect: float
) -> list[TimedBox]:
    """Returns each state as a box at `timestamp_us`.

    `origins` holds the box every id was started from: label and wishes are taken over.
    """
    extent = aspect_extent(frame_aspect)
    half = states.scaled_size / 2
    low = ((states.center - half) / extent).tolist()
    high = ((states.center + half) / extent).tolist()
    quads = (states.quad / extent).reshape(-1, 8).tolist()
    rows = zip(
        states.ids.tolist(),
        low,
        high,
        quads,
        states.is_quad.tolist(),
        states.rotation.tolist(),
        states.confidence.tolist(),
        states.status.tolist(),
        strict=True,
    )
    return [
        _timed_box(
            origins[id_],
            timestamp_us=timestamp_us,
            left=low[0],
            top=low[1],
            right=high[0],
            bottom=high[1],
            quad=tuple(quad) if is_quad else None,
            rotation=rotation,
            confidence=confidence,
            state=TrackState(status),
        )
        for id_, low, high, quad, is_quad, rotation, confidence, status in rows
    ]


def _timed_box(origin: TimedBox, **changes: object) -> TimedBox:
    return replace(origin, **changes)  # type: ignore[arg-type]


def blended_box(first: TimedBox, second: TimedBox, timestamp_us: int) -> TimedBox:
    """Returns the box at a time between (or slightly outside) two boxes, linearly."""
    span = second.timestamp_us - first.timestamp_us
    t = (timestamp_us - first.timestamp_us) / span if span else 0.0
    turn = float(np.remainder(second.rotation - first.rotation + np.pi, 2 * np.pi) - np.pi)
    quad = None
    if first.quad is not None and second.quad is not None:
        corners = zip(first.quad, second.quad, strict=True)
        quad = tuple(a + t * (b - a) for a, b in corners)
    return replace(
        second,
        timestamp_us=timestamp_us,
        left=first.left + t * (second.left - first.left),
        top=first.top + t * (second.top - first.top),
        right=first.right + t * (second.right - first.right),
        bottom=first.bottom + t * (second.bottom - first.bottom),
        rotation=first.rotation + t * turn,
        quad=quad,  # type: ignore[arg-type]
        confidence=min(first.confidence, second.confidence),
    )


def eased_box(box: TimedBox, old: TimedBox, new: TimedBox, part: float) -> TimedBox:
    """Returns `box` moved by `part` of the way from `new` to `old`: a jump told slowly."""
    return replace(
        box,
        left=box.left + part * (old.left - new.left),
        top=box.top + part * (old.top - new.top),
        right=box.right + part * (old.right - new.right),
        bottom=box.bottom + part * (old.bottom - new.bottom),
    )
