"""Where each learned token looks, as numbers and as pictures.

Maps are taken from a network while it runs: the input of its first TokenLearner is kept, and
the learner asked for the maps it makes of it. A token's map is shown as light on the picture it
was made from: in colour where the token looks, gray and dark elsewhere.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.formats.image import Image, ImageFormat
from flowlace.sinks.sink import SinkError
from flowlace.sinks.video_file import VideoFileOptions, VideoFileSink
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.encoder import token_learners

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]

_DIM = 0.4
_GLOW = 0.3
_LEAST_PANEL_PX = 144
_GAP_PX = 4
_TITLE_PX = 18
_MOST_ROWS = 8


def token_maps(network: nn.Module, value: Tensor, grid: tuple[int, int], steps: int) -> Maps:
    """Returns `[step, token, row, column]`: how much each token takes of each place.

    Args:
        network: in evaluation mode.
        value: one input of it, `[1, …]`.
        grid: rows and columns of patches.
        steps: of time in the input.

    Raises:
        TrainerError: the network learns no tokens.
    """
    learners = token_learners(network)
    if not learners:
        raise TrainerError(
            f"{type(network).__name__} learns no tokens, so there are no maps to show; give its "
            "options a token_learner"
        )
    kept: list[Tensor] = []
    hook = learners[0].register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    try:
        with torch.inference_mode():
            network(value)
            maps = learners[0].maps(kept[0])
    finally:
        hook.remove()
    made: Maps = maps.float().cpu().numpy()
    return made.reshape(steps, -1, *grid)


def lit(picture: Pixels, one_map: Maps) -> Pixels:
    """Returns the picture, gray and dark but for the places a token looks at.

    Args:
        picture: `[y, x, 3]`.
        one_map: `[row, column]`, not negative; its largest value is fully lit.
    """
    height, width = picture.shape[:2]
    bounded = one_map / max(float(one_map.max()), 1e-12)
    light = cv2.resize(bounded, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    glow = cv2.applyColorMap((light * 255).astype(np.uint8), cv2.COLORMAP_HOT)[..., ::-1]
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    seen = (1 - _GLOW) * picture + _GLOW * glow
    return np.clip(_DIM * gray * (1 - light) + seen * light, 0, 255).astype(np.uint8)


def map_sheet(pictures: Sequence[Pixels], maps: Maps, titles: Sequence[str]) -> Pixels:
    """Returns one picture: a row for each step, the step's frame and then each token's light.

    Args:
        pictures: one a step, all of one size.
        maps: `[step, token, row, column]`.
        titles: of the steps.
    """
    rows = [
        _row([picture, *(lit(picture, one) for one in of_step)])
        for picture, of_step in zip(pictures, maps, strict=True)
    ]
    width_px = pictures[0].shape[1] + _GAP_PX
    names = ["frame", *(f"token {number + 1}" for number in range(maps.shape[1]))]
    head = np.full((_TITLE_PX, rows[0].shape[1], 3), 255, np.uint8)
    for number, name in enumerate(names):
        _write(head, name, number * width_px)
    parts = [head]
    for row, title in zip(rows, titles, strict=True):
        title_band = np.full((_TITLE_PX, row.shape[1], 3), 255, np.uint8)
        _write(title_band, title, 0)
        parts += [title_band, row]
    return np.concatenate(parts)


def map_frame(picture: Pixels, maps: Maps) -> Pixels:
    """Returns a frame and its tokens' light, near a square of panels, for a video.

    Args:
        picture: `[y, x, 3]`.
        maps: `[token, row, column]`.
    """
    panels = [picture, *(lit(picture, one) for one in maps)]
    columns = math.ceil(math.sqrt(len(panels)))
    empty = np.full_like(picture, 255)
    panels += [empty] * (-len(panels) % columns)
    rows = [_row(panels[first : first + columns]) for first in range(0, len(panels), columns)]
    gap = np.full((_GAP_PX, rows[0].shape[1], 3), 255, np.uint8)
    return np.concatenate([part for row in rows for part in (row, gap)][:-1])


def write_sheet(
    path: Path, pictures: Sequence[Pixels], maps: Maps, times_us: Sequence[int]
) -> None:
    """Writes a sheet of at most eight steps, spread over the clip, as a picture file.

    Raises:
        TrainerError: the file can't be written, or its ending is of no picture.
    """
    steps = np.unique(np.linspace(0, len(pictures) - 1, min(_MOST_ROWS, len(pictures))).astype(int))
    titles = [f"{times_us[one] / 1e6:.2f} s" if len(pictures) > 1 else "" for one in steps]
    sheet = map_sheet([_enlarged(pictures[one]) for one in steps], maps[steps], titles)
    try:
        is_written, content = cv2.imencode(path.suffix, sheet[..., ::-1])
    except cv2.error as error:
        raise TrainerError(f"{str(path)!r} has the ending of no picture; take .png") from error
    if not is_written:
        raise TrainerError(f"{str(path)!r} can't be encoded; take .png")
    try:
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise TrainerError(f"{str(path)!r} can't be written: {error.strerror}") from error


def write_video(
    path: Path, pictures: Sequence[Pixels], maps: Maps, times_us: Sequence[int]
) -> None:
    """Writes a video with the panels of each step, at the steps' times.

    Raises:
        TrainerError: the file can't be written.
    """
    try:
        with VideoFileSink(path, VideoFileOptions(crf=16)) as sink:
            for picture, of_step, time_us in zip(pictures, maps, times_us, strict=True):
                pixels = map_frame(_enlarged(picture), of_step)
                sink.write(time_us, Image(ImageFormat.SRGB, pixels))
    except (ValueError, OSError, SinkError) as error:
        raise TrainerError(f"maps can't be written to {str(path)!r}: {error}") from error


def _enlarged(picture: Pixels) -> Pixels:
    """Returns a small picture so large that one sees something in it."""
    factor = math.ceil(_LEAST_PANEL_PX / picture.shape[0])
    return picture.repeat(factor, 0).repeat(factor, 1)


def _row(panels: Sequence[Pixels]) -> Pixels:
    gap = np.full((panels[0].shape[0], _GAP_PX, 3), 255, np.uint8)
    return np.concatenate([part for one in panels for part in (one, gap)][:-1], 1)


def _write(band: Pixels, text: str, x: int) -> None:
    cv2.putText(
        band,
        text,
        (x + 2, _TITLE_PX - 5),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.42,
        (0, 0, 0),
        1,
        cv2.LINE_AA,
    )
