"""Which motion vectors lie near which box: (box, vector) pairs in one flat list.

Boxes hold anything from none to all vectors. A flat list sorted by box costs only what is
there, where a padded [box, vector] array would pay for the largest box in every row, and one
`reduceat` sums per box without a Python loop.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import BoxStates, aspect_extent

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameVectors:
    """One frame's vectors in the aspect domain."""

    position: FloatArray
    """`[vector, xy]`."""

    object_motion: FloatArray
    """`[vector, xy]` camera taken out."""

    track_id: IntArray
    """`[vector]`."""

    camera: FloatArray
    """`[3, 3]` camera motion."""

    extent: FloatArray
    """Width and height of the frame."""

    @classmethod
    def of(cls, data: TrackingData) -> "FrameVectors":
        """Returns the vectors of `data` scaled from its domain."""
        extent = aspect_extent(data.frame_aspect)
        scale = extent / data.domain_size
        camera = np.diag((*scale, 1.0)) @ data.background_model @ np.diag((*1 / scale, 1.0))
        return cls(
            position=data.positions * scale,
            object_motion=data.object_vectors * scale,
            track_id=data.track_ids,
            camera=camera,
            extent=extent,
        )

    def camera_motion(self, points: FloatArray) -> FloatArray:
        """Returns how the camera moves `points` `[..., xy]`."""
        moved = points @ self.camera[:, :2].T + self.camera[:, 2]
        result: FloatArray = moved[..., :2] / moved[..., 2:] - points
        return result

    def camera_jacobian(self, points: FloatArray) -> FloatArray:
        """Returns `[point, 2, 2]`, the local linear part of the camera's motion."""
        moved = points @ self.camera[:, :2].T + self.camera[:, 2]
        w = moved[:, 2, None, None]
        to = (moved[:, :2] / moved[:, 2:])[:, :, None]
        result: FloatArray = (self.camera[None, :2, :2] - to * self.camera[2, :2]) / w
        return result


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxVectors:
    """The pairs of a step, sorted by box, then track id."""

    box: IntArray
    """`[pair]`."""

    track_id: IntArray
    """`[pair]`."""

    position: FloatArray
    """`[pair, xy]`."""

    object_motion: FloatArray
    """`[pair, xy]`."""

    from_center: FloatArray
    """`[pair, xy]` position minus the box's centre."""

    place: FloatArray
    """`[pair, uv]` the same in the box's own axes, in box sizes: -0.5..0.5 inside."""

    starts: IntArray
    """First pair of each box that has any."""

    present: IntArray
    """Indices of the boxes that have any."""

    box_count: int
    """Boxes altogether."""

    @property
    def key(self) -> IntArray:
        """`[pair]` as in FeatureMemory."""
        return (self.box << 32) | self.track_id

    def sum_per_box(self, values: FloatArray) -> FloatArray:
        """Returns `[box, ...]` sums of `values` `[pair, ...]`; 0 for boxes without vectors."""
        total = np.zeros((self.box_count, *values.shape[1:]))
        if len(self.starts):
            total[self.present] = np.add.reduceat(values, self.starts, axis=0)
        return total


def vectors_near_boxes(
    boxes: BoxStates, vectors: FrameVectors, expansion_size: float, period: float
) -> BoxVectors:
    """Returns all pairs of a box and a vector inside its search area.

    The search area is the upright box around the box, grown to hold the surroundings that the
    object is told apart from, and where its motion may carry it.
    """
    speed = np.linalg.norm(boxes.velocity, axis=1) * period
    largest = boxes.scaled_size.max(axis=1)
    grown = np.maximum(expansion_size, np.minimum(0.25 * largest, 2 * speed))
    half = boxes.half_extent() + grown[:, None]
    low, high = boxes.center - half, boxes.center + half
    # Vectors come sorted by track id, so that pairs come sorted by (box, id) at no cost.
    by_id = np.argsort(vectors.track_id, kind="stable")
    x, y = vectors.position[by_id].T
    near = (x >= low[:, :1]) & (x <= high[:, :1]) & (y >= low[:, 1:]) & (y <= high[:, 1:])
    box, vector = np.nonzero(near)
    vector = by_id[vector]
    position = vectors.position[vector]
    from_center = position - boxes.center[box]
    present, starts = np.unique(box, return_index=True)
    return BoxVectors(
        box=box,
        track_id=vectors.track_id[vector],
        position=position,
        object_motion=vectors.object_motion[vector],
        from_center=from_center,
        place=_in_box_axes(from_center, boxes, box),
        starts=starts,
        present=present,
        box_count=len(boxes),
    )


def _in_box_axes(from_center: FloatArray, boxes: BoxStates, box: IntArray) -> FloatArray:
    cos, sin = np.cos(boxes.rotation)[box], np.sin(boxes.rotation)[box]
    x, y = from_center.T
    turned = np.column_stack((cos * x + sin * y, cos * y - sin * x))
    result: FloatArray = turned / np.maximum(boxes.scaled_size, 1e-6)[box]
    return result
