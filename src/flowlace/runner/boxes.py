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

TRUTH = "truth"
"""Stands for the boxes of all objects a test source shows in its first frame."""


def box_input(inputs: Mapping[str, ConnectedPort]) -> str:
    """Returns the graph's input stream that takes start boxes: the one of type list[TimedBox]."""
    fitting = [
        name
        for name, port in inputs.items()
        if port.type is not object and is_compatible(list[TimedBox], port.type)
    ]
    if len(fitting) != 1:
        raise RunnerError(
            f"--box needs a graph with one input of start boxes; this one has {len(fitting)}"
        )
    return fitting[0]


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
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise RunnerError(f"--box {text!r} has no size; expected X,Y,W,H with W and H above 0")
    return x, y, width, height


def box_in_frame(box: Sequence[float], frame: Frame, box_id: int) -> TimedBox:
    """Returns x, y, width, height as a box of a frame; pixels unless all numbers are at most 1."""
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
                if box.visible_fraction > 0.5
            ]
    raise RunnerError(f"--box {TRUTH} needs a source that knows its objects, like testsrc:street")
