"""The still part of the street: sky, houses, road, painted once by casting a ray a pixel.

Every surface is a plane with coordinates in metres, so windows, bricks and lane marks lie
right in perspective. The picture is painted larger and shrunk, against jagged edges.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.sources.testsrc.ground import (
    AVENUE_HALF_WIDTH_M,
    AVENUE_WALL_M,
    CAMERA_HEIGHT_M,
    FACADE_M,
    FAR_KERB_M,
    NEAR_KERB_M,
    Ground,
)
from flowlace.sources.testsrc.texture import Floats, cell_random, noise_tile, sample

Mask = NDArray[np.bool_]

_HOUSE_M = 10.5
_STOREY_M = 3.1
_LANE_MARKS_M = (11.4, 14.4)
_DEEPEST_M = 160.0
_WALLS = np.array(
    [(158, 92, 74), (196, 178, 146), (142, 138, 132), (186, 128, 92), (120, 104, 98),
     (208, 198, 178), (150, 112, 96), (168, 152, 120), (112, 126, 136), (178, 96, 82)],
    np.float32,
)  # fmt: skip
_SIGNS = np.array(
    [(190, 30, 40), (24, 88, 160), (18, 130, 84), (228, 168, 20), (92, 40, 120), (20, 20, 24)],
    np.float32,
)


def _rgb(red: float, green: float, blue: float) -> Floats:
    return np.array((red, green, blue), np.float32)


def paint_backdrop(width: int, height: int, ground: Ground, seed: int) -> NDArray[np.uint8]:
    """Returns `[height, width, 3]` RGB of the empty street."""
    factor = 2 if width * height < 1_500_000 else 1
    painter = _Painter(width * factor, height * factor, ground, factor, seed)
    large = np.clip(painter.paint(), 0, 255).astype(np.uint8)
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


class _Painter:
    def __init__(self, width: int, height: int, ground: Ground, factor: int, seed: int) -> None:
        rng = np.random.default_rng((seed, 1))
        self._seed = seed
        self._tile = noise_tile(rng)
        self._fine = noise_tile(rng, 7)
        columns = (np.arange(width, dtype=np.float32) + 0.5) / factor - ground.middle_px
        rows = (np.arange(height, dtype=np.float32) + 0.5) / factor - ground.horizon_px
        right = np.broadcast_to(columns / ground.focal_px, (height, width))
        down = np.broadcast_to(rows[:, None] / ground.focal_px, (height, width))
        self._ray_x: Floats = right.astype(np.float32)
        self._ray_down: Floats = down.astype(np.float32)

    def paint(self) -> Floats:
        picture = self._sky()
        down = np.maximum(self._ray_down, 1e-6)
        ground_depth = (CAMERA_HEIGHT_M / down).astype(np.float32)
        wall_depth = AVENUE_WALL_M / np.maximum(np.abs(self._ray_x), 1e-6)
        in_avenue = wall_depth > FACADE_M
        house_depth = np.where(in_avenue, wall_depth, FACADE_M).astype(np.float32)
        is_wall = np.zeros(house_depth.shape, bool)
        is_ground = (ground_depth < house_depth) & (ground_depth < _DEEPEST_M)
        # Houses end where the ground is nearer, and the ground at the horizon.
        lowest_house = int(np.searchsorted(self._ray_down[:, 0], CAMERA_HEIGHT_M / FACADE_M)) + 1
        self._put_houses(picture, is_wall, house_depth, in_avenue, slice(0, lowest_house))
        horizon = int(np.searchsorted(self._ray_down[:, 0], 0.0))
        below = slice(horizon, None)
        self._put_ground(picture[below], is_ground[below], ground_depth[below], self._ray_x[below])
        depth = np.where(is_ground, ground_depth, house_depth)
        self._haze(picture, depth.astype(np.float32), is_wall | is_ground)
        return picture

    def _sky(self) -> Floats:
        up = np.clip(-self._ray_down * 1.6, 0, 1)[..., None]
        low, high = _rgb(224, 228, 230), _rgb(128, 168, 214)
        clouds = sample(self._tile, self._ray_x * 1.0, self._ray_down * 3.0, 2.2)
        white = np.clip(clouds * 0.8 + 0.1, 0, 1)[..., None]
        sky: Floats = (low + (high - low) * up).astype(np.float32)
        sky += (_rgb(250, 250, 252) - sky) * white * 0.8
        return sky

    def _put_houses(
        self, picture: Floats, is_wall: Mask, depth: Floats, in_avenue: Mask, rows: slice
    ) -> None:
        rays = (self._ray_x[rows], self._ray_down[rows])
        color, is_solid = self._houses(*rays, depth[rows], in_avenue[rows])
        is_wall[rows] = is_solid & (depth[rows] < _DEEPEST_M)
        picture[is_wall] = color[is_wall[rows]]

    def _houses(
        self, ray_x: Floats, ray_down: Floats, depth: Floats, in_avenue: Mask
    ) -> tuple[Floats, Mask]:
        """House fronts along the street and along the avenue, `along` metres from a corner."""
        x_m = ray_x * depth
        side = np.where(ray_x < 0, 0, 1)
        along = np.where(in_avenue, depth - FACADE_M + 400 * (1 + side), x_m + 1000)
        along = along.astype(np.float32)
        up = (CAMERA_HEIGHT_M - ray_down * depth).astype(np.float32)
        number = np.floor(along / _HOUSE_M).astype(np.int64)
        zero = np.zeros_like(number)
        storeys = 3 + np.floor(cell_random(number, zero, self._seed) * 4)
        top = storeys * _STOREY_M + 1.0
        color = _WALLS[(cell_random(number, zero + 1, self._seed) * len(_WALLS)).astype(int)]
        is_brick = cell_random(number, zero + 2, self._seed) < 0.5
        color = color * self._wall_grain(along, up, is_brick)[..., None]
        color = self._windows(color, along, up, number, storeys)
        color = self._shops(color, along, up, number)
        edge = (np.abs(np.mod(along, _HOUSE_M) - _HOUSE_M / 2) > _HOUSE_M / 2 - 0.12) | (
            (up > top - 0.5) & (up < top)
        )
        color = np.where(edge[..., None], color * 0.72, color)
        # Light comes from the left: the two sides of the avenue differ.
        light = np.where(in_avenue, np.where(side == 0, 0.62, 0.98), 0.94)[..., None]
        return (color * light).astype(np.float32), (up < top) & (up > 0)

    def _wall_grain(self, along: Floats, up: Floats, is_brick: Mask) -> Floats:
        row = np.floor(up / 0.24)
        joint = (np.mod(up, 0.24) < 0.04) | (np.mod(along + row * 0.25, 0.5) < 0.05)
        brick = cell_random(
            np.floor((along + row * 0.25) / 0.5).astype(np.int64), row.astype(np.int64), self._seed
        )
        bricks = np.where(joint, 0.8, 0.86 + 0.24 * brick)
        stains = sample(self._tile, along, up * 0.6, 14.0) * 0.07
        grain = sample(self._fine, along, up, 3.5) * 0.07
        grained: Floats = (np.where(is_brick, bricks, 1.0) + stains + grain).astype(np.float32)
        return grained

    def _windows(
        self, color: Floats, along: Floats, up: Floats, number: NDArray[np.int64], storeys: Floats
    ) -> Floats:
        pitch = _HOUSE_M / (3 + np.floor(cell_random(number, number * 0 + 3, self._seed) * 3))
        column = np.floor(np.mod(along, _HOUSE_M) / pitch)
        u = np.mod(np.mod(along, _HOUSE_M), pitch) / pitch
        storey = np.floor((up - 0.7) / _STOREY_M)
        v = (up - 0.7) / _STOREY_M - storey
        has = (storey >= 1) & (storey < storeys)
        frame = has & (np.abs(u - 0.5) < 0.31) & (np.abs(v - 0.5) < 0.34)
        pane = has & (np.abs(u - 0.5) < 0.26) & (np.abs(v - 0.5) < 0.29)
        cross = (np.abs(u - 0.5) < 0.02) | (np.abs(v - 0.58) < 0.015)
        cell = number * 16 + column.astype(np.int64)
        mood = cell_random(cell, storey.astype(np.int64), self._seed)
        glass = 40 + 90 * mood + 55 * (v - u * 0.5) + 14 * sample(self._tile, along, up, 4.0)
        tint = np.stack([glass * 0.86, glass * 0.97, glass * 1.1], -1)
        lit = (mood > 0.86)[..., None]
        tint = np.where(lit, _rgb(226, 196, 128) * (0.75 + 0.25 * v[..., None]), tint)
        curtain = ((mood > 0.45) & (mood < 0.62) & (np.abs(u - 0.5) > 0.12))[..., None]
        tint = np.where(curtain, _rgb(196, 188, 172), tint)
        color = np.where(frame[..., None], _rgb(214, 210, 202), color)
        return np.where((pane & ~cross)[..., None], tint, color).astype(np.float32)

    def _shops(self, color: Floats, along: Floats, up: Floats, number: NDArray[np.int64]) -> Floats:
        zero = number * 0
        kind = cell_random(number, zero + 4, self._seed)
        sign = _SIGNS[(cell_random(number, zero + 5, self._seed) * len(_SIGNS)).astype(int)]
        inside = np.abs(np.mod(along, _HOUSE_M) - _HOUSE_M / 2) < _HOUSE_M / 2 - 0.6
        shop = (kind < 0.7) & inside
        letters = cell_random(
            np.floor(along / 0.34).astype(np.int64), np.floor(up / 0.16).astype(np.int64), 7
        )
        is_letter = (letters > 0.45) & (np.abs(up - 3.05) < 0.24) & (np.mod(along, 0.34) > 0.08)
        board = shop & (up > 2.65) & (up < 3.45)
        lettering = np.where(is_letter[..., None], _rgb(244, 240, 226), sign)
        color = np.where(board[..., None], lettering, color)
        stripe = np.mod(np.floor(along / 0.5), 2)[..., None]
        awning = shop & (kind < 0.35) & (up > 2.05) & (up <= 2.65)
        color = np.where(awning[..., None], np.where(stripe > 0, sign, 232.0), color)
        pane = shop & (up > 0.5) & (up <= np.where(kind < 0.35, 2.05, 2.5))
        bar = np.mod(along, 2.1) < 0.12
        goods = cell_random(
            np.floor(along / 0.28).astype(np.int64), np.floor(up / 0.31).astype(np.int64), 11
        )
        tone = 44 + 74 * np.mod(goods * 5, 1)
        display = np.stack([tone + 44 * (goods > 0.7), tone, tone + 36 * (goods < 0.3)], -1)
        display += 16 * sample(self._tile, along, up, 3.0)[..., None]
        return np.where((pane & ~bar)[..., None], display, color).astype(np.float32)

    def _put_ground(self, picture: Floats, where: Mask, depth: Floats, ray_x: Floats) -> None:
        x_m = (ray_x * depth).astype(np.float32)
        in_avenue = (np.abs(x_m) < AVENUE_HALF_WIDTH_M) & (
            (depth >= FAR_KERB_M) | (depth <= NEAR_KERB_M)
        )
        is_road = ((depth > NEAR_KERB_M) & (depth < FAR_KERB_M)) | in_avenue
        color = np.where(is_road[..., None], self._asphalt(x_m, depth), self._paving(x_m, depth))
        color = self._marks(color, x_m, depth, in_avenue)
        color = self._kerbs(color, x_m, depth)
        picture[where] = color[where]

    def _asphalt(self, x_m: Floats, depth: Floats) -> Floats:
        patches = sample(self._tile, x_m, depth * 1.3, 16.0) * 9
        grain = sample(self._fine, x_m, depth, 2.2) * 13
        tracks = 5 * np.cos((depth - 9.9) / 3.0 * 2 * np.pi * 2)
        crack = np.abs(sample(self._tile, x_m + 31, depth + 17, 9.0)) < 0.012
        level = 92 + patches + grain - tracks * (depth < FAR_KERB_M) - 34 * crack
        return np.stack([level, level * 1.0, level * 1.03], -1).astype(np.float32)

    def _paving(self, x_m: Floats, depth: Floats) -> Floats:
        u, v = np.floor(x_m / 0.9), np.floor(depth / 0.9)
        slab = cell_random(u.astype(np.int64), v.astype(np.int64), self._seed) * 26
        joint = (np.mod(x_m, 0.9) < 0.05) | (np.mod(depth, 0.9) < 0.07)
        level = 146 + slab + sample(self._fine, x_m, depth, 2.6) * 11 - 40 * joint
        return np.stack([level * 1.02, level, level * 0.95], -1).astype(np.float32)

    def _marks(self, color: Floats, x_m: Floats, depth: Floats, in_avenue: Mask) -> Floats:
        paint = np.zeros(depth.shape, bool)
        for lane in _LANE_MARKS_M:
            paint |= (np.abs(depth - lane) < 0.1) & (np.mod(x_m, 5.0) < 2.6)
        paint |= in_avenue & (np.abs(x_m) < 0.09) & (np.mod(depth, 7.0) < 3.6)
        paint |= in_avenue & (np.abs(depth - 19.4) < 0.22)
        crossing = (np.abs(np.abs(x_m) - 9.5) < 1.6) & (depth > 8.8) & (depth < 17.2)
        paint |= crossing & (np.mod(depth, 1.3) < 0.65)
        worn = np.clip(sample(self._fine, x_m, depth, 3.0) * 0.45 + 0.78, 0.15, 0.95)
        return np.where(paint[..., None], color + (222 - color) * worn[..., None], color).astype(
            np.float32
        )

    def _kerbs(self, color: Floats, x_m: Floats, depth: Floats) -> Floats:
        outside = np.abs(x_m) > AVENUE_HALF_WIDTH_M
        kerb = (outside & (np.abs(depth - NEAR_KERB_M) < 0.12)) | (
            outside & (np.abs(depth - FAR_KERB_M) < 0.2)
        )
        kerb |= (np.abs(np.abs(x_m) - AVENUE_HALF_WIDTH_M) < 0.14) & ~(
            (depth > NEAR_KERB_M) & (depth < FAR_KERB_M)
        )
        stone = 176 - 46 * (np.mod(x_m, 1.4) < 0.08)
        return np.where(kerb[..., None], stone.astype(np.float32)[..., None], color).astype(
            np.float32
        )

    def _haze(self, picture: Floats, depth: Floats, where: Mask) -> None:
        share = (1 - np.exp(-np.maximum(depth - FACADE_M, 0) / 110))[..., None]
        haze = _rgb(206, 212, 218) - picture
        picture += np.where(where[..., None], haze * share, 0).astype(np.float32)
