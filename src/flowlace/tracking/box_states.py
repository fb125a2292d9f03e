"""State of many tracked boxes at one time, one array a property.

Coordinates are MediaPipe's "aspect domain": the frame's longer side has length 1, so that a
circle is a circle. Velocities are per standard frame period (1/30 s) whatever the frame rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TimedBox, TrackState

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STANDARD_PERIOD_US = 1_000_000 / 30

EVIDENCE_COUNT = 5


def aspect_extent(frame_aspect: float) -> FloatArray:
    """Returns the frame's width and height in the aspect domain."""
    return np.array([min(1.0, frame_aspect), min(1.0, 1.0 / frame_aspect)])


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureMemory:
    """What each box believes about each feature near it; sorted by `key`."""

    key: IntArray
    """`[pair]` box index << 32 | track id."""

    belief: FloatArray
    """`[pair]` log-odds that the feature is part of the box's object."""

    age: IntArray
    """`[pair]` steps the feature has been near the box."""

    position: FloatArray
    """`[pair, xy]` in the current frame, aspect domain; for drawing."""

    is_inlier: NDArray[np.bool_]
    """`[pair]` whether the last step counted it as part of the object."""

    @classmethod
    def empty(cls) -> Self:
        """Returns a memory of nothing."""
        return cls(
            key=np.empty(0, np.int64),
            belief=np.empty(0),
            age=np.empty(0, np.int64),
            position=np.empty((0, 2)),
            is_inlier=np.empty(0, np.bool_),
        )

    @property
    def box(self) -> IntArray:
        """`[pair]` index of the box."""
        return self.key >> 32

    @property
    def track_id(self) -> IntArray:
        """`[pair]` id of the feature."""
        return self.key & 0xFFFFFFFF

    def of_boxes(self, kept: IntArray, count_before: int) -> Self:
        """Returns the memory of the boxes at indices `kept`, renumbered."""
        new_index = np.full(count_before, -1, np.int64)
        new_index[kept] = np.arange(len(kept))
        box = new_index[self.box]
        order = np.flatnonzero(box >= 0)
        key = (box[order] << 32) | self.track_id[order]
        order = order[np.argsort(key, kind="stable")]
        return replace(
            self,
            key=np.sort(key),
            belief=self.belief[order],
            age=self.age[order],
            position=self.position[order],
            is_inlier=self.is_inlier[order],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxStates:
    """All boxes at one time. Arrays are `[box]` or `[box, ...]`."""

    ids: IntArray
    """Names the object of each box."""

    center: FloatArray
    """`[box, xy]`."""

    size: FloatArray
    """`[box, xy]` as it was at the start; `scale` carries the change."""

    scale: FloatArray
    """Factor on `size`."""

    rotation: FloatArray
    """Radians about the centre."""

    quad: FloatArray
    """`[box, corner, xy]`; not a number for boxes that are not quads."""

    velocity: FloatArray
    """`[box, xy]` object motion without the camera's, per standard frame period."""

    prior_weight: FloatArray
    """0..1, how much the steps before can be relied on."""

    status: IntArray
    """`TrackState` of the last step."""

    failures: IntArray
    """Steps in a row without support by features."""

    age_us: IntArray
    """Time since the start."""

    confidence: FloatArray
    """Calibrated probability that the box is still right."""

    evidence: FloatArray
    """`[box, feature]` what the confidence is computed from."""

    memory: FeatureMemory
    """Beliefs about features."""

    @classmethod
    def none(cls) -> Self:
        """Returns the state of no box."""
        return cls.start((), 1.0)

    @classmethod
    def start(cls, boxes: Sequence[TimedBox], frame_aspect: float) -> Self:
        """Returns the state of `boxes` before their first step."""
        extent = aspect_extent(frame_aspect)
        edges = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], np.float64)
        edges = edges.reshape(-1, 2, 2) * extent
        quads = [b.quad if b.quad is not None else (np.nan,) * 8 for b in boxes]
        quad = np.array(quads, np.float64).reshape(-1, 4, 2) * extent
        count = len(boxes)
        has_quad = ~np.isnan(quad[:, 0, 0])
        center, size = edges.mean(axis=1), edges[:, 1] - edges[:, 0]
        if has_quad.any():
            low, high = quad[has_quad].min(axis=1), quad[has_quad].max(axis=1)
            center[has_quad], size[has_quad] = (low + high) / 2, high - low
        return cls(
            ids=np.array([b.id for b in boxes], np.int64),
            center=center,
            size=size,
            scale=np.ones(count),
            rotation=np.array([b.rotation for b in boxes], np.float64),
            quad=quad,
            velocity=np.zeros((count, 2)),
            prior_weight=np.zeros(count),
            status=np.full(count, TrackState.TRACKED, np.int64),
            failures=np.zeros(count, np.int64),
            age_us=np.zeros(count, np.int64),
            confidence=np.ones(count),
            evidence=np.zeros((count, EVIDENCE_COUNT)),
            memory=FeatureMemory.empty(),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scaled_size(self) -> FloatArray:
        """`[box, xy]` current size before rotation."""
        return self.size * self.scale[:, None]

    @property
    def is_quad(self) -> NDArray[np.bool_]:
        """`[box]` whether the box is given by four corners."""
        return ~np.isnan(self.quad[:, 0, 0])

    @property
    def is_failed(self) -> NDArray[np.bool_]:
        """`[box]` whether the last step lost the box."""
        return self.status <= TrackState.NO_FEATURES

    def half_extent(self) -> FloatArray:
        """`[box, xy]` half the size of the upright box around each rotated box."""
        half = self.scaled_size / 2
        cos, sin = np.abs(np.cos(self.rotation)), np.abs(np.sin(self.rotation))
        return np.column_stack(
            (half[:, 0] * cos + half[:, 1] * sin, half[:, 0] * sin + half[:, 1] * cos)
        )

    def select(self, kept: IntArray) -> Self:
        """Returns the boxes at indices `kept`, in that order."""
        arrays = {f.name: getattr(self, f.name)[kept] for f in fields(self) if f.name != "memory"}
        return type(self)(**arrays, memory=self.memory.of_boxes(kept, len(self)))

    def joined(self, other: Self) -> Self:
        """Returns these boxes followed by `other`'s."""
        arrays = {
            f.name: np.concatenate((getattr(self, f.name), getattr(other, f.name)))
            for f in fields(self)
            if f.name != "memory"
        }
        shifted = replace(other.memory, key=other.memory.key + (len(self) << 32))
        memory = FeatureMemory(
            **{
                f.name: np.concatenate((getattr(self.memory, f.name), getattr(shifted, f.name)))
                for f in fields(shifted)
            }
        )
        return type(self)(**arrays, memory=memory)
