"""The street as a function of time: a picture, and what is true about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.sources.testsrc import furniture, people, vehicles
from flowlace.sources.testsrc.backdrop import paint_backdrop
from flowlace.sources.testsrc.camera_path import Affine, CameraPath
from flowlace.sources.testsrc.ground import Ground
from flowlace.sources.testsrc.sprite import Pixels, Sprite, bounds, draw, flipped, outline, stamp
from flowlace.sources.testsrc.texture import noise_tile
from flowlace.sources.testsrc.traffic import Body, Lane, street_lanes

LABELS = ("car", "van", "person", "bike")
"""Everything that moves, in the order a detector would number it."""

_PANORAMA_WIDTHS = 1.7
_PANORAMA_HEIGHTS = 1.12
_LOOKS = 16
_NEAREST_M = 6.5  # figures are drawn for this depth; only approaching cars come nearer
_POSTS_M = ((-15.5, 8.0), (-6.2, 8.0), (6.4, 8.0), (16.0, 8.0), (-12.0, 18.0), (12.5, 18.0))
_TREES_M = ((-11.0, 7.9), (11.6, 7.9), (-16.5, 18.2), (-7.8, 18.2), (8.2, 18.2), (17.5, 18.2))
_SIGNS_M = ((-4.9, 8.05), (5.0, 17.9), (13.6, 8.1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneBox:
    """Where one moving thing is in one frame."""

    id: int
    """The same through the whole clip."""

    label: str
    """One of `LABELS`."""

    x: float
    """Left edge in pixels; may lie outside the picture."""

    y: float
    """Top edge in pixels."""

    w: float
    """Width in pixels, hidden parts included."""

    h: float
    """Height in pixels, hidden parts included."""

    visible_fraction: float
    """Share of its pixels that are inside the picture and not hidden by something nearer."""


@dataclass(frozen=True, slots=True)
class _Placed:
    sprite: Sprite
    matrix: Affine
    depth_m: float
    body: Body | None


class StreetScene:
    """Paints any moment of a street, the same for the same size, seed and time."""

    def __init__(
        self,
        width: int,
        height: int,
        seed: int,
        *,
        density: float = 1.0,
        pan: float = 1.0,
        shake: float = 1.0,
        noise: float = 1.0,
        light: float = 1.0,
    ) -> None:
        self._size = (width, height)
        self._seed = seed
        self._light = light
        world = (round(width * _PANORAMA_WIDTHS) + 32, round(height * _PANORAMA_HEIGHTS) + 24)
        self._ground = Ground(1.12 * height, world[0] / 2, 0.36 * height + 0.06 * height)
        self._px_m = self._ground.scale_px_m(_NEAREST_M)
        self.camera = CameraPath(
            width=width, height=height, world_width=world[0], world_height=world[1],
            pan=pan, shake=shake, seed=seed,
        )  # fmt: skip
        self._backdrop = paint_backdrop(*world, self._ground, seed)
        half_width_m = world[0] / 2 / self._ground.scale_px_m(10.0)
        self._lanes = street_lanes(half_width_m, density, _LOOKS, seed)
        self._tile = noise_tile(np.random.default_rng((seed, 5)), 7)
        self._figures: dict[tuple[str, int, str, int], Sprite] = {}
        self._grain = _Grain(width, height, seed, noise)

    def picture(self, time_s: float, frame_index: int) -> Pixels:
        """Returns `[y, x, 3]` RGB; the frame's index chooses its noise."""
        camera = self.camera.matrix(time_s)
        shown = _pixel_centred(camera)
        picture = cv2.warpAffine(
            self._backdrop, shown, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        ).astype(np.uint8, copy=False)
        for one in self._placed(time_s, camera):
            draw(picture, one.sprite, one.matrix)
        picture = cv2.LUT(picture, self._light_table(time_s)).astype(np.uint8, copy=False)
        picture = self._grain.blurred(picture, time_s)
        return self._grain.noisy(picture, frame_index)

    def boxes(self, time_s: float) -> list[SceneBox]:
        """Returns every moving thing that touches the picture, the hidden ones too."""
        placed = self._placed(time_s, self.camera.matrix(time_s))
        width, height = self._size
        owners = np.zeros((height, width), np.uint16)
        for n, one in enumerate(placed, 1):
            stamp(owners, one.sprite, one.matrix, n if one.body is not None else 0)
        seen = np.bincount(owners.ravel(), minlength=len(placed) + 1)
        found = []
        for n, one in enumerate(placed, 1):
            left, top, right, bottom = outline(one.sprite, one.matrix)
            touches = left < width and top < height and right > 0 and bottom > 0
            if one.body is not None and touches:
                full = one.sprite.area_px * abs(float(np.linalg.det(one.matrix[:, :2])))
                share = min(1.0, float(seen[n]) / max(full, 1.0))
                found.append(
                    SceneBox(
                        id=one.body.id, label=one.body.label, x=left, y=top, w=right - left,
                        h=bottom - top, visible_fraction=round(share, 3),
                    )
                )  # fmt: skip
        return sorted(found, key=lambda box: box.id)

    def _placed(self, time_s: float, camera: Affine) -> list[_Placed]:
        """Everything that is drawn over the backdrop, the farthest first."""
        placed = [
            self._place(sprite, x_m, depth_m, camera, None)
            for sprite, x_m, depth_m in self._furniture
        ]
        for lane in self._lanes:
            for body, x_m, depth_m in lane.present(time_s, len(self._lanes)):
                sprite = self._figure(body, lane, time_s)
                placed.append(self._place(sprite, x_m, depth_m, camera, body))
        width, height = self._size
        placed.sort(key=lambda one: (-one.depth_m, one.body.id if one.body else 0))
        return [one for one in placed if _may_show(one, width, height)]

    def _place(
        self, sprite: Sprite, x_m: float, depth_m: float, camera: Affine, body: Body | None
    ) -> _Placed:
        ground = self._ground
        in_world = sprite.placed(ground.foot_px(x_m, depth_m), ground.scale_px_m(depth_m))
        matrix = camera[:, :2] @ in_world
        matrix[:, 2] += camera[:, 2]
        return _Placed(sprite, matrix, depth_m, body)

    @cached_property
    def _furniture(self) -> list[tuple[Sprite, float, float]]:
        rng = np.random.default_rng((self._seed, 6))
        makers = (
            (furniture.tree, _TREES_M), (furniture.lamp_post, _POSTS_M), (furniture.sign, _SIGNS_M),
        )  # fmt: skip
        return [
            (make(rng, self._px_m, self._tile), x_m, depth_m)
            for make, places in makers
            for x_m, depth_m in places
        ]

    def _figure(self, body: Body, lane: Lane, time_s: float) -> Sprite:
        phase = 0
        if body.label in ("person", "bike"):
            # A double step is about 1.5 m; a turn of the pedals about 4 m.
            stride_m = 1.5 if body.label == "person" else 4.0
            turns = lane.speed_m_s * (time_s - body.starts_s) / stride_m + body.sway
            phase = int(turns * people.PHASES) % people.PHASES
        key = (body.label, body.look, lane.view, phase)
        if key not in self._figures:
            self._figures[key] = self._drawn(*key)
        return self._figures[key]

    def _drawn(self, label: str, look: int, view: str, phase: int) -> Sprite:
        if view == "left":
            return flipped(self._drawn(label, look, "right", phase))
        rng = np.random.default_rng((self._seed, 7, LABELS.index(label), look))
        if label in ("car", "van"):
            if view in ("front", "back"):
                is_front = view == "front"
                return vehicles.vehicle_from_end(
                    label, rng, self._px_m, self._tile, is_front=is_front
                )
            return vehicles.vehicle_from_side(label, rng, self._px_m, self._tile)
        looks = people.random_looks(rng)
        make = people.walker if label == "person" else people.rider
        return make(looks, phase, rng, self._px_m, self._tile)

    def _light_table(self, time_s: float) -> NDArray[np.uint8]:
        """Sun and clouds: brightness and warmth, as one table a channel."""
        phases = np.random.default_rng((self._seed, 8)).uniform(0, 2 * np.pi, 3)
        sun = np.sin(2 * np.pi * time_s / 13.0 + phases[0]) * 0.6
        sun += np.sin(2 * np.pi * time_s / 4.7 + phases[1]) * 0.4
        gain = 1.0 + 0.16 * self._light * sun
        warm = 0.035 * self._light * np.sin(2 * np.pi * time_s / 29.0 + phases[2])
        level = np.arange(256, dtype=np.float64)[None, :, None]
        channels = gain * np.array([1 + warm, 1.0, 1 - warm])[None, None, :]
        table: NDArray[np.uint8] = np.clip(level * channels, 0, 255).astype(np.uint8)
        return table


class _Grain:
    """What a lens and a sensor add: a focus that hunts a little, and noise."""

    def __init__(self, width: int, height: int, seed: int, strength: float) -> None:
        self._seed = seed
        self._strength = strength
        self._shape = (height, width)
        rng = np.random.default_rng((seed, 9))
        noise = rng.standard_normal((height + 64, width + 64, 3)) * 2.4 * strength
        self._brighter = np.clip(np.round(noise), 0, 255).astype(np.uint8)
        self._darker = np.clip(np.round(-noise), 0, 255).astype(np.uint8)

    def blurred(self, picture: Pixels, time_s: float) -> Pixels:
        sigma = self._strength * (0.5 + 0.25 * float(np.sin(2 * np.pi * time_s / 7.3)))
        if sigma <= 0:
            return picture
        return cv2.GaussianBlur(picture, (3, 3), sigma).astype(np.uint8, copy=False)

    def noisy(self, picture: Pixels, frame_index: int) -> Pixels:
        rng = np.random.default_rng((self._seed, 10, frame_index))
        (y, v), (x, u) = rng.integers(0, 64, 2), rng.integers(0, 64, 2)
        height, width = self._shape
        brighter = cv2.add(picture, self._brighter[y : y + height, x : x + width])
        darker = self._darker[v : v + height, u : u + width]
        return cv2.subtract(brighter, darker).astype(np.uint8, copy=False)


def _pixel_centred(matrix: Affine) -> Affine:
    """OpenCV puts pixel centres at whole numbers, we put pixel edges there."""
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return centred


def _may_show(one: _Placed, width: int, height: int) -> bool:
    left, top, right, bottom = bounds(one.sprite, one.matrix)
    return left < width and top < height and right > 0 and bottom > 0
