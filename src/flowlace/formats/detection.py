"""An object found in a picture: MediaPipe's `Detection`, as plain values.

Source of names: MediaPipe `framework/formats/detection.proto`, `location_data.proto`.
"""

from dataclasses import dataclass, field
from enum import IntEnum


class LocationFormat(IntEnum):
    """Which field of `LocationData` holds the place."""

    GLOBAL = 0
    BOUNDING_BOX = 1
    RELATIVE_BOUNDING_BOX = 2
    MASK = 3


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box in pixels."""

    xmin: int
    ymin: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RelativeBoundingBox:
    """A box in fractions of the picture's width and height."""

    xmin: float
    ymin: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class RelativeKeypoint:
    """A point in fractions of the picture's width and height."""

    x: float
    y: float
    keypoint_label: str = ""
    score: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationData:
    """Where a detection is."""

    format: LocationFormat = LocationFormat.GLOBAL
    bounding_box: BoundingBox | None = None
    relative_bounding_box: RelativeBoundingBox | None = None
    relative_keypoints: tuple[RelativeKeypoint, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Detection:
    """What was found and where; label i belongs to score i."""

    label: tuple[str, ...] = ()
    label_id: tuple[int, ...] = ()
    score: tuple[float, ...] = ()
    location_data: LocationData = field(default_factory=LocationData)
    feature_tag: str = ""
    """Names the pipeline that found it."""
    track_id: str = ""
    detection_id: int | None = None
    """Links detections of one object."""
    display_name: tuple[str, ...] = ()
    timestamp_us: int | None = None
    """Of the frame it was found in."""


def located_box(detection: Detection) -> BoundingBox | RelativeBoundingBox:
    """Returns a detection's box, in pixels or in fractions as its format says.

    Raises ValueError for a detection without a box.
    """
    location = detection.location_data
    box = (
        location.bounding_box
        if location.format is LocationFormat.BOUNDING_BOX
        else location.relative_bounding_box
    )
    if box is None:
        raise ValueError(f"detections need boxes, but one has a place of {location.format.name}")
    return box
