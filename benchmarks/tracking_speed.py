"""Prints the CPU time of a frame with 1, 10, 50 and 100 boxes.

    python benchmarks/tracking_speed.py --data ../shared/data/video

Motion of the whole frame once, then all boxes in one step; with `--look` also the cost of the
appearance model. OpenCV 5 has lost KCF, CSRT, MOSSE and MedianFlow; where an older OpenCV with
contrib is installed they are measured beside.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tracking_clips import DATA, Clip, load_clip

from flowlace.formats.tracked_box import TimedBox
from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.box_tracker import StreamingBoxTracker
from flowlace.tracking.motion_analysis import MotionAnalysis

COUNTS = (1, 10, 50, 100)
PEERS = ("TrackerMedianFlow", "TrackerMOSSE", "TrackerKCF", "TrackerCSRT", "TrackerMIL")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--clip", default="carchase2")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--look", action="store_true")
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    clip = load_clip(arguments.data, arguments.clip)
    print("| boxes | flow ms | boxes ms | whole ms | ratio to one box |\n|---|---|---|---|---|")
    first = 0.0
    for count in COUNTS:
        flow, step = measured(clip, count, arguments.frames)
        first = first or flow + step
        print(
            f"| {count} | {flow:.2f} | {step:.2f} | {flow + step:.2f} | "
            f"{(flow + step) / first:.2f} |"
        )
    if arguments.look:
        for count in COUNTS:
            print(f"appearance, {count} boxes: {look_ms(clip, count, 40):.2f} ms a frame")
    if arguments.peers:
        for name in PEERS:
            print(peer_line(name, clip))


def spread_boxes(clip: Clip, count: int) -> list[TimedBox]:
    """Returns boxes of a sixth of the frame's height all over the frame, the same every time."""
    rng = np.random.default_rng(0)
    width, height = clip.size
    side = height / 6
    places = rng.random((count, 2)) * (np.array(clip.size) - side)
    return [
        TimedBox.from_pixels(
            x=float(x),
            y=float(y),
            width=side,
            height=side,
            frame_width=width,
            frame_height=height,
            timestamp_us=0,
            id=k,
        )
        for k, (x, y) in enumerate(places)
    ]


def measured(clip: Clip, count: int, frame_limit: int) -> tuple[float, float]:
    """Returns mean CPU milliseconds of flow and of all boxes. Boxes are renewed when lost."""
    analysis, tracker = MotionAnalysis(), StreamingBoxTracker()
    boxes = spread_boxes(clip, count)
    flow = step = 0.0
    done = 0
    for index, frame in zip(range(frame_limit), clip.frames(), strict=False):
        start = time.process_time()
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        data = analysis.analyze(gray, round(index * 1e6 / clip.fps))
        middle = time.process_time()
        live = tracker.add_tracking_data(data)
        end = time.process_time()
        if index % 30 == 0 or len(live) < count:
            tracker.start([at_time(box, data.timestamp_us) for box in boxes])
        if index > 5:
            flow, step, done = flow + middle - start, step + end - middle, done + 1
    return flow / done * 1e3, step / done * 1e3


def at_time(box: TimedBox, timestamp_us: int) -> TimedBox:
    """Returns the box at another time."""
    return replace(box, timestamp_us=timestamp_us)


def look_ms(clip: Clip, count: int, frame_limit: int) -> float:
    """Returns mean CPU milliseconds of the appearance model."""
    tracker, analysis, model = StreamingBoxTracker(), MotionAnalysis(), AppearanceModel()
    tracker.start(spread_boxes(clip, count))
    spent = 0.0
    for index, frame in zip(range(frame_limit), clip.frames(), strict=False):
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        tracker.add_tracking_data(analysis.analyze(gray, round(index * 1e6 / clip.fps)))
        start = time.process_time()
        tracker.nudge(model.correct(frame, tracker.states))
        spent += time.process_time() - start
    return spent / frame_limit * 1e3


def peer_line(name: str, clip: Clip) -> str:
    """Returns the cost of one box with an OpenCV tracker, or that there is none."""
    legacy: Any = getattr(cv2, "legacy", cv2)
    create: Callable[[], Any] | None = getattr(legacy, f"{name}_create", None) or getattr(
        cv2, f"{name}_create", None
    )
    if create is None:
        return f"{name}: not in OpenCV {cv2.__version__}"
    tracker = create()
    side = clip.size[1] // 3
    spent = 0.0
    for index, frame in zip(range(20), clip.frames(), strict=False):
        start = time.process_time()
        if index == 0:
            tracker.init(frame, (clip.size[0] // 3, clip.size[1] // 3, side, side))
        else:
            tracker.update(frame)
        spent += time.process_time() - start
    return f"{name}: {spent / 20 * 1e3:.2f} ms a frame with one box"


if __name__ == "__main__":
    main()
