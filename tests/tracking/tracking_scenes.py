"""Scenes with known motion for the tracking tests."""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData

Gray = NDArray[np.uint8]
FloatArray = NDArray[np.float64]


def texture(height: int, width: int, *, seed: int, smoothness_px: float = 1.5) -> Gray:
    """Returns smooth random texture `[y, x]` over the full range of gray."""
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), smoothness_px)
    return np.asarray(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX), np.uint8)


def crops(picture: Gray, *, size: tuple[int, int], step: tuple[int, int], count: int) -> list[Gray]:
    """Returns `count` crops of `size` (width, height), each shifted by `step` pixels (x, y)."""
    width, height = size
    return [
        picture[k * step[1] : k * step[1] + height, k * step[0] : k * step[0] + width].copy()
        for k in range(count)
    ]


def pasted(background: Gray, patch: Gray, x: float, y: float) -> Gray:
    """Returns the background with the patch's upper left corner at x, y, to a fraction."""
    height, width = background.shape
    shift = np.array([[1, 0, x], [0, 1, y]], np.float64)
    moved = cv2.warpAffine(patch, shift, (width, height))
    mask = cv2.warpAffine(np.full_like(patch, 255), shift, (width, height))
    return np.where(mask > 127, moved, background).astype(np.uint8)


def synthetic_motion(
    centers: FloatArray,
    timestamps_us: list[int],
    *,
    box_size: tuple[float, float],
    frame_aspect: float = 16 / 9,
    noise: float = 0.02,
    seed: int = 0,
) -> list[TrackingData]:
    """Returns tracking data of a box that moves over a still background.

    `centers` `[frame, xy]` and `box_size` are fractions of the frame; `noise` is the deviation
    of a vector in domain units (256x192). Features are carried along, so ids live for ever.
    """
    rng = np.random.default_rng(seed)
    domain = np.array([256.0, 192.0])
    on_object = (rng.random((150, 2)) - 0.5) * np.array(box_size) * domain
    still = rng.random((400, 2)) * domain
    sequence = [
        TrackingData.empty(
            timestamp_us=timestamps_us[0],
            previous_timestamp_us=timestamps_us[0],
            frame_aspect=frame_aspect,
        )
    ]
    for k in range(1, len(centers)):
        center, before = centers[k] * domain, centers[k - 1] * domain
        # Background behind the object is hidden.
        hidden = np.all(np.abs(still - center) < np.array(box_size) * domain / 2, axis=1)
        positions = np.concatenate((on_object + center, still[~hidden]))
        vectors = np.zeros_like(positions)
        vectors[: len(on_object)] = before - center
        ids = np.concatenate((np.arange(150), 150 + np.flatnonzero(~hidden)))
        inside = np.all((positions >= 0) & (positions < domain), axis=1)
        sequence.append(
            TrackingData(
                timestamp_us=timestamps_us[k],
                previous_timestamp_us=timestamps_us[k - 1],
                domain_width=256,
                domain_height=192,
                frame_aspect=frame_aspect,
                background_model=np.eye(3),
                positions=positions[inside],
                object_vectors=(vectors + noise * rng.standard_normal(vectors.shape))[inside],
                track_ids=ids[inside].astype(np.int64),
                actively_discarded_track_ids=np.empty(0, np.int64),
            ).sorted_by_column()
        )
    return sequence


def box_around(
    center: FloatArray, size: tuple[float, float], timestamp_us: int, id_: int = 1
) -> TimedBox:
    """Returns a box given by centre and size, fractions of the frame."""
    return TimedBox(
        timestamp_us=timestamp_us,
        left=float(center[0]) - size[0] / 2,
        right=float(center[0]) + size[0] / 2,
        top=float(center[1]) - size[1] / 2,
        bottom=float(center[1]) + size[1] / 2,
        id=id_,
    )


def largest_edge_error(box: TimedBox, wanted: TimedBox) -> float:
    """Returns the largest difference of the four edges, a fraction of the frame."""
    names = ("left", "top", "right", "bottom")
    return max(abs(getattr(box, name) - getattr(wanted, name)) for name in names)
