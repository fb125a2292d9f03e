"""Reads the evaluation clips and runs trackers over them; used by the tracking benchmarks."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_step import step_boxes
from flowlace.tracking.confidence import confidence_features
from flowlace.tracking.evaluation import (
    center_distance_px,
    intersection_over_union,
    reinitialisation_frames,
)
from flowlace.tracking.motion_analysis import MotionAnalysis
from flowlace.tracking.step_options import TrackStepOptions

CLIPS = ("car4", "basketball", "jogging", "couple", "crossing", "bike", "carchase2", "bag")
DATA = Path(__file__).parents[2] / "shared/data/video"

FloatArray = NDArray[np.float64]
Truth = dict[int, FloatArray]


@dataclass(slots=True)
class Clip:
    """A video with its ground truth and, once analysed, its motion."""

    name: str
    path: Path
    tracks: dict[int, Truth]
    fps: float
    size: tuple[int, int]
    motion: list[TrackingData] = field(default_factory=list)
    inverted: list[TrackingData] = field(default_factory=list)
    flow_ms: float = 0.0

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yields the frames `[y, x, bgr]`."""
        capture = cv2.VideoCapture(str(self.path))
        while True:
            ok, frame = capture.read()
            if not ok:
                return
            yield np.asarray(frame, np.uint8)


@dataclass(slots=True)
class Run:
    """What a tracker did on one track: one entry a frame that has truth."""

    boxes: list[FloatArray] = field(default_factory=list)
    truth: list[FloatArray] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    features: list[FloatArray] = field(default_factory=list)
    feature_rows: list[int] = field(default_factory=list)
    cpu_ms: float = 0.0

    def overlaps(self) -> FloatArray:
        """Returns the overlap with the truth `[frame]`."""
        return intersection_over_union(np.array(self.boxes), np.array(self.truth))

    def distances_px(self) -> FloatArray:
        """Returns the distance of the centres `[frame]`."""
        return center_distance_px(np.array(self.boxes), np.array(self.truth))


def load_clip(folder: Path, name: str) -> Clip:
    """Returns a clip with its ground truth."""
    tracks: dict[int, Truth] = {}
    with (folder / f"{name}.csv").open() as file:
        for row in csv.DictReader(file):
            box = np.array([float(row[k]) for k in ("x", "y", "w", "h")])
            tracks.setdefault(int(row["track_id"]), {})[int(row["frame"])] = box
    capture = cv2.VideoCapture(str(folder / f"{name}.mp4"))
    size = (
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    fps = capture.get(cv2.CAP_PROP_FPS)
    return Clip(name=name, path=folder / f"{name}.mp4", tracks=tracks, fps=fps, size=size)


def analyse(clip: Clip) -> None:
    """Fills in the clip's motion and its CPU time a frame, gray conversion and all."""
    analysis = MotionAnalysis()
    spent = 0.0
    for index, frame in enumerate(clip.frames()):
        start = time.process_time()
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        data = analysis.analyze(gray, round(index * 1e6 / clip.fps))
        inverted = data.inverted()
        spent += time.process_time() - start
        clip.motion.append(data)
        clip.inverted.append(inverted)
    clip.flow_ms = spent * 1e3 / max(len(clip.motion), 1)


def started(clip: Clip, truth: FloatArray, timestamp_us: int) -> BoxStates:
    """Returns the state of one box at the truth `(x, y, width, height)` in pixels."""
    width, height = clip.size
    box = TimedBox.from_pixels(
        x=truth[0],
        y=truth[1],
        width=truth[2],
        height=truth[3],
        frame_width=width,
        frame_height=height,
        timestamp_us=timestamp_us,
        id=1,
    )
    return BoxStates.start([box], width / height)


def pixels_of(states: BoxStates, clip: Clip) -> FloatArray:
    """Returns x, y, width, height of the first box in pixels."""
    longer = max(clip.size)
    size = states.scaled_size[0] * longer
    return np.concatenate((states.center[0] * longer - size / 2, size))


def track(
    clip: Clip,
    truth: Truth,
    options: TrackStepOptions,
    *,
    reinitialise_s: float | None = None,
    appearance: AppearanceModel | None = None,
) -> Run:
    """Runs from the first truth to the last; a lost box stays where it was lost."""
    order = sorted(truth)
    every = round(reinitialise_s * clip.fps) if reinitialise_s else 10**9
    set_back = set(reinitialisation_frames(order, every))
    run = Run()
    states = BoxStates.none()
    frames = clip.frames() if appearance else iter(())
    for index in range(order[-1] + 1):
        frame = next(frames) if appearance else None
        if index < order[0]:
            continue
        start = time.process_time()
        if index in set_back:
            states = started(clip, truth[index], clip.motion[index].timestamp_us)
        elif not states.is_failed[0]:
            states = step_boxes(states, clip.inverted[index], options)
        if appearance is not None and frame is not None and not states.is_failed[0]:
            states = appearance.correct(frame, states)
        run.cpu_ms += (time.process_time() - start) * 1e3 / (order[-1] - order[0] + 1)
        if index in truth:
            run.boxes.append(pixels_of(states, clip))
            run.truth.append(truth[index])
            failed = bool(states.is_failed[0])
            run.confidence.append(0.0 if failed else float(states.confidence[0]))
            run.features.append(confidence_features(states)[0])
    return run
