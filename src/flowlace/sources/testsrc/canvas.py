"""Draws figures in metres: x to the right, y up from the ground, the origin at the foot."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.sources.testsrc.sprite import Sprite, make_sprite
from flowlace.sources.testsrc.texture import Floats

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
_FINE = 2  # drawn larger by this and shrunk, against jagged edges


class Canvas:
    """An area of `width_m` × `height_m` with the foot in the middle of its lower part."""

    def __init__(self, width_m: float, height_m: float, px_m: float) -> None:
        self._px_m = px_m
        self._scale = px_m * _FINE
        self._below_m = 0.25  # room for the shadow
        size = (
            max(8, round((height_m + self._below_m) * px_m)) * _FINE,
            max(8, round(width_m * px_m)) * _FINE,
        )
        self._middle = size[1] / 2
        self._ground = size[0] - self._below_m * self._scale
        self._color = np.zeros((*size, 3), np.uint8)
        self._alpha = np.zeros(size, np.uint8)
        self._shadow = np.zeros(size, np.uint8)

    def polygon(self, points: Points, color: Color, *, smooth: int = 0) -> None:
        """Fills an outline; `smooth` rounds its corners that many times."""
        pixels = self._pixels(_rounded(points, smooth))
        cv2.fillPoly(self._color, [pixels], color)
        cv2.fillPoly(self._alpha, [pixels], 255)

    def line(self, points: Points, color: Color, width_m: float) -> None:
        """Draws a line with round ends."""
        width = max(1, round(width_m * self._scale))
        pixels = self._pixels(points)
        cv2.polylines(self._color, [pixels], False, color, width)
        cv2.polylines(self._alpha, [pixels], False, 255, width)

    def ellipse(
        self, center: tuple[float, float], radius: tuple[float, float], color: Color
    ) -> None:
        """Fills an upright ellipse."""
        at = self._pixels([center])[0]
        axes = (max(1, round(radius[0] * self._scale)), max(1, round(radius[1] * self._scale)))
        place = (int(at[0]), int(at[1]))
        cv2.ellipse(self._color, place, axes, 0, 0, 360, color, -1)
        cv2.ellipse(self._alpha, place, axes, 0, 0, 360, 255, -1)

    def ring(
        self, center: tuple[float, float], radius: float, color: Color, width_m: float
    ) -> None:
        """Draws a circle that is open inside."""
        at = self._pixels([center])[0]
        width = max(1, round(width_m * self._scale))
        place = (int(at[0]), int(at[1]))
        cv2.circle(self._color, place, round(radius * self._scale), color, width)
        cv2.circle(self._alpha, place, round(radius * self._scale), 255, width)

    def shadow(self, half_width_m: float) -> None:
        """Darkens the ground around the foot."""
        axes = (round(half_width_m * self._scale), round(self._below_m * 0.6 * self._scale))
        at = (round(self._middle), round(self._ground - 0.02 * self._scale))
        cv2.ellipse(self._shadow, at, axes, 0, 0, 360, 125, -1)

    def sprite(self, tile: Floats, rng: np.random.Generator, grain: float = 0.05) -> Sprite:
        """Returns what was drawn, with light from above, wear and dirt."""
        height, width = self._alpha.shape
        rows, columns = rng.integers(0, 400, 2)
        noise = np.roll(tile, (rows, columns), (0, 1))
        noise = np.tile(noise, (-(-height // 512), -(-width // 512)))[:height, :width]
        light = np.linspace(1.1, 0.84, height, dtype=np.float32)[:, None] + grain * noise
        color = np.clip(self._color * light[..., None], 0, 255)
        sigma = 0.05 * self._scale
        soft = cv2.GaussianBlur(self._shadow, (0, 0), sigma).astype(np.float32)
        solid = self._alpha.astype(np.float32)
        alpha = solid + soft * (1 - solid / 255)
        color = color * np.where(self._alpha[..., None] > 0, 1.0, 0.0)
        small = (width // _FINE, height // _FINE)
        # Shrunk with its alpha, so that no dark edge comes in from outside.
        weight = np.maximum(cv2.resize(alpha, small, interpolation=cv2.INTER_AREA), 1e-3)
        mixed = cv2.resize(
            (color * alpha[..., None]).astype(np.float32), small, interpolation=cv2.INTER_AREA
        )
        return make_sprite(
            np.clip(mixed / weight[..., None], 0, 255).astype(np.uint8),
            np.clip(weight + 0.5, 0, 255).astype(np.uint8),
            (self._middle / _FINE, self._ground / _FINE),
            self._px_m,
        )

    def _pixels(self, points: Points) -> NDArray[np.int32]:
        xy = np.asarray(points, np.float64)
        x = self._middle + xy[:, 0] * self._scale
        y = self._ground - xy[:, 1] * self._scale
        return np.round(np.column_stack([x, y])).astype(np.int32)


def _rounded(points: Points, times: int) -> Points:
    """Cuts the corners of a closed outline (Chaikin)."""
    xy = np.asarray(points, np.float64)
    for _ in range(times):
        after = np.roll(xy, -1, axis=0)
        xy = np.stack([0.75 * xy + 0.25 * after, 0.25 * xy + 0.75 * after], 1).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in xy]
