"""One detected object while a tracker follows it, and what is known of it when it is lost."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.detection import Detection
from flowlace.formats.object_row import best_label
from flowlace.formats.tracked_box import TimedBox
from flowlace.tracking.usual_shape import SeenShapes, UsualShapes

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]

MOST_PREDICTED_US = 1_000_000
"""How long a lost object is taken to go on as it did."""

VELOCITY_SHARE = 0.2
"""Part of each new velocity in the mean: that of one step is half noise."""

SETTLING_US = 100_000
"""Time in which half the way from a detection's own size to the usual size is gone: a walker's box
is as wide as detected now, and as wide as on average half a step later."""

EDGE = 0.005
"""Parts of the frame: boxes that come this near to its edge may be cut."""

LOOK_SHARE = 0.5
"""Part of each new look in the mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Smoothing:
    """How much of what was shown before goes on after a new detection."""

    correction_half_life_us: int = 0
    """Time in which half of a jump of the middle is shown; 0 jumps."""
    size_half_life_us: int = 0
    """Age at which a shape counts half in the usual one; 0 takes each detection's as it is."""
    max_stray: float = 0.0
    """Sizes by which tracking may stray from where the last detections point; 0: any number."""


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
    """`[x, y]` fractions of the frame a second, by tracking."""
    found_place: FloatArray = field(default_factory=lambda: np.zeros(4))
    """Where the newest detection was."""
    found_velocity: FloatArray | None = None
    """`[x, y]` fractions of the frame a second, from detection to detection; None after one."""
    hits: int = 1
    """Detections that were this object."""
    misses: int = 0
    """Rounds of detections in a row that did not have it."""
    correction: FloatArray | None = None
    """`[x, y]` by which the newest detection moved the middle; shown less and less."""
    size_factor: FloatArray = field(default_factory=lambda: np.ones(2))
    """`[x, y]` what turns the tracker's size into the object's usual one."""
    seen_shapes: SeenShapes = field(default_factory=SeenShapes)
    """The shapes it was detected with."""
    size_change: FloatArray | None = None
    """`[x, y]` logarithms of the newest detection's size against the tracker's; None if new."""
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

    def expected_place(self, timestamp_us: int) -> FloatArray:
        """Returns where detections alone say it should be at a time.

        Points of the background pull at small boxes; what the last detections did does not.
        """
        if self.found_velocity is None:
            return self.predicted_place(timestamp_us)
        elapsed_us = min(max(timestamp_us - self.started_us, 0), MOST_PREDICTED_US)
        return self.found_place + np.tile(self.found_velocity, 2) * (elapsed_us / 1e6)

    def shown_place(self, smoothing: Smoothing) -> FloatArray:
        """Returns `place` as users see it: kept from straying and jumping, of the usual size."""
        age_us = self.updated_us - self.started_us
        center = (self.place[:2] + self.place[2:]) / 2
        half = (self.place[2:] - self.place[:2]) / 2
        if smoothing.max_stray > 0 and self.found_velocity is not None:
            center = center + self._strayed(center, 2 * half * smoothing.max_stray)
        if self.correction is not None and smoothing.correction_half_life_us > 0:
            left: float = 0.5 ** (age_us / smoothing.correction_half_life_us)
            center = center + self.correction * left
        half = half * self.size_factor ** (1 - 0.5 ** (age_us / SETTLING_US))
        return np.concatenate((center - half, center + half))

    def _strayed(self, center: FloatArray, most: FloatArray) -> FloatArray:
        """Returns the way back to within `most` `[x, y]` of where the detections point."""
        if not 0 < self.updated_us - self.started_us <= MOST_PREDICTED_US:
            return np.zeros(2)
        expected = self.expected_place(self.updated_us)
        away = (expected[:2] + expected[2:]) / 2 - center
        back: FloatArray = np.sign(away) * np.maximum(np.abs(away) - most, 0)
        return back

    def merge_labels(self, other: "TrackedDetection") -> None:
        """Takes the higher score of each label."""
        for label, score in other.labels.items():
            self.labels[label] = max(score, self.labels.get(label, score))

    def take_over(self, other: "TrackedDetection", smoothing: Smoothing) -> None:
        """Goes on as the object `other`."""
        self.object_id = other.object_id
        self.hits = other.hits + 1
        self.merge_labels(other)
        self.velocity = other.velocity
        self._find_velocity(other)
        if other.updated_us == self.updated_us and not other.is_lost:
            self._smooth(other, smoothing)
        if self.look is not None and other.look is not None:
            mean = LOOK_SHARE * self.look + (1 - LOOK_SHARE) * other.look
            self.look = np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)

    def _smooth(self, other: "TrackedDetection", smoothing: Smoothing) -> None:
        """Goes on with the shapes so far, and notes the jump of the middle."""
        if smoothing.size_half_life_us > 0:
            self.seen_shapes = other.seen_shapes
            self.size_change = np.log(_size(self.place) / _size(other.place))
        if smoothing.correction_half_life_us > 0:
            old = other.shown_place(smoothing)
            self.correction = (old[:2] + old[2:] - self.place[:2] - self.place[2:]) / 2

    def take_usual_size(self, shapes: UsualShapes) -> None:
        """Learns from the newest detection what size to show until the next one.

        A box at the frame's edge is cut there by most detectors, and tells nothing.
        """
        place = self.found_place
        if (place > EDGE).all() and (place < 1 - EDGE).all():
            size = _size(place)
            shape = float(np.log(size[0] / size[1]))
            self.seen_shapes = self.seen_shapes.and_then(shape, self.started_us)
            self.size_factor = shapes.factor(self.best_label, self.seen_shapes, self.size_change)

    def _find_velocity(self, other: "TrackedDetection") -> None:
        elapsed_s = (self.started_us - other.started_us) / 1e6
        if not 0 < elapsed_s <= MOST_PREDICTED_US / 1e6:
            return
        moved = self.found_place - other.found_place
        velocity: FloatArray = (moved[:2] + moved[2:]) / 2 / elapsed_s
        if other.found_velocity is not None:
            velocity = (velocity + other.found_velocity) / 2
        self.found_velocity = velocity

    def as_box(self, smoothing: Smoothing) -> TimedBox:
        """Returns the tracker's box as users see it, under the object's id."""
        assert self.box is not None
        changes: dict[str, Any] = {"id": self.object_id, "label": self.best_label}
        place = self.shown_place(smoothing)
        if not np.allclose(place, self.place, rtol=0, atol=1e-9):
            # What is smoothed is the upright box, so a turn can't be kept.
            edges = zip(("left", "top", "right", "bottom"), place.tolist(), strict=True)
            changes |= {**dict(edges), "rotation": 0.0, "quad": None}
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
    box = detection.location_data.relative_bounding_box
    edges = (0.0,) * 4
    if box is not None:
        edges = (box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height)
    return TrackedDetection(
        box_id=detection.detection_id,
        object_id=detection.detection_id,
        started_us=timestamp_us if detection.timestamp_us is None else detection.timestamp_us,
        labels=labels,
        detection=detection,
        found_place=np.array(edges),
        look=look,
    )


def _size(place: FloatArray) -> FloatArray:
    return np.maximum(place[2:] - place[:2], 1e-6)


def upright_place(box: TimedBox) -> FloatArray:
    """Returns `[left, top, right, bottom]` of the upright box around a tracked one."""
    if box.quad is None and abs(box.rotation) <= 1e-5:
        return np.array([box.left, box.top, box.right, box.bottom])
    corners = np.array(box.corners_px(1, 1))
    return np.concatenate((corners.min(axis=0), corners.max(axis=0)))


def places_of(objects: list[TrackedDetection]) -> FloatArray:
    """Returns `[object, (left, top, right, bottom)]`."""
    return np.array([each.place for each in objects], np.float64).reshape(-1, 4)
