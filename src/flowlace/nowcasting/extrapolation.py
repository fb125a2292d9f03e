"""Semi-Lagrangian extrapolation: rain is carried along a motion field that stands still.

Each pixel of a forecast asks where its air was at the start: a path is followed backwards, step
by step, and each step uses the motion at the step's middle (Germann and Zawadzki 2002, section 4).
The rain is then read once from the start, so that it is interpolated once, however long the path.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.errors import NowcastError

_SPACING_PX = 4
"""Motion is smoother than that, so that following the path of each pixel would be in vain."""

_LARGEST_STEP_PX = 8.0
"""No step of a path is longer: a path bends where the motion does."""


def origins(
    motion: NDArray[np.float32], leads_steps: Sequence[float]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yields, for each lead, the columns and rows where the pixels of the forecast come from.

    Both are written over when the next lead is asked for. Paths are followed from every fourth
    pixel; between them, where they come from is interpolated.

    Args:
        motion: `[2, y, x]`, columns and rows a step.
        leads_steps: rising leads in steps of the motion; none is negative.
    """
    rows, columns = motion.shape[1:]
    starts = np.meshgrid(_places(columns), _places(rows))
    x, y = (one.copy() for one in starts)
    full_x, full_y = (np.empty((rows, columns), np.float32) for _ in range(2))
    field = np.ascontiguousarray(np.moveaxis(motion, 0, -1), np.float32)
    fastest = float(np.abs(motion).max())
    reached = 0.0
    for lead in leads_steps:
        if lead < reached:
            raise NowcastError(f"leads must rise; {lead} comes after {reached}")
        count = max(1, int(np.ceil(fastest * (lead - reached) / _LARGEST_STEP_PX)))
        for _ in range(count if lead > reached else 0):
            _go_back(x, y, field, (lead - reached) / count)
        reached = lead
        _spread_out(x - starts[0], np.arange(columns, dtype=np.float32), full_x)
        _spread_out(y - starts[1], np.arange(rows, dtype=np.float32)[:, None], full_y)
        yield full_x, full_y


def _places(size: int) -> NDArray[np.float32]:
    """Returns the middles of squares that cover a side of the grid, and one more at each end."""
    count = -(-size // _SPACING_PX) + 2
    return (np.arange(count, dtype=np.float32) - 0.5) * _SPACING_PX - np.float32(0.5)


def _spread_out(
    moved: NDArray[np.float32], pixels: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Writes where each pixel comes from, of how far the squares' middles have moved."""
    rows, columns = (one * _SPACING_PX for one in moved.shape)
    every = cv2.resize(moved, (columns, rows), interpolation=cv2.INTER_LINEAR)
    inner = tuple(slice(_SPACING_PX, _SPACING_PX + size) for size in out.shape)
    np.add(every[inner], pixels, out=out, casting="same_kind")


def _go_back(
    x: NDArray[np.float32], y: NDArray[np.float32], field: NDArray[np.float32], steps: float
) -> None:
    """Moves the points by `steps` backwards, in place."""
    here = _motion_at(field, x, y)
    half = np.float32(0.5 * steps)
    middle = _motion_at(field, x - half * here[..., 0], y - half * here[..., 1])
    x -= np.float32(steps) * middle[..., 0]
    y -= np.float32(steps) * middle[..., 1]


def _motion_at(
    field: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    moved = cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32, copy=False)


def read_at(
    rain: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Returns the rain at the given places; NaN where most of what lies there is unknown."""
    is_known = np.isfinite(rain)
    (moved,) = read_all_at([np.where(is_known, rain, np.float32(0))], is_known, x, y)
    return moved


def read_all_at(
    fields: Iterable[NDArray[np.float32]],
    is_known: NDArray[np.bool_],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
) -> Iterator[NDArray[np.float32]]:
    """Yields fields at the given places; NaN where most of what lies there is unknown.

    Args:
        fields: `[y, x]` each, 0 where not known.
        is_known: `[y, x]`, of all of them.
        x: columns.
        y: rows.
    """
    weights = _read(is_known.astype(np.float32), x, y)
    is_lost = weights < 0.5
    np.maximum(weights, 0.5, out=weights)
    for one in fields:
        moved = _read(one, x, y)
        moved /= weights
        moved[is_lost] = np.nan
        yield moved


def _read(
    values: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    read = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return read.astype(np.float32, copy=False)


def extrapolate(
    rain: NDArray[np.float32], motion: NDArray[np.float32], leads_steps: Sequence[float]
) -> NDArray[np.float32]:
    """Returns the rain `[lead, y, x]` as it is after each lead.

    NaN where rain would come from outside of what is known.

    Args:
        rain: `[y, x]` in mm/h, or anything else that is carried along.
        motion: `[2, y, x]`, columns and rows a step.
        leads_steps: rising leads in steps of the motion.
    """
    if motion.shape != (2, *rain.shape):
        raise NowcastError(f"motion of shape {motion.shape} does not fit rain of {rain.shape}")
    moved = np.empty((len(leads_steps), *rain.shape), np.float32)
    for index, (x, y) in enumerate(origins(motion, leads_steps)):
        moved[index] = read_at(rain, x, y)
    return moved
