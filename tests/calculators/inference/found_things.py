"""Detections for tests, written shortly."""

from collections.abc import Iterable

from flowlace.formats.detection import (
    BoundingBox,
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
    RelativeKeypoint,
)


def relative(
    *box: float,
    label_id: int | tuple[int, ...] = 0,
    score: float | tuple[float, ...] = 1.0,
    label: tuple[str, ...] = (),
    points: Iterable[tuple[float, float]] = (),
) -> Detection:
    """Returns a detection with a box (xmin, ymin, width, height) in fractions."""
    return Detection(
        label_id=label_id if isinstance(label_id, tuple) else (label_id,),
        score=score if isinstance(score, tuple) else (score,),
        label=label,
        location_data=LocationData(
            format=LocationFormat.RELATIVE_BOUNDING_BOX,
            relative_bounding_box=RelativeBoundingBox(*box),
            relative_keypoints=tuple(RelativeKeypoint(x, y) for x, y in points),
        ),
    )


def in_pixels(*box: int, label_id: int = 0, score: float = 1.0) -> Detection:
    """Returns a detection with a box (xmin, ymin, width, height) in pixels."""
    return Detection(
        label_id=(label_id,),
        score=(score,),
        location_data=LocationData(
            format=LocationFormat.BOUNDING_BOX, bounding_box=BoundingBox(*box)
        ),
    )


def corner_and_size(detection: Detection) -> tuple[float, float, float, float]:
    """Returns xmin, ymin, width, height of a box in fractions."""
    box = detection.location_data.relative_bounding_box
    assert box is not None
    return box.xmin, box.ymin, box.width, box.height


def keypoints(detection: Detection) -> list[tuple[float, float]]:
    """Returns the places of the keypoints."""
    return [(point.x, point.y) for point in detection.location_data.relative_keypoints]
