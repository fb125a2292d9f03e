"""Finds boxes again by their picture after motion has lost them.

ORB features of a box are kept as its index; a later frame's features are matched to it, and a
similarity (or a homography for quads) that enough matches agree on places the box anew.

MediaPipe compares the 32 ORB bytes by their Euclidean distance with a limit of .9, which only
identical descriptors pass. Here distances are counted in differing bits of the 256, as ORB
means them, and a match must be mutual and clearly better than the second best.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TimedBox

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageQuerySettings:
    """How features are taken from a frame. MediaPipe's names and defaults."""

    pyramid_bottom_size: int = 640
    """Longer side frames are shrunk to."""

    pyramid_scale_factor: float = 1.2
    """Ratio of pyramid levels."""

    max_pyramid_levels: int = 4
    """Pyramid levels."""

    max_features: int = 1000
    """Features in a frame; MediaPipe takes 500, which leaves few on a small box."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxDetectorOptions:
    """When and how boxes are looked for. Names as in MediaPipe."""

    detect_every_n_frame: int = 0
    """Look in every n-th frame for all boxes; 0 looks only for lost ones."""

    detect_out_of_fov: bool = True
    """Look for boxes that left the view or were lost."""

    image_query_settings: ImageQuerySettings = field(default_factory=ImageQuerySettings)
    """Features of a frame."""

    min_num_correspondence: int = 8
    """Matches that must agree on a place."""

    ransac_reprojection_threshold: float = 0.005
    """Error up to which a match agrees, longer sides of the frame."""

    max_match_distance: float = 64.0
    """Differing bits, of 256, up to which two features may match."""

    max_second_best_ratio: float = 0.85
    """The best match must differ by less than this part of the second best."""

    min_coverage: float = 0.4
    """Agreeing matches must spread over this part of the box's width and height.

    A box always holds some background; a corner of it that is still there is not the object.
    """

    max_scale_change: float = 3.0
    """Largest believable ratio of sizes, either way."""

    max_perspective_factor: float = 0.1
    """Largest perspective term of a quad's homography, in box sizes."""

    max_appearances: int = 4
    """Pictures kept a box; the first stays, the oldest other one goes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Features:
    points: FloatArray
    """`[feature, xy]`, longer side = 1."""

    descriptors: NDArray[np.uint8]
    """`[feature, 32]`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Appearance:
    box: TimedBox
    features: _Features


class BoxDetector:
    """Keeps the picture of boxes and finds them in frames."""

    def __init__(self, options: BoxDetectorOptions | None = None) -> None:
        self._options = options or BoxDetectorOptions()
        settings = self._options.image_query_settings
        self._orb = cv2.ORB.create(
            nfeatures=settings.max_features,
            scaleFactor=settings.pyramid_scale_factor,
            nlevels=settings.max_pyramid_levels,
            fastThreshold=10,
        )
        self._index: dict[int, list[_Appearance]] = {}
        self._frames_seen = 0

    @property
    def ids(self) -> list[int]:
        """Boxes the index holds."""
        return list(self._index)

    def add(self, gray: NDArray[np.uint8], boxes: list[TimedBox]) -> None:
        """Keeps how `boxes` look in `gray` `[y, x]`; boxes with too few features are left out."""
        features = self._features(gray)
        for box in boxes:
            inside = _is_inside(features.points, box, gray.shape)
            if np.count_nonzero(inside) < self._options.min_num_correspondence:
                continue
            kept = _Features(
                points=features.points[inside], descriptors=features.descriptors[inside]
            )
            looks = self._index.setdefault(box.id, [])
            looks.append(_Appearance(box=box, features=kept))
            if len(looks) > self._options.max_appearances:
                del looks[1]

    def forget(self, id_: int) -> None:
        """Removes a box from the index."""
        self._index.pop(id_, None)

    def detect(
        self, gray: NDArray[np.uint8], timestamp_us: int, live_ids: set[int]
    ) -> list[TimedBox]:
        """Returns boxes found in `gray` `[y, x]`: lost ones, and in every n-th frame all.

        `live_ids` are the boxes that are being tracked; call this for every frame.
        """
        self._frames_seen += 1
        every = self._options.detect_every_n_frame
        is_turn = every > 0 and self._frames_seen % every == 0
        missing = set(self._index) - live_ids if self._options.detect_out_of_fov else set()
        wanted = set(self._index) if is_turn else missing
        if not wanted:
            return []
        features = self._features(gray)
        found = [self._found(id_, features, gray.shape, timestamp_us) for id_ in sorted(wanted)]
        return [box for box in found if box is not None]

    def _features(self, gray: NDArray[np.uint8]) -> _Features:
        if gray.ndim != 2 or gray.dtype != np.uint8:
            raise ValueError(
                f"box detection expects a gray frame [y, x] of uint8, but got shape "
                f"{gray.shape} of {gray.dtype}; convert it first"
            )
        longest = self._options.image_query_settings.pyramid_bottom_size
        scale = min(1.0, longest / max(gray.shape))
        small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        keypoints, descriptors = self._orb.detectAndCompute(small, None)
        if descriptors is None:
            return _Features(points=np.empty((0, 2)), descriptors=np.empty((0, 32), np.uint8))
        points = np.array([k.pt for k in keypoints], np.float64) / max(small.shape)
        return _Features(points=points, descriptors=np.asarray(descriptors, np.uint8))

    def _found(
        self, id_: int, frame: _Features, shape: tuple[int, ...], timestamp_us: int
    ) -> TimedBox | None:
        """Returns the box by the best of its pictures, or None."""
        best: TimedBox | None = None
        most = self._options.min_num_correspondence - 1
        for look in self._index[id_]:
            source, target = self._matches(look.features, frame)
            if len(source) <= most:
                continue
            placed, agreeing = self._placed(look.box, source, target, shape)
            if placed is not None and agreeing > most:
                best, most = replace(placed, timestamp_us=timestamp_us), agreeing
        return best

    def _matches(self, look: _Features, frame: _Features) -> tuple[FloatArray, FloatArray]:
        if len(frame.points) < 2:
            return np.empty((0, 2)), np.empty((0, 2))
        distances = _hamming(look.descriptors, frame.descriptors)
        nearest = distances.argmin(axis=1)
        rows = np.arange(len(nearest))
        best = distances[rows, nearest]
        second = np.partition(distances, 1, axis=1)[:, 1]
        is_mutual = distances.argmin(axis=0)[nearest] == rows
        good = is_mutual & (best <= self._options.max_match_distance)
        good &= best <= self._options.max_second_best_ratio * second
        return look.points[good], frame.points[nearest[good]]

    def _placed(
        self, box: TimedBox, source: FloatArray, target: FloatArray, shape: tuple[int, ...]
    ) -> tuple[TimedBox | None, int]:
        limit = self._options.ransac_reprojection_threshold
        if box.quad is not None:
            return self._placed_quad(box, source, target, shape)
        model, inliers = cv2.estimateAffinePartial2D(
            source, target, method=cv2.RANSAC, ransacReprojThreshold=limit
        )
        if model is None or not self._covers(source[inliers.ravel() > 0], box, shape):
            return None, 0
        scale = float(np.hypot(model[0, 0], model[1, 0]))
        if not 1 / self._options.max_scale_change < scale < self._options.max_scale_change:
            return None, 0
        extent = np.array([shape[1], shape[0]]) / max(shape)
        middle = np.array([box.left + box.right, box.top + box.bottom]) / 2 * extent
        center = model[:, :2] @ middle + model[:, 2]
        half = np.array([box.width, box.height]) / 2 * scale
        left, top = center / extent - half
        right, bottom = center / extent + half
        turn = float(np.arctan2(model[1, 0], model[0, 0]))
        moved = replace(
            box,
            left=float(left),
            top=float(top),
            right=float(right),
            bottom=float(bottom),
            rotation=box.rotation + turn if box.rotation else 0.0,
        )
        return moved, int(inliers.sum())

    def _covers(self, points: FloatArray, box: TimedBox, shape: tuple[int, ...]) -> bool:
        extent = np.array([shape[1], shape[0]]) / max(shape)
        wanted = self._options.min_coverage * np.array([box.width, box.height]) * extent
        return bool(len(points) and (np.ptp(points, axis=0) >= wanted).all())

    def _placed_quad(
        self, box: TimedBox, source: FloatArray, target: FloatArray, shape: tuple[int, ...]
    ) -> tuple[TimedBox | None, int]:
        limit = self._options.ransac_reprojection_threshold
        model, inliers = cv2.findHomography(source, target, cv2.RANSAC, limit)
        if model is None or not self._covers(source[inliers.ravel() > 0], box, shape):
            return None, 0
        extent = np.array([shape[1], shape[0]]) / max(shape)
        corners = np.array(box.quad).reshape(4, 2) * extent
        size = float(np.ptp(corners, axis=0).max())
        if np.abs(model[2, :2]).max() * size > self._options.max_perspective_factor:
            return None, 0
        moved = cv2.perspectiveTransform(corners[None], model)[0] / extent
        low, high = moved.min(axis=0), moved.max(axis=0)
        placed = replace(
            box,
            left=float(low[0]),
            top=float(low[1]),
            right=float(high[0]),
            bottom=float(high[1]),
            quad=tuple(moved.ravel().tolist()),
        )
        return placed, int(inliers.sum())


def _hamming(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns `[one, two]` differing bits by one matrix product of ±1 bits."""
    a = np.unpackbits(one, axis=1).astype(np.float32) * 2 - 1
    b = np.unpackbits(two, axis=1).astype(np.float32) * 2 - 1
    bits = one.shape[1] * 8
    differing: NDArray[np.int64] = np.rint((bits - a @ b.T) / 2).astype(np.int64)
    return differing


def _is_inside(points: FloatArray, box: TimedBox, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    extent = np.array([shape[1], shape[0]]) / max(shape)
    corners = np.array(box.corners_px(1, 1)) if box.quad is not None else None
    if corners is not None:
        contour = (corners * extent).astype(np.float32)
        return np.array(
            [cv2.pointPolygonTest(contour, (float(x), float(y)), False) >= 0 for x, y in points],
            np.bool_,
        )
    at = points / extent
    inside: NDArray[np.bool_] = (
        (at[:, 0] >= box.left)
        & (at[:, 0] <= box.right)
        & (at[:, 1] >= box.top)
        & (at[:, 1] <= box.bottom)
    )
    return inside
