"""Boxes a detector found, as arrays, and the detections they become."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
    RelativeKeypoint,
)

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FoundBoxes:
    """Boxes worth reporting, each with one class or several."""

    corners: Floats
    """ymin, xmin, ymax, xmax: `[box, 4]`"""
    points: Floats
    """x, y: `[box, keypoint, 2]`"""
    scores: Floats
    """`[box, class of the box]`"""
    classes: NDArray[np.intp]
    """`[box, class of the box]`"""
    is_reported: Mask
    """`[box, class of the box]`; at least one in every row"""

    @classmethod
    def none(cls, keypoints: int) -> "FoundBoxes":
        """Returns no boxes."""
        empty = np.empty((0, 1), np.float32)
        points = np.empty((0, keypoints, 2), np.float32)
        ids, reported = empty.astype(np.intp), empty.astype(np.bool_)
        return cls(np.empty((0, 4), np.float32), points, empty, ids, reported)

    def __getitem__(self, rows: Mask | slice) -> "FoundBoxes":
        return FoundBoxes(
            self.corners[rows],
            self.points[rows],
            self.scores[rows],
            self.classes[rows],
            self.is_reported[rows],
        )

    def flipped_vertically(self) -> "FoundBoxes":
        """Returns the same with y counted from the other side."""
        ymin, xmin, ymax, xmax = self.corners.T
        corners = np.stack([1 - ymax, xmin, 1 - ymin, xmax], axis=1)
        points = np.stack([self.points[..., 0], 1 - self.points[..., 1]], axis=-1)
        return FoundBoxes(corners, points, self.scores, self.classes, self.is_reported)

    def detections(self) -> list[Detection]:
        """Returns one detection a box."""
        sizes = self.corners[:, 2:] - self.corners[:, :2]
        return [
            Detection(
                label_id=tuple(classes),
                score=tuple(scores),
                location_data=LocationData(
                    format=LocationFormat.RELATIVE_BOUNDING_BOX,
                    relative_bounding_box=RelativeBoundingBox(xmin, ymin, width, height),
                    relative_keypoints=tuple(RelativeKeypoint(x, y) for x, y in keypoints),
                ),
            )
            for (ymin, xmin), (height, width), keypoints, classes, scores in zip(
                self.corners[:, :2].tolist(),
                sizes.tolist(),
                self.points.tolist(),
                self._reported(self.classes),
                self._reported(self.scores),
                strict=True,
            )
        ]

    def _reported(self, values: NDArray[Any]) -> list[list[Any]]:
        if values.shape[1] == 1:  # every row has at least one that is reported
            listed: list[list[Any]] = values.tolist()
            return listed
        rows = zip(values, self.is_reported, strict=True)
        return [row[reported].tolist() for row, reported in rows]
