"""Labels from a teacher for video that nobody labelled.

What the teacher is sure of is learned, as surely as the teacher said it; what it is not sure
of is ignored, so its doubts are not learned as background.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from flowlace_trainers.detector.samples import Pixels, Sample, Samples, areas
from flowlace_trainers.detector.task import DetectorConfig
from flowlace_trainers.detector.teacher import SsdTeacher, Taught
from flowlace_trainers.errors import TrainerError

_LEARNED_SHARE = 0.9

COCO_LABELS: Mapping[str, str] = {
    "person": "person",
    "car": "car",
    "truck": "van",
    "bus": "van",
    "bicycle": "bike",
    "motorcycle": "bike",
}
"""The street's label for some of COCO's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillOptions:
    """What is taken from a teacher."""

    labels: tuple[str, ...]
    """Of the pupil, in its order."""
    names: Mapping[str, str]
    """Pupil's label by teacher's; others are dropped."""
    least_score: float = 0.5
    """Surer boxes are learned."""
    least_doubt: float = 0.2
    """Boxes between this and `least_score` are ignored."""
    every: int = 5
    """Takes one frame in so many."""
    width_px: int = 640
    """Frames are scaled to this width."""


class TaughtSamples:
    """Frames of videos with a teacher's boxes, looked at once and kept in memory.

    Args:
        videos: files that OpenCV reads.
        teacher: labels the frames.
        options: what is taken.
        share: first and last part of each video that is used, as shares of its length, so that
            training and development don't see the same minutes.
    """

    def __init__(
        self,
        videos: Sequence[Path],
        teacher: SsdTeacher,
        options: DistillOptions,
        share: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.labels = options.labels
        digest = hashlib.sha256()
        self._samples: list[Sample] = []
        for video in videos:
            for frame in _frames(video, options, share):
                sample = taught_sample(frame, teacher.look(frame), options)
                digest.update(frame.tobytes())
                digest.update(sample.boxes.tobytes())
                self._samples.append(sample)
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]


def distilled(
    config: DetectorConfig, videos: Sequence[Path], teacher: SsdTeacher, options: DistillOptions
) -> DetectorConfig:
    """Returns a configuration that learns from a teacher instead of from labels.

    The last tenth of every video is for development, so is what evaluation measures: agreement
    with the teacher, not truth.
    """

    def samples(first: float, last: float) -> Callable[[Path], Samples]:
        return lambda _data: TaughtSamples(videos, teacher, options, (first, last))

    return replace(
        config,
        network=replace(config.network, classes=len(options.labels)),
        training=samples(0.0, _LEARNED_SHARE),
        development=samples(_LEARNED_SHARE, 1.0),
        evaluation=samples(_LEARNED_SHARE, 1.0),
    )


def taught_sample(image: Pixels, taught: Taught, options: DistillOptions) -> Sample:
    """Returns a frame with what the teacher saw: sure boxes to learn, doubtful ones ignored."""
    labels = [options.names.get(name, "") for name in taught.labels]
    is_ours = np.array([label in options.labels for label in labels], bool)
    keep = np.flatnonzero(
        is_ours & (taught.scores >= options.least_doubt) & (areas(taught.boxes) > 0)
    )
    scores = taught.scores[keep]
    return Sample(
        image=image,
        boxes=taught.boxes[keep],
        classes=np.array([options.labels.index(labels[one]) for one in keep], np.int64),
        is_ignored=scores < options.least_score,
        scores=scores,
    )


def _frames(video: Path, options: DistillOptions, share: tuple[float, float]) -> list[Pixels]:
    capture = cv2.VideoCapture(str(video))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if not capture.isOpened() or count <= 0:
        raise TrainerError(f"video {str(video)!r} is missing or can't be read")
    first, last = (int(part * count) for part in share)
    frames = []
    for number in range(last):
        # Decoding in order is exact where seeking is not.
        if not capture.grab():
            break
        if number >= first and (number - first) % options.every == 0:
            frames.append(_scaled(np.asarray(capture.retrieve()[1]), options.width_px))
    capture.release()
    if not frames:
        raise TrainerError(f"video {str(video)!r} has no frames between {first} and {last}")
    return frames


def _scaled(frame: np.ndarray, width_px: int) -> Pixels:
    height_px = round(frame.shape[0] * width_px / frame.shape[1])
    scaled = cv2.resize(frame, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
