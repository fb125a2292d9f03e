"""Follows corners from frame to frame and gives each a long-lived id.

The point set is topped up with fresh corners in every frame instead of being extracted anew
every few frames as MediaPipe does: ids live longer, and regions that have just come into view
are covered at once, which is what a box tracker needs at the leading edge of an object.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.corners import CornerOptions, grid_corners
from flowlace.tracking.flow_support import FlowSupportOptions, supported_by_neighbours

FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionFlowOptions:
    """How corners are found, followed and doubted."""

    corners: CornerOptions = field(default_factory=CornerOptions)
    """Which points are followed."""

    support: FlowSupportOptions = field(default_factory=FlowSupportOptions)
    """Which flow is believed."""

    long_side_px: int = 480
    """Frames are shrunk to this longer side; smaller ones stay as they are."""

    tracking_window_size: int = 9
    """Side of the Lucas-Kanade window, pixels."""

    tracking_iterations: int = 8
    """Lucas-Kanade steps on each pyramid level."""

    tracking_levels: int = 3
    """Pyramid levels above the frame itself; 3 reach about 8 windows' radius of motion."""

    reuse_features_min_survived_frac: float = 0.95
    """Fresh corners are looked for once fewer of the points than this are left."""

    long_tracks_max_frames: int = 300
    """A point is dropped at this age and may be found again as a new one."""

    verify_long_feature_acceleration: bool = True
    """Track points back that change speed by more than 5 times; keep those that return."""

    verify_long_feature_trigger_ratio: float = 0.1
    """Fewer points than this part of all are not tracked back but given new ids: cheaper."""

    verify_features: bool = False
    """Track every point back; doubles the cost of the flow."""

    verification_distance: float = 1.0
    """How far from its start a verified point may return, pixels."""

    max_flow_fraction: float = 0.2
    """Longer flow, as a fraction of the frame's diagonal, is not believed."""

    duplicated_flow_px: float = 0.1
    """Frames whose root mean square flow is below this count as the same picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureFlow:
    """Points of one frame and where they were in the frame before, pixels of `frame_size`."""

    positions: FloatArray
    """`[point, xy]` in the current frame."""

    flow_to_previous: FloatArray
    """`[point, xy]` from the current frame to the one before."""

    track_ids: IdArray
    """`[point]`."""

    actively_discarded_track_ids: IdArray
    """Ids given up on purpose in this frame."""

    frame_size: tuple[int, int]
    """Width and height of the analysed frame."""

    is_duplicated: bool
    """Whether nothing moved at all."""


class RegionFlow:
    """Follows points through the frames of one video; feed it every frame in order."""

    def __init__(self, options: RegionFlowOptions | None = None) -> None:
        self._options = options or RegionFlowOptions()
        self._previous: NDArray[np.uint8] | None = None
        self._input_shape: tuple[int, ...] = ()
        self._points = np.empty((0, 2))
        self._flow = np.empty((0, 2))
        self._ids = np.empty(0, np.int64)
        self._ages = np.empty(0, np.int64)
        self._count_at_search = 1
        self._next_id = 0

    def track(self, gray: NDArray[np.uint8]) -> FeatureFlow:
        """Returns the flow of `gray` `[y, x]` to the frame before; none for the first frame.

        Raises ValueError for a frame of another size or type than the first.
        """
        self._check(gray)
        current = self._shrunk(gray)
        if self._previous is None:
            flow = self._no_flow(current)
        else:
            flow = self._follow(self._previous, current)
        self._previous = current
        self._top_up(current)
        return flow

    def _check(self, gray: NDArray[np.uint8]) -> None:
        if gray.ndim != 2 or gray.dtype != np.uint8 or 0 in gray.shape:
            raise ValueError(
                f"region flow expects a gray frame [y, x] of uint8, but got shape {gray.shape} "
                f"of {gray.dtype}; convert it first"
            )
        if self._input_shape and gray.shape != self._input_shape:
            raise ValueError(
                f"region flow was started with frames of {self._input_shape[1]}x"
                f"{self._input_shape[0]} pixels, but got {gray.shape[1]}x{gray.shape[0]}; "
                "scale the frames to one size or start a new analysis"
            )
        self._input_shape = gray.shape

    def _shrunk(self, gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = gray.shape
        scale = self._options.long_side_px / max(height, width)
        if scale >= 1:
            return np.ascontiguousarray(gray)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)

    def _no_flow(self, current: NDArray[np.uint8]) -> FeatureFlow:
        return FeatureFlow(
            positions=np.empty((0, 2)),
            flow_to_previous=np.empty((0, 2)),
            track_ids=np.empty(0, np.int64),
            actively_discarded_track_ids=np.empty(0, np.int64),
            frame_size=(current.shape[1], current.shape[0]),
            is_duplicated=False,
        )

    def _follow(self, previous: NDArray[np.uint8], current: NDArray[np.uint8]) -> FeatureFlow:
        if not len(self._points):
            return self._no_flow(current)
        moved, found = self._lucas_kanade(previous, current, self._points, None)
        flow = moved - self._points
        found &= self._is_inside(moved, current) & self._is_short(flow, current)
        found &= self._is_verified(previous, current, moved, flow, found)
        self._keep_points(found, moved, flow)
        believed = supported_by_neighbours(
            self._points, self._flow, current.shape, self._options.support
        )
        self._keep_points(believed, self._points, self._flow)
        discarded = self._thin_out(current)
        rms = float(np.sqrt(np.mean(np.sum(self._flow**2, 1)))) if len(self._flow) else np.inf
        return FeatureFlow(
            positions=self._points,
            flow_to_previous=-self._flow,
            track_ids=self._ids,
            actively_discarded_track_ids=discarded,
            frame_size=(current.shape[1], current.shape[0]),
            is_duplicated=rms < self._options.duplicated_flow_px,
        )

    def _lucas_kanade(
        self,
        source: NDArray[np.uint8],
        target: NDArray[np.uint8],
        points: FloatArray,
        guess: FloatArray | None,
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        options = self._options
        moved, status, _ = cv2.calcOpticalFlowPyrLK(
            source,
            target,
            points.astype(np.float32),
            None if guess is None else guess.astype(np.float32),  # type: ignore[arg-type]
            winSize=(options.tracking_window_size, options.tracking_window_size),
            maxLevel=options.tracking_levels,
            criteria=(3, options.tracking_iterations, 0.02),
            flags=0 if guess is None else cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        return moved.astype(np.float64), status.ravel() == 1

    def _is_inside(self, points: FloatArray, frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
        edge = self._options.corners.border_px
        size = np.array([frame.shape[1], frame.shape[0]])
        inside: NDArray[np.bool_] = np.all((points >= edge) & (points <= size - 1 - edge), axis=1)
        return inside

    def _is_short(self, flow: FloatArray, frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
        limit = self._options.max_flow_fraction * np.hypot(*frame.shape)
        short: NDArray[np.bool_] = np.sum(flow**2, axis=1) < limit**2
        return short

    def _is_verified(
        self,
        previous: NDArray[np.uint8],
        current: NDArray[np.uint8],
        moved: FloatArray,
        flow: FloatArray,
        found: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        options = self._options
        doubtful = found.copy()
        if not options.verify_features:
            if not options.verify_long_feature_acceleration:
                return np.ones(len(found), np.bool_)
            doubtful &= (self._ages > 0) & _jumps(flow, self._flow)
            limit = options.verify_long_feature_trigger_ratio * np.count_nonzero(found)
            if np.count_nonzero(doubtful) < limit:
                self._rename(doubtful)
                return np.ones(len(found), np.bool_)
        verified = np.ones(len(found), np.bool_)
        if doubtful.any():
            back, status = self._lucas_kanade(
                current, previous, moved[doubtful], self._points[doubtful]
            )
            distance = np.linalg.norm(back - self._points[doubtful], axis=1)
            verified[doubtful] = status & (distance < self._options.verification_distance)
        return verified

    def _rename(self, points: NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(points))
        self._ids = self._ids.copy()
        self._ids[points] = np.arange(self._next_id, self._next_id + count)
        self._ages[points] = 0
        self._next_id += count

    def _keep_points(self, kept: NDArray[np.bool_], points: FloatArray, flow: FloatArray) -> None:
        self._points, self._flow = points[kept], flow[kept]
        self._ids, self._ages = self._ids[kept], self._ages[kept]

    def _thin_out(self, frame: NDArray[np.uint8]) -> IdArray:
        """Drops points that ran into an older one, and those past their age; returns their ids."""
        self._ages += 1
        side = max(2, self._options.corners.min_feature_distance - 1)
        cell = (self._points // side).astype(np.int64) @ np.array([1, frame.shape[1]])
        oldest_first = np.argsort(-self._ages, kind="stable")
        _, first = np.unique(cell[oldest_first], return_index=True)
        kept = np.zeros(len(cell), np.bool_)
        kept[oldest_first[first]] = True
        kept &= self._ages < self._options.long_tracks_max_frames
        discarded = self._ids[~kept]
        self._keep_points(kept, self._points, self._flow)
        return discarded

    def _top_up(self, current: NDArray[np.uint8]) -> None:
        options = self._options
        wanted = options.corners.max_features
        # Measured against what the last search left, not against what is wanted: a flat picture
        # never has that many, and would be searched in every frame for nothing.
        if len(self._points) >= options.reuse_features_min_survived_frac * self._count_at_search:
            return
        fresh = grid_corners(current, self._points, wanted - len(self._points), options.corners)
        self._points = np.concatenate((self._points, fresh))
        self._flow = np.concatenate((self._flow, np.zeros_like(fresh)))
        new_ids = np.arange(self._next_id, self._next_id + len(fresh), dtype=np.int64)
        self._next_id += len(fresh)
        self._ids = np.concatenate((self._ids, new_ids))
        self._ages = np.concatenate((self._ages, np.zeros(len(fresh), np.int64)))
        self._count_at_search = len(self._points)


def _jumps(flow: FloatArray, flow_before: FloatArray) -> NDArray[np.bool_]:
    """Whether speed grew or fell by more than 5 times (MediaPipe's acceleration test)."""
    speed, before = np.abs(flow).sum(axis=1), np.abs(flow_before).sum(axis=1)
    jumps: NDArray[np.bool_] = (speed > 5 * np.maximum(1, before)) | (
        before > 5 * np.maximum(1, speed)
    )
    return jumps
