"""A tracked object as users read it: one row an object and frame, in pixels of the source frame."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flowlace.formats.detection import Detection, LocationFormat
from flowlace.formats.tracked_box import TimedBox

NO_ID = -1
"""Id of a row whose detection has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRow:
    """One object in one frame."""

    timestamp_us: int
    """Of the frame."""
    id: int
    """The same through the video for one object."""
    label: str
    """What it is: the label with the highest score; empty if there is none."""
    score: float
    """The detector's highest score for that label so far, 0..1."""
    x: float
    """Left edge in pixels of the source frame."""
    y: float
    """Upper edge in pixels."""
    w: float
    """Width in pixels."""
    h: float
    """Height in pixels."""
    confidence: float
    """The tracker's probability that the box overlaps the object by more than half (IoU)."""


def object_rows(
    detections: Iterable[Detection],
    boxes: Mapping[int, TimedBox],
    *,
    timestamp_us: int,
    width_px: int,
    height_px: int,
) -> list[ObjectRow]:
    """Returns one row a detection for a frame of the given size.

    Args:
        detections: with relative boxes; others raise ValueError.
        boxes: the tracker's box of each detection by its id; one that is missing has confidence 1.
        timestamp_us: of the frame.
        width_px: of the frame.
        height_px: of the frame.
    """
    rows = []
    for detection in detections:
        label, score = best_label(detection)
        x, y, width, height = _pixels(detection, width_px, height_px)
        id_ = NO_ID if detection.detection_id is None else detection.detection_id
        box = boxes.get(id_)
        rows.append(
            ObjectRow(
                timestamp_us=timestamp_us,
                id=id_,
                label=label,
                score=round(score, 4),
                x=round(x, 3),
                y=round(y, 3),
                w=round(width, 3),
                h=round(height, 3),
                confidence=1.0 if box is None else round(box.confidence, 4),
            )
        )
    return rows


def best_label(detection: Detection) -> tuple[str, float]:
    """Returns the label with the highest score; its id as text where it has no name.

    >>> best_label(Detection(label=("car", "van"), score=(0.3, 0.6)))
    ('van', 0.6)
    >>> best_label(Detection())
    ('', 0.0)
    """
    names = detection.label or tuple(map(str, detection.label_id))
    if not detection.score:
        return (names[0] if names else ""), 0.0
    index = max(range(len(detection.score)), key=detection.score.__getitem__)
    return (names[index] if index < len(names) else ""), float(detection.score[index])


def _pixels(
    detection: Detection, width_px: int, height_px: int
) -> tuple[float, float, float, float]:
    location = detection.location_data
    box = location.relative_bounding_box
    if location.format is not LocationFormat.RELATIVE_BOUNDING_BOX or box is None:
        raise ValueError(
            f"a row needs a detection with RELATIVE_BOUNDING_BOX, but got {location.format.name}; "
            "convert it before"
        )
    return box.xmin * width_px, box.ymin * height_px, box.width * width_px, box.height * height_px
