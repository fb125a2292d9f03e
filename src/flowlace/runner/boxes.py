"""`--box`: the boxes a tracking graph starts with."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.contract import ConnectedPort, is_compatible
from flowlace.runner.errors import RunnerError
from flowlace.runner.graph_runner import FirstFrame
from flowlace.sources.source import Frame, Source
from flowlace.sources.testsrc.scene import SceneBox

TRUTH = "truth"
"""Stands for the boxes of the objects a test source shows in full in its first frame."""

FULLY_VISIBLE = 0.9
"""Share of an object's pixels that shows; less is too much of something else to start from."""

SMALLEST_TRUTH_PX = 15
"""Smaller objects give too few points to follow."""


def box_input(inputs: Mapping[str, ConnectedPort]) -> str:
    """Returns the graph's input stream that takes start boxes: the one of type list[TimedBox]."""
    fitting = [name for name, port in inputs.items() if takes_boxes(port)]
    if len(fitting) != 1:
        raise RunnerError(
            f"--box needs a graph with one input of start boxes; this one has {len(fitting)}"
        )
    return fitting[0]


def takes_boxes(port: ConnectedPort) -> bool:
    """Tells whether a stream is one of boxes, and not one of anything."""
    return port.type is not object and is_compatible(list[TimedBox], port.type)


def start_boxes(texts: list[str]) -> Callable[[Mapping[str, Source]], FirstFrame]:
    """Returns what makes the boxes of the first frame, once the sources are open.

    Raises:
        RunnerError: a box is no `X,Y,W,H` of numbers with a size.
    """
    boxes = [parse_box(text) for text in texts if text != TRUTH]

    def for_sources(sources: Mapping[str, Source]) -> FirstFrame:
        def make(frame: Frame) -> list[TimedBox]:
            found = [box_in_frame(box, frame, index) for index, box in enumerate(boxes)]
            if TRUTH in texts:
                found += _true_boxes(sources, frame)
            return found

        return make

    return for_sources


def parse_box(text: str) -> tuple[float, float, float, float]:
    """Returns `X,Y,W,H` as numbers.

    Example:
        >>> parse_box("10,20,30.5,40")
        (10.0, 20.0, 30.5, 40.0)
    """
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise RunnerError(f"--box {text!r} is not X,Y,W,H, four numbers, nor {TRUTH!r}") from None
    if not all(map(math.isfinite, (x, y, width, height))):
        raise RunnerError(f"--box {text!r} is not X,Y,W,H, four numbers that are finite")
    if width <= 0 or height <= 0:
        raise RunnerError(f"--box {text!r} has no size; expected X,Y,W,H with W and H above 0")
    return x, y, width, height


def box_in_frame(box: Sequence[float], frame: Frame, box_id: int) -> TimedBox:
    """Returns x, y, width, height as a box of a frame; pixels unless all numbers are at most 1.

    Raises:
        RunnerError: no part of the box is in the frame.
    """
    x, y, width, height = map(float, box)
    is_normalised = max(abs(x), abs(y), width, height) <= 1
    image: Any = frame.payload
    started = TimedBox.from_pixels(
        x=x,
        y=y,
        width=width,
        height=height,
        frame_width=1 if is_normalised else image.width_px,
        frame_height=1 if is_normalised else image.height_px,
        timestamp_us=frame.timestamp_us,
        id=box_id,
    )
    if max(started.left, started.top) >= 1 or min(started.right, started.bottom) <= 0:
        raise RunnerError(
            f"box {x:g},{y:g},{width:g},{height:g} lies outside the frame of "
            f"{image.width_px}×{image.height_px} pixels; give X,Y,W,H, Y counted downwards"
        )
    return replace(started, reacquisition=True)


def _true_boxes(sources: Mapping[str, Source], frame: Frame) -> list[TimedBox]:
    for source in sources.values():
        ground_truth = getattr(source, "ground_truth", None)
        if ground_truth is not None:
            return [
                TimedBox.from_pixels(
                    x=box.x,
                    y=box.y,
                    width=box.w,
                    height=box.h,
                    frame_width=frame.payload.width_px,
                    frame_height=frame.payload.height_px,
                    timestamp_us=frame.timestamp_us,
                    id=box.id,
                    label=box.label,
                )
                for box in ground_truth(0)
                if _is_shown_in_full(box, frame)
            ]
    raise RunnerError(f"--box {TRUTH} needs a source that knows its objects, like testsrc:street")


def _is_shown_in_full(box: SceneBox, frame: Frame) -> bool:
    image: Any = frame.payload
    is_inside = min(box.x, box.y) >= 0 and (
        box.x + box.w <= image.width_px and box.y + box.h <= image.height_px
    )
    is_large_enough = min(box.w, box.h) >= SMALLEST_TRUTH_PX
    return is_inside and is_large_enough and box.visible_fraction >= FULLY_VISIBLE
