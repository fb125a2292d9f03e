"""A cut-out picture that can be drawn at any place, size and turn."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]
Pixels = NDArray[np.uint8]
_SOLID = 128  # alpha from which a pixel belongs to the object; its shadow stays below


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A figure in several sizes, each half the one before, so that small ones don't flicker."""

    levels: tuple[Pixels, ...]
    """`[y, x, 4]` RGBA, colour already multiplied by alpha."""

    masks: tuple[Pixels, ...]
    """`[y, x]`, 1 where the object is solid."""

    hull: NDArray[np.float64]
    """`[n, 2]` x, y in pixels of the largest level: the convex outline of the solid part."""

    area_px: float
    """Solid pixels of the largest level."""

    foot: tuple[float, float]
    """x, y in pixels of the largest level of the point that stands on the ground."""

    px_m: float
    """Pixels a metre has in the largest level."""

    def placed(self, foot_px: tuple[float, float], scale_px_m: float) -> Affine:
        """Returns the map from the largest level to a place where a metre has `scale_px_m`."""
        factor = scale_px_m / self.px_m
        x = foot_px[0] - factor * self.foot[0]
        y = foot_px[1] - factor * self.foot[1]
        return np.array([[factor, 0.0, x], [0.0, factor, y]])


def make_sprite(color: Pixels, alpha: Pixels, foot: tuple[float, float], px_m: float) -> Sprite:
    """Returns a sprite of `[y, x, 3]` RGB and `[y, x]` alpha."""
    weight = alpha.astype(np.uint16)[..., None]
    premultiplied = ((color * weight + 127) // 255).astype(np.uint8)
    levels = [np.dstack([premultiplied, alpha])]
    while min(levels[-1].shape[:2]) > 24 and len(levels) < 6:
        height, width = levels[-1].shape[:2]
        half = (-(-width // 2), -(-height // 2))
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA).astype(np.uint8))
    masks = tuple((one[..., 3] >= _SOLID).astype(np.uint8) for one in levels)
    points = np.argwhere(masks[0])[:, ::-1].astype(np.int32)
    hull = cv2.convexHull(points)[:, 0].astype(np.float64) + 0.5
    return Sprite(tuple(levels), masks, hull, float(masks[0].sum()), foot, px_m)


def flipped(sprite: Sprite) -> Sprite:
    """Returns the sprite looking the other way."""
    width = sprite.levels[0].shape[1]
    return Sprite(
        tuple(np.ascontiguousarray(one[:, ::-1]) for one in sprite.levels),
        tuple(np.ascontiguousarray(one[:, ::-1]) for one in sprite.masks),
        np.column_stack([width - sprite.hull[:, 0], sprite.hull[:, 1]]),
        sprite.area_px,
        (width - sprite.foot[0], sprite.foot[1]),
        sprite.px_m,
    )


def draw(picture: Pixels, sprite: Sprite, matrix: Affine) -> None:
    """Draws the sprite into `[y, x, 3]` RGB, in place."""
    region = _region(sprite, matrix, picture.shape)
    if region is None:
        return
    left, top, right, bottom = region
    warped = _warped(sprite.levels, matrix, region, cv2.INTER_LINEAR)
    behind = picture[top:bottom, left:right]
    see_through = cv2.cvtColor(255 - warped[..., 3], cv2.COLOR_GRAY2RGB)
    cv2.multiply(behind, see_through, dst=behind, scale=1 / 255)
    cv2.add(behind, cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB), dst=behind)


def stamp(owners: NDArray[np.uint16], sprite: Sprite, matrix: Affine, owner: int) -> None:
    """Writes `owner` into `[y, x]` wherever the sprite is solid, in place."""
    region = _region(sprite, matrix, owners.shape)
    if region is None:
        return
    left, top, right, bottom = region
    mask = _warped(sprite.masks, matrix, region, cv2.INTER_NEAREST)
    owners[top:bottom, left:right][mask != 0] = owner


def outline(sprite: Sprite, matrix: Affine) -> tuple[float, float, float, float]:
    """Returns left, top, right, bottom of the solid part in the picture, cut by nothing."""
    points = sprite.hull @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def bounds(sprite: Sprite, matrix: Affine) -> tuple[float, float, float, float]:
    """Returns left, top, right, bottom of the whole sprite in the picture, shadow included."""
    rows, columns = sprite.levels[0].shape[:2]
    # Plain floats: this runs for everything in the street in every frame.
    (a, b, x), (c, d, y) = matrix.tolist()
    u, v, s, t = a * columns, b * rows, c * columns, d * rows
    return (
        x + min(u, 0) + min(v, 0), y + min(s, 0) + min(t, 0),
        x + max(u, 0) + max(v, 0), y + max(s, 0) + max(t, 0),
    )  # fmt: skip


def _region(
    sprite: Sprite, matrix: Affine, shape: tuple[int, ...]
) -> tuple[int, int, int, int] | None:
    edges = bounds(sprite, matrix)
    left, top = max(floor(edges[0]), 0), max(floor(edges[1]), 0)
    right, bottom = min(ceil(edges[2]), shape[1]), min(ceil(edges[3]), shape[0])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _warped(
    levels: tuple[Pixels, ...], matrix: Affine, region: tuple[int, int, int, int], how: int
) -> Pixels:
    left, top, right, bottom = region
    factor = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    index = 0
    while index + 1 < len(levels) and factor < 0.6 * 0.5**index:
        index += 1
    step = levels[0].shape[1] / levels[index].shape[1], levels[0].shape[0] / levels[index].shape[0]
    placed = matrix.copy()
    placed[:, 0] *= step[0]
    placed[:, 1] *= step[1]
    # OpenCV puts pixel centres at whole numbers, we put pixel edges there.
    placed[:, 2] += placed[:, :2] @ (0.5, 0.5) - 0.5 - (left, top)
    size = (right - left, bottom - top)
    return cv2.warpAffine(levels[index], placed, size, flags=how).astype(np.uint8, copy=False)
