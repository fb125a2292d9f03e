"""A tracked box as users read it: one row a box and frame, in pixels of the source frame."""

from collections.abc import Iterable
from dataclasses import dataclass

from flowlace.formats.tracked_box import TimedBox


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxRow:
    """One box in one frame, rotation left out."""

    timestamp_us: int
    """Of the frame."""
    id: int
    """Of the object."""
    x: float
    """Left edge in pixels of the source frame."""
    y: float
    """Upper edge in pixels."""
    w: float
    """Width in pixels."""
    h: float
    """Height in pixels."""
    confidence: float
    """Calibrated probability that the box overlaps the object by more than half (IoU)."""
    state: str
    """How the last step went: `tracked`, `no_features`, `untracked`, …"""


def box_rows(boxes: Iterable[TimedBox], width_px: int, height_px: int) -> list[BoxRow]:
    """Returns one row a box for a frame of the given size."""
    return [_row(box, width_px, height_px) for box in boxes]


def _row(box: TimedBox, width_px: int, height_px: int) -> BoxRow:
    x, y, width, height = box.pixels(width_px, height_px)
    return BoxRow(
        timestamp_us=box.timestamp_us,
        id=box.id,
        x=round(x, 3),
        y=round(y, 3),
        w=round(width, 3),
        h=round(height, 3),
        confidence=round(box.confidence, 4),
        state=box.state.name.lower(),
    )
