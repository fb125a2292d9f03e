"""How rain moves: a smooth motion field from the last pictures of it.

Optical flow knows the motion only where there is something to see. So the flow of several pairs
of pictures is averaged with weights, most where there is rain with edges in it, and spread by a
wide Gaussian into the gaps (normalised convolution, Knutsson and Westin 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.motion_memory import MotionMemory

MotionMethod = Literal["dis", "lk"]

_STRIP_ROWS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionOptions:
    """How motion is found."""

    method: MotionMethod = "dis"
    """`dis`: dense inverse search; `lk`: corners followed by Lucas and Kanade."""
    reduction: int = 0
    """The flow is found on a grid this much coarser; 0 chooses by the size of the picture."""
    smoothing_px: float = 24.0
    """σ of the Gaussian that smooths the field, in pixels of the picture."""
    pairs: int = 3
    """Pairs of pictures that are averaged, the newest ones."""
    pair_minutes: float = 10.0
    """Pictures of a pair lie about this far apart, where there are enough of them."""

    def __post_init__(self) -> None:
        if self.method not in ("dis", "lk"):
            raise NowcastError(f"method={self.method!r} is not known; known are: dis, lk")
        if self.reduction < 0 or self.smoothing_px <= 0 or self.pairs < 1 or self.pair_minutes <= 0:
            raise NowcastError(
                "motion needs reduction >= 0, smoothing_px > 0, pairs >= 1, pair_minutes > 0"
            )


def find_motion(
    frames: NDArray[np.float32] | Sequence[NDArray[np.float32]],
    minutes: Sequence[float],
    options: MotionOptions = MotionOptions(),
    memory: MotionMemory | None = None,
) -> NDArray[np.float32]:
    """Returns the motion `[2, y, x]` in columns and rows a minute.

    Zero where the pictures are dry; one picture alone does not move.

    Args:
        frames: `[time, y, x]` rain in mm/h, or a list of `[y, x]`; NaN is taken for dry.
        minutes: when each was seen; rising.
        options: how.
        memory: of the call before, where most frames are the same arrays.
    """
    shapes = {one.shape for one in frames}
    if len(shapes) != 1 or len(frames) != len(minutes) or frames[0].ndim != 2:
        raise NowcastError(
            f"motion needs frames [y, x] of one shape with a time each, not {len(frames)} of "
            f"{sorted(shapes)} with {len(minutes)} times"
        )
    shape = frames[0].shape
    reduction = options.reduction or _usual_reduction(shape)
    rows, columns = (max(16, size // reduction) for size in shape)
    pairs = choose_pairs(minutes, options.pairs, options.pair_minutes)
    memory = memory or MotionMemory()
    flow = np.zeros((rows, columns, 2), np.float32)
    weights = np.zeros((rows, columns), np.float32)
    for first, second in pairs:
        pair = frames[first], frames[second]
        found, weight = _recalled_flow(pair, (columns, rows), options.method, memory)
        flow += (weight / np.float32(minutes[second] - minutes[first]))[..., None] * found
        weights += weight
    memory.forget_unused()
    smooth = _spread(flow, weights, options.smoothing_px / reduction)
    motion = np.empty((2, *shape), np.float32)
    for axis, scale in enumerate((shape[1] / columns, shape[0] / rows)):
        one = smooth[..., axis] * np.float32(scale)
        cv2.resize(one, shape[::-1], dst=motion[axis], interpolation=cv2.INTER_LINEAR)
    return motion


def _recalled_flow(
    pair: tuple[NDArray[np.float32], NDArray[np.float32]],
    size: tuple[int, int],
    method: MotionMethod,
    memory: MotionMemory,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the flow between two pictures, at `size`, and how far to trust it."""
    first, second = (memory.recall(size, [one], partial(_reduced_grey, one, size)) for one in pair)
    find = _dis_flow if method == "dis" else _corner_flow
    return memory.recall((method, size), pair, partial(find, first, second))


def choose_pairs(
    minutes: Sequence[float], count: int, apart_minutes: float
) -> list[tuple[int, int]]:
    """Returns pairs of pictures, by their places, that end with each of the newest ones.

    Two pictures 2 minutes apart differ by little more than their pixels; farther apart, the
    motion is told more exactly.

    >>> choose_pairs([0, 2, 4, 6, 8, 10], 2, 6)
    [(1, 4), (2, 5)]
    >>> choose_pairs([0, 5], 3, 6)
    [(0, 1)]
    """
    pairs = []
    for last in range(len(minutes) - 1, 0, -1):
        first = min(range(last), key=lambda one: abs(minutes[last] - minutes[one] - apart_minutes))
        pairs.append((first, last))
    return pairs[:count][::-1]


def _usual_reduction(shape: tuple[int, ...]) -> int:
    return 2 if max(shape) <= 1200 else 4


def _reduced_grey(rain: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    full = np.empty(rain.shape, np.uint8)
    # In strips, whose memory is used again: the system clears new memory, which for the copies of
    # a continent takes longer than all the arithmetic.
    for row in range(0, len(rain), _STRIP_ROWS):
        strip = slice(row, row + _STRIP_ROWS)
        full[strip] = to_grey(rain[strip])
    grey = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    return grey.astype(np.uint8, copy=False)


def _dis_flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns dense flow `[y, x, 2]` and how far to trust it, `[y, x]`."""
    if not first.any() or not second.any():
        return np.zeros((*first.shape, 2), np.float32), np.zeros(first.shape, np.float32)
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = finder.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    return flow.astype(np.float32, copy=False), _edges(first)


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the strength of edges: where there are none, flow is a guess.

    Not by `cv2.magnitude`: its last bit differs from run to run, and a replay has to be the same.
    """
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    along_x = cv2.Sobel(soft, cv2.CV_16S, 1, 0).astype(np.float32)
    along_y = cv2.Sobel(soft, cv2.CV_16S, 0, 1).astype(np.float32)
    strength: NDArray[np.float32] = np.sqrt(along_x * along_x + along_y * along_y)
    return strength


def _corner_flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns flow at corners, `[y, x, 2]`, and 1 where there was one."""
    flow = np.zeros((*first.shape, 2), np.float32)
    weights = np.zeros(first.shape, np.float32)
    corners = cv2.goodFeaturesToTrack(first, 1000, 0.01, 5)
    if corners is None or not second.any():
        return flow, weights
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        first, second, corners, np.empty_like(corners), winSize=(31, 31), maxLevel=3
    )
    starts, ends = corners[status[:, 0] > 0, 0], found[status[:, 0] > 0, 0]
    kept = _agreeing(ends - starts)
    columns, rows = starts[kept].astype(int).T
    weights[rows, columns] = 1
    flow[rows, columns] = (ends - starts)[kept]
    return flow, weights


def _agreeing(moves: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Returns which moves lie within three (robust) deviations of the median."""
    if not len(moves):
        return np.zeros(0, bool)
    off = np.hypot(*(moves - np.median(moves, axis=0)).T)
    kept: NDArray[np.bool_] = off <= 3 * 1.4826 * np.median(off) + 1.0
    return kept


def _spread(
    flow: NDArray[np.float32], weights: NDArray[np.float32], sigma: float
) -> NDArray[np.float32]:
    """Returns `flow / weights` after both were smoothed: near where something moves, and far.

    `flow` holds sums of weighted flow. Where the narrow Gaussian reaches nothing, ever wider ones
    do; the widest covers the whole picture.
    """
    total = float(weights.sum())
    if total == 0:
        return np.zeros_like(flow)
    mean = flow.sum(axis=(0, 1)) / total
    deviation = flow - weights[..., None] * mean
    # A little weight for the mean decides where nothing else is near.
    floor = np.float32(1e-3 * total / weights.size)
    near, near_weights = _blur(deviation, sigma), _blur(weights, sigma)
    far, far_weights = _blur(near, 3 * sigma), _blur(near_weights, 3 * sigma)
    share = np.float32(0.02)
    spread = (near + share * far) / (near_weights + share * far_weights + floor)[..., None]
    field: NDArray[np.float32] = (spread + mean).astype(np.float32, copy=False)
    return field


def _blur(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Returns a Gaussian blur; made on a coarser grid where it is wide, which looks the same."""
    shrink = max(1, int(sigma / 3))
    rows, columns = values.shape[:2]
    size = (max(1, columns // shrink), max(1, rows // shrink))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA) if shrink > 1 else values
    soft = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_CONSTANT)
    if shrink > 1:
        soft = cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return soft.astype(np.float32, copy=False)
