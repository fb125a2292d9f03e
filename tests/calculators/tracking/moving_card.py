"""A textured card that moves over a textured wall: frames and the truth about them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox

WIDTH, HEIGHT = 320, 240
CARD = (60, 70, 60, 50)
"""x, y, width, height in the first frame."""
STEP = (3.0, 1.0)
"""Pixels a frame."""
PERIOD_US = 40_000


def texture(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1))
    return cv2.resize(noise.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)


WALL = texture(WIDTH, HEIGHT, 1)
FACE = texture(CARD[2], CARD[3], 2)


def frame(index: int) -> Image:
    """Returns the picture at a time; the card moves by whole pixels."""
    x, y, width, height = place(index)
    pixels = WALL.copy()
    part = pixels[round(y) : round(y + height), round(x) : round(x + width)]
    part[:] = FACE[: part.shape[0], : part.shape[1]]
    return Image(ImageFormat.GRAY8, pixels)


def place(index: int) -> tuple[float, float, float, float]:
    """Returns x, y, width, height of the card."""
    return CARD[0] + STEP[0] * index, CARD[1] + STEP[1] * index, CARD[2], CARD[3]


def box(index: int, box_id: int = 1) -> TimedBox:
    """Returns the card's place as a tracked box."""
    x, y, width, height = place(index)
    return TimedBox.from_pixels(
        x=x, y=y, width=width, height=height, frame_width=WIDTH, frame_height=HEIGHT,
        timestamp_us=index * PERIOD_US, id=box_id,
    )  # fmt: skip


def error_px(found: TimedBox, index: int) -> float:
    """Returns the largest distance of an edge from the truth."""
    return float(np.abs(np.subtract(found.pixels(WIDTH, HEIGHT), place(index))).max())
