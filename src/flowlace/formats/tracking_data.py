"""Motion of one frame relative to its neighbour: what box trackers need instead of pixels.

Mirrors MediaPipe's `TrackingData` (mediapipe/util/tracking/flow_packager.proto) with one
difference: positions stay floats in memory and are rounded to the integer grid only when
written as compressed sparse columns. Rounding at once costs a third of a grid cell of
accuracy for nothing while the data never leaves the process.
"""

from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class FrameFlags(IntFlag):
    """Bits of `TrackingData.frame_flags`, numbered as in MediaPipe's files."""

    NONE = 0
    PROFILE_HIGH = 1
    HIGH_FIDELITY_VECTORS = 2
    BACKGROUND_UNSTABLE = 4
    DUPLICATED = 8
    CHUNK_BOUNDARY = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackingData:
    """Feature motion and camera motion between one frame and its neighbour.

    Each vector starts at a feature in the frame at `timestamp_us` and leads to the frame at
    `previous_timestamp_us`; `inverted()` turns the pair around. All arrays are read-only and
    sorted by column, then row.
    """

    timestamp_us: int
    """Frame in which `positions` lie."""

    previous_timestamp_us: int
    """Frame the vectors lead to; later than `timestamp_us` in inverted data."""

    domain_width: int
    """Width of the coordinate system of positions, vectors and background model."""

    domain_height: int
    """Height of the same."""

    frame_aspect: float
    """Width / height of the frame the data was computed from."""

    background_model: FloatArray
    """`[3, 3]` homography of the camera's motion; identity while the background is unstable."""

    positions: FloatArray
    """`[vector, xy]` in domain units."""

    object_vectors: FloatArray
    """`[vector, xy]` motion left after the background model's is taken away, domain units."""

    track_ids: NDArray[np.int64]
    """`[vector]`; a feature keeps its id for as long as it is followed."""

    actively_discarded_track_ids: NDArray[np.int64]
    """Ids dropped on purpose (too old or too close to another), not lost by the flow."""

    frame_flags: FrameFlags = FrameFlags.NONE
    """Duplicated frame, unstable background, chunk boundary."""

    average_motion_magnitude: float = 0.0
    """Mean flow length between its 10th and 90th percentile, domain-independent pixels."""

    def __post_init__(self) -> None:
        """Checks shapes and locks the arrays."""
        count = len(self.track_ids)
        if self.positions.shape != (count, 2) or self.object_vectors.shape != (count, 2):
            raise ValueError(
                f"tracking data at {self.timestamp_us} us: expected {count} positions and "
                f"vectors of shape ({count}, 2), but got {self.positions.shape} and "
                f"{self.object_vectors.shape}"
            )
        if self.domain_width < 1 or self.domain_height < 1 or not self.frame_aspect > 0:
            raise ValueError(
                f"tracking data at {self.timestamp_us} us: domain "
                f"{self.domain_width}x{self.domain_height} and frame aspect "
                f"{self.frame_aspect} must be positive"
            )
        for array in (
            self.background_model,
            self.positions,
            self.object_vectors,
            self.track_ids,
            self.actively_discarded_track_ids,
        ):
            array.flags.writeable = False

    @classmethod
    def empty(cls, *, timestamp_us: int, previous_timestamp_us: int, frame_aspect: float) -> Self:
        """Returns data without a single vector, as the first frame of a video has it."""
        return cls(
            timestamp_us=timestamp_us,
            previous_timestamp_us=previous_timestamp_us,
            domain_width=256,
            domain_height=192,
            frame_aspect=frame_aspect,
            background_model=np.eye(3),
            positions=np.empty((0, 2)),
            object_vectors=np.empty((0, 2)),
            track_ids=np.empty(0, np.int64),
            actively_discarded_track_ids=np.empty(0, np.int64),
            frame_flags=FrameFlags.BACKGROUND_UNSTABLE,
        )

    @property
    def is_background_stable(self) -> bool:
        """Whether the background model can be relied on."""
        return not self.frame_flags & FrameFlags.BACKGROUND_UNSTABLE

    @property
    def is_duplicated(self) -> bool:
        """Whether the frame shows the same picture as its neighbour."""
        return bool(self.frame_flags & FrameFlags.DUPLICATED)

    @property
    def is_chunk_boundary(self) -> bool:
        """Whether track ids start anew here and cannot be compared with the frame before."""
        return bool(self.frame_flags & FrameFlags.CHUNK_BOUNDARY)

    def background_vectors(self) -> FloatArray:
        """Returns `[vector, xy]`, the camera's motion at each position in domain units."""
        return _apply(self.background_model, self.positions) - self.positions

    def inverted(self) -> Self:
        """Returns the same motion told from the other frame, for tracking the other way.

        Vectors whose other end lies outside the domain are dropped.
        """
        background = self.background_vectors()
        moved = self.positions + background + self.object_vectors
        inside = np.all((moved >= 0) & (moved < self.domain_size), axis=1)
        order = _column_order(moved[inside])
        inverse: FloatArray = np.linalg.inv(self.background_model).astype(np.float64)
        inverse = inverse / inverse[2, 2]
        start = moved[inside][order]
        # The negated object vector is only right where the camera's motion is the same at both
        # ends; taking the exact rest keeps `inverted().inverted()` the identity.
        total = self.positions[inside][order] - start
        return replace(
            self,
            timestamp_us=self.previous_timestamp_us,
            previous_timestamp_us=self.timestamp_us,
            background_model=inverse,
            positions=start,
            object_vectors=total - (_apply(inverse, start) - start),
            track_ids=self.track_ids[inside][order],
        )

    @property
    def domain_size(self) -> FloatArray:
        """`[width, height]` of the domain."""
        return np.array([self.domain_width, self.domain_height], np.float64)

    def sorted_by_column(self) -> Self:
        """Returns the data with its vectors in column order, then row order."""
        order = _column_order(self.positions)
        return replace(
            self,
            positions=self.positions[order],
            object_vectors=self.object_vectors[order],
            track_ids=self.track_ids[order],
        )


def _apply(homography: FloatArray, points: FloatArray) -> FloatArray:
    moved = points @ homography[:, :2].T + homography[:, 2]
    result: FloatArray = moved[:, :2] / moved[:, 2:]
    return result


def _column_order(points: FloatArray) -> NDArray[np.intp]:
    return np.lexsort((points[:, 1], points[:, 0]))
