"""Pictures seen otherwise: mirrored, nearer, farther, in other light, by another camera.

One number from 0 to 1, the strength, scales everything, so training can begin gently on
small pictures and end strongly on large ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.detector.samples import Floats, Pixels, Sample, areas, clipped

Affine = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class AugmentOptions:
    """How much may change at strength 1."""

    flip: float = 0.5
    """How likely a picture is mirrored, at any strength."""
    nearer: float = 1.7
    """Largest factor of size."""
    farther: float = 0.6
    """Smallest factor of size."""
    shift: float = 0.2
    """Of the middle, as a share of the sides."""
    brightness: float = 0.35
    """Factor and offset of all channels, as a share."""
    colour: float = 0.12
    """Factor of a channel alone, as a share."""
    gray: float = 0.1
    """How likely all colour is taken out."""
    noise: float = 8.0
    """Standard deviation of the sensor's noise at most, of 255."""
    blur: float = 0.2
    """How likely the picture is blurred."""
    mosaic: float = 0.3
    """How likely four pictures are put together into one."""
    least_left: float = 0.3
    """Objects of which a smaller share is left inside the picture are ignored."""


def letterbox(width: int, height: int, to_width: int, to_height: int) -> Affine:
    """Returns the 2×3 map of a picture to the middle of another, as large as it fits.

    Coordinates have pixel edges at whole numbers. `ImageToTensorCalculator` with
    `keep_aspect_ratio` does the same.
    """
    factor = min(to_width / width, to_height / height)
    x = (to_width - factor * width) / 2
    y = (to_height - factor * height) / 2
    return np.array([[factor, 0.0, x], [0.0, factor, y]])


def warped(image: Pixels, matrix: Affine, width: int, height: int) -> Pixels:
    """Returns a picture moved by a map between pixel edges; black where nothing is."""
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(image, centred, (width, height), flags=cv2.INTER_LINEAR).astype(
        np.uint8, copy=False
    )


def moved(sample: Sample, matrix: Affine, width: int, height: int, least_left: float) -> Sample:
    """Returns a sample moved by a map without turns, its boxes cut at the new edges.

    Boxes outside are dropped; those of which less than `least_left` is left are ignored.
    """
    boxes = moved_boxes(sample, matrix, width, height, least_left)
    return replace(boxes, image=warped(sample.image, matrix, width, height))


def moved_boxes(
    sample: Sample, matrix: Affine, width: int, height: int, least_left: float
) -> Sample:
    """Does what `moved` does to boxes and leaves the picture as it is."""
    scale = np.tile([matrix[0, 0], matrix[1, 1]], 2)
    whole = sample.boxes * scale + np.tile(matrix[:, 2], 2)
    # A mirror swaps left and right.
    whole = np.concatenate(
        [np.minimum(whole[:, :2], whole[:, 2:]), np.maximum(whole[:, :2], whole[:, 2:])], 1
    )
    cut = clipped(whole, width, height)
    left = areas(cut) / np.maximum(areas(whole), 1e-6)
    keep = left > 0
    return Sample(
        image=sample.image,
        boxes=cut[keep],
        classes=sample.classes[keep],
        is_ignored=(sample.is_ignored | (left < least_left))[keep],
        scores=sample.scores[keep],
    )


def augmented(
    samples: Sequence[Sample],
    width: int,
    height: int,
    strength: float,
    options: AugmentOptions,
    rng: np.random.Generator,
) -> Sample:
    """Returns the first sample changed at random to `height` × `width`; the others are for mosaics.

    Args:
        samples: four.
        width: columns of the result.
        height: rows of the result.
        strength: 0 only mirrors, 1 uses the options in full.
        options: what may change.
        rng: decides; the same state gives the same sample.
    """
    if rng.random() < options.mosaic * strength:
        made = _mosaic(samples, width, height, strength, options, rng)
    else:
        made = _moved_at_random(samples[0], width, height, strength, options, rng)
    return replace(made, image=_relit(made.image, strength, options, rng))


def _moved_at_random(
    sample: Sample,
    width: int,
    height: int,
    strength: float,
    options: AugmentOptions,
    rng: np.random.Generator,
) -> Sample:
    rows, columns = sample.image.shape[:2]
    matrix = letterbox(columns, rows, width, height)
    low, high = np.log(options.farther) * strength, np.log(options.nearer) * strength
    factor = float(np.exp(rng.uniform(low, high)))
    shift = rng.uniform(-options.shift, options.shift, 2) * strength
    middle = np.array([width, height]) / 2
    matrix[:, :2] *= factor
    # Nearer pictures may be shifted by what they hang over besides.
    room = max(0.0, factor - 1) / 2 * rng.uniform(-1, 1, 2)
    matrix[:, 2] = middle + (matrix[:, 2] - middle) * factor + (shift + room) * (width, height)
    if rng.random() < options.flip:
        matrix[0] = -matrix[0]
        matrix[0, 2] += width
    return moved(sample, matrix, width, height, options.least_left)


def _mosaic(
    samples: Sequence[Sample],
    width: int,
    height: int,
    strength: float,
    options: AugmentOptions,
    rng: np.random.Generator,
) -> Sample:
    x, y = (int(side * rng.uniform(0.3, 0.7)) for side in (width, height))
    tiles = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    canvas = np.zeros((height, width, 3), np.uint8)
    parts = []
    for sample, (left, top, right, bottom) in zip(samples, tiles, strict=True):
        part = _crop(sample, right - left, bottom - top, width, strength, options, rng)
        canvas[top:bottom, left:right] = part.image
        parts.append((part, np.array([left, top, left, top], np.float32)))
    return Sample(
        image=canvas,
        boxes=np.concatenate([part.boxes + corner for part, corner in parts]),
        classes=np.concatenate([part.classes for part, _ in parts]),
        is_ignored=np.concatenate([part.is_ignored for part, _ in parts]),
        scores=np.concatenate([part.scores for part, _ in parts]),
    )


def _crop(
    sample: Sample,
    width: int,
    height: int,
    picture_width: int,
    strength: float,
    options: AugmentOptions,
    rng: np.random.Generator,
) -> Sample:
    """A piece of a sample, objects about as large as they are in a whole picture."""
    rows, columns = sample.image.shape[:2]
    low = np.log(options.farther) * strength
    factor = picture_width / columns * float(np.exp(rng.uniform(low, 0.0)))
    room = np.array([width - factor * columns, height - factor * rows])
    matrix = np.array([[factor, 0.0, 0.0], [0.0, factor, 0.0]])
    matrix[:, 2] = room * rng.uniform(0, 1, 2)
    return moved(sample, matrix, width, height, options.least_left)


def _relit(
    image: Pixels, strength: float, options: AugmentOptions, rng: np.random.Generator
) -> Pixels:
    jitter = partial(rng.uniform, -strength, strength)
    gain = 1 + options.brightness * jitter() + options.colour * jitter(size=3)
    offset = options.brightness * 60 * jitter()
    levels = np.arange(256)[:, None] * gain + offset  # [256, 3]
    table = np.clip(levels, 0, 255).astype(np.uint8)[None]
    image = cv2.LUT(image, table).astype(np.uint8, copy=False)
    if rng.random() < options.gray * strength:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        image = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    if rng.random() < options.blur * strength:
        sigma = rng.uniform(0.3, 1.0)
        image = cv2.GaussianBlur(image, (3, 3), sigma).astype(np.uint8, copy=False)
    deviation = options.noise * strength * rng.random()
    noise = _noise(image.shape, rng) * np.float32(deviation)
    return cv2.add(image, noise, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    return rng.standard_normal(shape, np.float32)
