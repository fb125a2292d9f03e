"""Clips seen otherwise: by another camera, from elsewhere, in other light; all frames alike.

After Cubuk et al. 2020, "RandAugment": a few operations out of a list, each by a random amount up
to one strength for all. A mirrored clip may belong to another class (left becomes right), so
clips are mirrored only where the options say what each label becomes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Operation = Callable[[Pixels, float], Pixels]
"""Frames `[frame, y, x, 3]` changed by an amount from −1 to 1."""

_GRAY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipAugmentOptions:
    """How much may change at strength 1."""

    operations: int = 2
    """Of the list, for each clip."""
    rates: tuple[float, float] = (0.8, 1.25)
    """Slowest and fastest; at any strength."""
    mirrored: Mapping[str, str] = field(default_factory=dict)
    """What a label becomes in the mirror, its own name if it stays; labels that aren't here are
    never mirrored. `{"left": "right", "right": "left", "up": "up"}`."""
    noise: float = 6.0
    """Standard deviation of the sensor's noise at most, of 255."""
    hidden: float = 0.25
    """How likely a part of the picture is hidden throughout."""
    mixing: float = 0.2
    """Of mixup: α of the beta distribution that says how much of another clip is mixed in;
    0 mixes nothing."""
    smoothing: float = 0.1
    """Of labels: the share that is spread over all classes."""
    short: float = 0.25
    """How likely only a part of the window has come yet, for networks that run on streams."""


def augmented(
    frames: Pixels,
    label: str,
    strength: float,
    options: ClipAugmentOptions,
    rng: np.random.Generator,
) -> tuple[Pixels, str]:
    """Returns frames changed at random, and what happens in them.

    Args:
        frames: `[frame, y, x, 3]`.
        label: before.
        strength: 0 only mirrors, 1 uses the options in full.
        options: what may change.
        rng: decides; the same state gives the same frames.
    """
    if label in options.mirrored and rng.random() < 0.5:
        frames, label = frames[:, :, ::-1], options.mirrored[label]
    if strength <= 0:
        return frames, label
    chosen = rng.choice(len(OPERATIONS), min(options.operations, len(OPERATIONS)), replace=False)
    for number in chosen:
        frames = OPERATIONS[number](frames, strength * rng.uniform(-1, 1))
    if rng.random() < options.hidden * strength:
        frames = _hidden(frames, rng)
    if options.noise > 0:
        deviation = np.float32(rng.uniform(0, options.noise) * strength)
        frames = _bounded(frames + rng.standard_normal(frames.shape, np.float32) * deviation)
    return frames, label


def _brighter(frames: Pixels, amount: float) -> Pixels:
    return _bounded(frames * (1 + 0.4 * amount))


def _contrast(frames: Pixels, amount: float) -> Pixels:
    mean = frames.mean()
    return _bounded(mean + (frames - mean) * 2.0**amount)


def _colourful(frames: Pixels, amount: float) -> Pixels:
    gray = (frames @ _GRAY)[..., None]
    return _bounded(gray + (frames - gray) * (1 + 0.9 * amount))


def _warmer(frames: Pixels, amount: float) -> Pixels:
    return _bounded(frames * np.array([1 + 0.2 * amount, 1, 1 - 0.2 * amount], np.float32))


def _blurred(frames: Pixels, amount: float) -> Pixels:
    sigma = 0.1 + 1.2 * abs(amount)
    return np.stack([cv2.GaussianBlur(one, (5, 5), sigma) for one in frames]).astype(np.uint8)


def _turned(frames: Pixels, amount: float) -> Pixels:
    return _moved(frames, angle_deg=15 * amount)


def _nearer(frames: Pixels, amount: float) -> Pixels:
    return _moved(frames, scale=1.4**amount)


def _sideways(frames: Pixels, amount: float) -> Pixels:
    return _moved(frames, right=0.2 * amount)


def _upwards(frames: Pixels, amount: float) -> Pixels:
    return _moved(frames, down=0.2 * amount)


OPERATIONS: tuple[Operation, ...] = (
    _brighter, _contrast, _colourful, _warmer, _blurred, _turned, _nearer, _sideways, _upwards
)  # fmt: skip
"""What may be done to a clip; an amount of 0 leaves it nearly as it is."""


def _moved(
    frames: Pixels,
    *,
    angle_deg: float = 0.0,
    scale: float = 1.0,
    right: float = 0.0,
    down: float = 0.0,
) -> Pixels:
    height, width = frames.shape[1:3]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, scale)
    turn[:, 2] += np.array((right * width, down * height))
    moved = [
        cv2.warpAffine(one, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        for one in frames
    ]
    return np.stack(moved).astype(np.uint8, copy=False)


def _hidden(frames: Pixels, rng: np.random.Generator) -> Pixels:
    """Returns frames with a gray box over a place, at most a third of each side."""
    height, width = frames.shape[1:3]
    rows, columns = rng.integers(1, height // 3 + 1), rng.integers(1, width // 3 + 1)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    made = frames.copy()
    made[:, top : top + rows, left : left + columns] = 128
    return made


def _bounded(values: NDArray[Any]) -> Pixels:
    bounded: Pixels = np.clip(values, 0, 255).astype(np.uint8)
    return bounded
