"""Short ways to write detections and boxes in tests."""

from typing import Any

from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
)
from flowlace.formats.tracked_box import TimedBox


def detection(
    left: float = 0.2,
    top: float = 0.2,
    size: float = 0.2,
    *,
    id_: int | None = None,
    label: str = "car",
    score: float = 0.9,
    **more: Any,
) -> Detection:
    """Returns a square detection in fractions of the frame."""
    return Detection(
        label=(label,),
        score=(score,),
        location_data=LocationData(
            format=LocationFormat.RELATIVE_BOUNDING_BOX,
            relative_bounding_box=RelativeBoundingBox(left, top, size, size),
        ),
        detection_id=id_,
        **more,
    )


def box(
    id_: int, timestamp_us: int, left: float = 0.2, top: float = 0.2, size: float = 0.2, **more: Any
) -> TimedBox:
    """Returns the tracker's square box of a detection."""
    return TimedBox(
        timestamp_us=timestamp_us, left=left, top=top, right=left + size, bottom=top + size,
        id=id_, **more,
    )  # fmt: skip
