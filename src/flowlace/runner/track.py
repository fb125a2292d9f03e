"""Box tracking as a function, for notebooks and scripts."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.box_row import BoxRow
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.boxes import box_in_frame
from flowlace.runner.find_graph import find_graph
from flowlace.runner.graph_runner import QUEUED_FRAMES
from flowlace.sources.registry import open_source
from flowlace.sources.source import Frame

BoxArgument = TimedBox | Sequence[float]
Frames = str | Path | Iterable[Image | NDArray[np.uint8] | Frame]


def track(
    frames: Frames, boxes: Sequence[BoxArgument], *, frame_rate: float = 30.0
) -> Iterator[BoxRow]:
    """Follows boxes from the first frame on; yields one row a box and frame as they come.

    The rows are those of `flowlace run box_tracking --sink boxes=…`.

    Args:
        frames: a path or any source of `flowlace run`, or pictures in order of time: `Image`s,
            `[y, x, rgb]` or `[y, x]` arrays of bytes (timed by `frame_rate`), or `Frame`s with
            their own timestamps.
        boxes: where the objects are in the first frame: `(x, y, width, height)` in pixels, or in
            fractions when all four are at most 1; or `TimedBox`es.
        frame_rate: frames a second of pictures without timestamps.

    Raises:
        FlowlaceError: frames can't be read, differ in size, or a box is none.

    Example:
        ```python
        for row in flowlace.track("street.mp4", [(120, 80, 60, 40)]):
            print(row.timestamp_us, row.id, row.x, row.y, row.w, row.h, row.confidence)
        ```
    """
    graph = CalculatorGraph(validate_graph(find_graph("box_tracking")))
    rows = graph.output_stream_poller("boxes", max_queue_size=QUEUED_FRAMES)
    graph.set_input_stream_max_queue_size("camera_frames", QUEUED_FRAMES)
    graph.start_run()
    feeder = _Feeder(graph, _timed(frames, frame_rate), boxes)
    feeder.start()
    try:
        for packet in rows:
            yield from packet.payload
    finally:
        if graph.is_running:
            graph.cancel()
        feeder.join()
    if feeder.error is not None:
        raise feeder.error


class _Feeder(threading.Thread):
    """Adds frames while the caller reads rows."""

    def __init__(
        self, graph: CalculatorGraph, frames: Iterator[Frame], boxes: Sequence[BoxArgument]
    ) -> None:
        super().__init__(daemon=True)
        self._graph = graph
        self._frames = frames
        self._boxes: Sequence[BoxArgument] | None = boxes
        self.error: BaseException | None = None

    def run(self) -> None:
        """Feeds until the frames end, the graph fails or the caller stops reading."""
        try:
            for frame in self._frames:
                self._start_boxes(frame)
                packet = Packet(frame.payload, frame.timestamp_us)
                self._graph.add_packet_to_input_stream("camera_frames", packet)
        except BaseException as error:
            if self._graph.is_running:
                self.error = error
        finally:
            if self._graph.is_running:
                self._graph.close_all_packet_sources()

    def _start_boxes(self, frame: Frame) -> None:
        if self._boxes is None:
            return
        boxes, self._boxes = self._boxes, None
        started = [
            box if isinstance(box, TimedBox) else box_in_frame(box, frame, index)
            for index, box in enumerate(boxes)
        ]
        packet = Packet(started, frame.timestamp_us)
        self._graph.add_packet_to_input_stream("start_boxes", packet)
        self._graph.close_input_stream("start_boxes")


def _timed(frames: Frames, frame_rate: float) -> Iterator[Frame]:
    if isinstance(frames, str | Path):
        with open_source(str(frames)) as source:
            yield from source
        return
    for index, frame in enumerate(frames):
        if isinstance(frame, Frame):
            yield frame
        else:
            yield Frame(_image(frame), round(index * 1e6 / frame_rate))


def _image(frame: Image | NDArray[np.uint8]) -> Image:
    if isinstance(frame, Image):
        return frame
    return Image(ImageFormat.GRAY8 if frame.ndim == 2 else ImageFormat.SRGB, frame)
