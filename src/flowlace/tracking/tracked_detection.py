"""One detected object while a tracker follows it, and what is known of it when it is lost."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.detection import Detection
from flowlace.formats.object_row import best_label
from flowlace.formats.tracked_box import TimedBox

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]

MOST_PREDICTED_US = 1_000_000
"""How long a lost object is taken to go on as it did."""

VELOCITY_SHARE = 0.2
"""Part of each new velocity in the mean: that of one step is half noise."""

LOOK_SHARE = 0.5
"""Part of each new look in the mean."""


@dataclass(slots=True, kw_only=True)
class TrackedDetection:
    """An object: the newest detection of it, the tracker's box, and what came before."""

    box_id: int
    """What the tracker calls the box; another one after each detection."""
    object_id: int
    """What users see: the same from the first detection on."""
    started_us: int
    """Time of the frame of the newest detection."""
    labels: dict[str, float]
    """Highest score of each label so far."""
    detection: Detection
    """The newest one."""
    look: Float32 | None = None
    """`[feature]` of length one; None where looks are not compared."""
    box: TimedBox | None = None
    """The tracker's, None until it has told one."""
    place: FloatArray = field(default_factory=lambda: np.zeros(4))
    """`[left, top, right, bottom]` of the upright box around `box`."""
    updated_us: int = -1
    """Time of `box`."""
    velocity: FloatArray = field(default_factory=lambda: np.zeros(2))
    """`[x, y]` fractions of the frame a second."""
    hits: int = 1
    """Detections that were this object."""
    misses: int = 0
    """Rounds of detections in a row that did not have it."""
    correction: FloatArray | None = None
    """What the newest detection changed, as an offset to `place`; shown less and less."""
    is_lost: bool = False
    """Whether the tracker follows it no more."""

    @property
    def is_inherited(self) -> bool:
        """Whether the object was known before its newest detection."""
        return self.object_id != self.box_id

    @property
    def best_label(self) -> str:
        """The label with the highest score; empty if there is none."""
        return max(self.labels, key=self.labels.__getitem__, default="")

    def locate(self, box: TimedBox) -> None:
        """Takes the tracker's newest box."""
        place = upright_place(box)
        elapsed_s = (box.timestamp_us - self.updated_us) / 1e6
        if self.box is not None and elapsed_s > 0:
            moved = (place[:2] + place[2:] - self.place[:2] - self.place[2:]) / 2
            self.velocity = self.velocity + VELOCITY_SHARE * (moved / elapsed_s - self.velocity)
        self.box, self.place, self.updated_us = box, place, box.timestamp_us

    def predicted_place(self, timestamp_us: int) -> FloatArray:
        """Returns where it should be at a time if it went on as it did."""
        elapsed_us = min(max(timestamp_us - self.updated_us, 0), MOST_PREDICTED_US)
        return self.place + np.tile(self.velocity, 2) * (elapsed_us / 1e6)

    def shown_place(self, half_life_us: int) -> FloatArray:
        """Returns `place` with what is left of the last correction."""
        if self.correction is None or half_life_us <= 0:
            return self.place
        left: float = 0.5 ** ((self.updated_us - self.started_us) / half_life_us)
        return self.place + self.correction * left

    def merge_labels(self, other: "TrackedDetection") -> None:
        """Takes the higher score of each label."""
        for label, score in other.labels.items():
            self.labels[label] = max(score, self.labels.get(label, score))

    def take_over(self, other: "TrackedDetection", half_life_us: int) -> None:
        """Goes on as the object `other`."""
        self.object_id = other.object_id
        self.hits = other.hits + 1
        self.merge_labels(other)
        self.velocity = other.velocity
        is_in_step = other.updated_us == self.updated_us and not other.is_lost
        if is_in_step and half_life_us > 0:
            self.correction = other.shown_place(half_life_us) - self.place
        if self.look is not None and other.look is not None:
            mean = LOOK_SHARE * self.look + (1 - LOOK_SHARE) * other.look
            self.look = mean / max(float(np.linalg.norm(mean)), 1e-6)

    def as_box(self, half_life_us: int) -> TimedBox:
        """Returns the box users see, under the object's id; raises AssertionError without one."""
        assert self.box is not None
        left, top, right, bottom = self.shown_place(half_life_us).tolist()
        changes: dict[str, Any] = {"id": self.object_id, "label": self.best_label}
        if self.correction is not None:
            changes |= {"left": left, "top": top, "right": right, "bottom": bottom}
        return replace(self.box, **changes)


def new_tracked_detection(
    detection: Detection, timestamp_us: int, look: Float32 | None
) -> TrackedDetection:
    """Returns an object that was just detected; its id is the detection's.

    Raises ValueError for a detection without an id.
    """
    if detection.detection_id is None:
        raise ValueError(
            f"a detection at {timestamp_us} us has no detection_id, so its box can't be known "
            "again; put a DetectionUniqueIdCalculator before"
        )
    names = detection.label or tuple(map(str, detection.label_id))
    labels: dict[str, float] = {}
    for name, score in zip(names, detection.score, strict=False):
        labels[name] = max(score, labels.get(name, score))
    if not labels and names:
        labels[best_label(detection)[0]] = 0.0
    return TrackedDetection(
        box_id=detection.detection_id,
        object_id=detection.detection_id,
        started_us=timestamp_us if detection.timestamp_us is None else detection.timestamp_us,
        labels=labels,
        detection=detection,
        look=look,
    )


def upright_place(box: TimedBox) -> FloatArray:
    """Returns `[left, top, right, bottom]` of the upright box around a tracked one."""
    if box.quad is None and abs(box.rotation) <= 1e-5:
        return np.array([box.left, box.top, box.right, box.bottom])
    corners = np.array(box.corners_px(1, 1))
    return np.concatenate((corners.min(axis=0), corners.max(axis=0)))


def places_of(objects: list[TrackedDetection]) -> FloatArray:
    """Returns `[object, (left, top, right, bottom)]`."""
    return np.array([each.place for each in objects], np.float64).reshape(-1, 4)
