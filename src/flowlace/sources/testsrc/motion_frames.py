"""Clips drawn by a seed: eight motions in four pairs, to learn and test on without any data.

A textured shape moves over a cluttered background; the camera shakes, brightness and noise change,
and another shape stands by. A clip of a pair's second motion is one of the first played
backwards, to the bit before noise is added and in its statistics after, so a network that
doesn't see the order of frames can do no better than chance within a pair.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

MOTIONS = ("left", "right", "up", "down", "cw", "ccw", "grow", "shrink")
"""Each followed by its reversal; `cw` turns clockwise as seen, `ccw` the other way."""

_TEXTURE_PX = 48
_MARGIN_PX = 12
_SHAKE_PX = 0.5
_NOISE = 5.0
_BRIGHTNESS = 0.03

Pixels = NDArray[np.float32]
Pixels8 = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionOptions:
    """Size of the clips."""

    side_px: int = 96
    """Rows and columns."""
    frames: int = 24
    """Of a clip."""


MOTION = MotionOptions()


@dataclass(frozen=True, slots=True)
class _Pose:
    x: float
    y: float
    size_px: float
    angle_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    texture: Pixels
    mask: Pixels


def motion_frames(
    seed: tuple[int, ...], label: str, options: MotionOptions = MOTION, *, is_noisy: bool = True
) -> Pixels8:
    """Returns `[frame, y, x, 3]`, red, green, blue: the clip of a seed and a motion.

    Without noise, the two motions of a pair give each other's frames in reverse.

    Args:
        seed: any numbers; the same ones give the same scene.
        label: one of `MOTIONS`.
        options: size of the clip.
        is_noisy: brightness and noise change from frame to frame.
    """
    number = MOTIONS.index(label)
    is_backwards = bool(number % 2)
    rng = np.random.default_rng(seed)
    clean = _scene(rng, MOTIONS[number - is_backwards], options)
    if is_backwards:
        clean = clean[::-1]
    if is_noisy:
        gain = rng.uniform(1 - _BRIGHTNESS, 1 + _BRIGHTNESS, (len(clean), 1, 1, 1))
        noise = rng.standard_normal(clean.shape, np.float32) * np.float32(_NOISE)
        clean = clean * gain.astype(np.float32) + noise
    return np.clip(clean, 0, 255).astype(np.uint8)


def _scene(rng: np.random.Generator, label: str, options: MotionOptions) -> Pixels:
    """Returns `[frame, y, x, 3]`, values from 0 to 255."""
    side, scale = options.side_px, options.side_px / 96
    background = _clutter(rng, side + 2 * _MARGIN_PX)
    shape, other = _shape(rng), _shape(rng)
    start = _pose(rng, (34 * scale, 62 * scale), (26 * scale, 44 * scale))
    stands = _pose(rng, (10 * scale, 86 * scale), (16 * scale, 16 * scale))
    travel = rng.uniform(24, 48)
    phase = rng.uniform(-0.05, 0.05)
    moments = np.linspace(-0.5, 0.5, options.frames) + phase
    shake = _shake(rng, options.frames)
    frames = np.empty((options.frames, side, side, 3), np.float32)
    for frame, moment, (dx, dy) in zip(frames, moments, shake, strict=True):
        moved = _moved(start, label, moment * travel, scale)
        view = np.array([[1, 0, dx - _MARGIN_PX], [0, 1, dy - _MARGIN_PX]], np.float32)
        picture = cv2.warpAffine(background, view, (side, side)).astype(np.float32, copy=False)
        picture = _with(picture, other, _shifted(stands, dx, dy))
        frame[:] = _with(picture, shape, _shifted(moved, dx, dy))
    return frames


_MOVES: dict[str, Callable[[_Pose, float, float], _Pose]] = {
    "left": lambda pose, way, scale: replace(pose, x=pose.x - way * scale),
    "up": lambda pose, way, scale: replace(pose, y=pose.y - way * scale),
    "cw": lambda pose, way, _: replace(pose, angle_deg=pose.angle_deg - 3 * way),
    "grow": lambda pose, way, _: replace(pose, size_px=pose.size_px * 2 ** (way / 26)),
}
"""The first motion of each pair, by how far it has gone; OpenCV's angles are counterclockwise."""


def _pose(
    rng: np.random.Generator, places: tuple[float, float], sizes: tuple[float, float]
) -> _Pose:
    x, y = rng.uniform(*places, 2)
    return _Pose(x, y, rng.uniform(*sizes), rng.uniform(0, 360))


def _moved(start: _Pose, label: str, way: float, scale: float) -> _Pose:
    return _MOVES[label](start, way, scale)


def _shifted(pose: _Pose, dx: float, dy: float) -> _Pose:
    return replace(pose, x=pose.x + dx, y=pose.y + dy)


def _shake(rng: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """Returns `[frame, 2]` shifts: a random walk about 0, the same in reverse."""
    walk = np.cumsum(rng.normal(0, _SHAKE_PX, (frames, 2)), 0)
    centred: NDArray[np.float64] = np.clip(walk - walk.mean(0), -8, 8)
    return centred


def _clutter(rng: np.random.Generator, side: int) -> Pixels:
    picture = _texture(rng, side)
    for _ in range(rng.integers(4, 9)):
        pose = _pose(rng, (0, side), (side / 12, side / 3))
        picture = _with(picture, _shape(rng), pose)
    return picture


def _texture(rng: np.random.Generator, side: int) -> Pixels:
    """Returns `[side, side, 3]` of smooth noise, values from 0 to 255."""
    layers = [
        cv2.resize(
            rng.random((cells, cells, 3), np.float32), (side, side), interpolation=cv2.INTER_CUBIC
        )
        * cells**-0.4
        for cells in (4, 8, 16, 32)
    ]
    mixed: Pixels = np.sum(layers, 0, dtype=np.float32)
    bounded: Pixels = (mixed - mixed.min()) / np.ptp(mixed) * 255
    return bounded


def _shape(rng: np.random.Generator) -> _Shape:
    """Returns a convex shape of three to seven corners with a texture and tint of its own."""
    corners = int(rng.integers(3, 8))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    if rng.random() < 0.5:
        angles = np.arange(corners) * 2 * np.pi / corners
    radius = rng.uniform(0.28, 0.48, corners) * _TEXTURE_PX
    points = _TEXTURE_PX / 2 + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], -1)
    mask = np.zeros((_TEXTURE_PX, _TEXTURE_PX), np.float32)
    cv2.fillPoly(mask, [cv2.convexHull(points.astype(np.int32))], (1.0,), cv2.LINE_AA)
    tint = rng.uniform(0.3, 1, 3).astype(np.float32)
    return _Shape(_texture(rng, _TEXTURE_PX) * tint, mask)


def _with(picture: Pixels, shape: _Shape, pose: _Pose) -> Pixels:
    """Returns the picture with a shape on it."""
    middle = _TEXTURE_PX / 2
    turn = cv2.getRotationMatrix2D((middle, middle), pose.angle_deg, pose.size_px / _TEXTURE_PX)
    turn[:, 2] += np.array((pose.x - middle, pose.y - middle))
    size = picture.shape[1::-1]
    mask = cv2.warpAffine(shape.mask, turn, size)[..., None]
    texture = cv2.warpAffine(shape.texture, turn, size)
    pasted: Pixels = picture + (texture - picture) * mask
    return pasted
