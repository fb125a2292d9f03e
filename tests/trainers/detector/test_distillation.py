from pathlib import Path

import cv2
import numpy as np
import pytest
from flowlace_trainers.detector.distillation import (
    DistillOptions,
    TaughtSamples,
    distilled,
    taught_sample,
)
from flowlace_trainers.detector.samples import Pixels
from flowlace_trainers.detector.teacher import Taught
from flowlace_trainers.errors import TrainerError

from tests.trainers.detector.toys import CONFIG

OPTIONS = DistillOptions(
    labels=("car", "person"),
    names={"truck": "car", "person": "person"},
    least_score=0.5,
    least_doubt=0.2,
    every=2,
    width_px=64,
)
IMAGE = np.zeros((48, 64, 3), np.uint8)


class CornerTeacher:
    """Sees a person in the corner, the surer the brighter the picture is."""

    def look(self, image: Pixels) -> Taught:
        score = np.array([image.mean() / 255], np.float32)
        return Taught(np.array([(0, 0, 8, 8)], np.float32), ["person"], score)


def taught(*rows: tuple[str, float]) -> Taught:
    boxes = np.array([(0, 0, 10 + n, 10) for n in range(len(rows))], np.float32)
    return Taught(
        boxes.reshape(-1, 4),
        [name for name, _ in rows],
        np.array([score for _, score in rows], np.float32),
    )


@pytest.fixture
def video(tmp_path: Path) -> Path:
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 96))
    for level in range(0, 200, 10):
        writer.write(np.full((96, 128, 3), level, np.uint8))
    writer.release()
    return file


def test_sure_boxes_are_learned_as_surely_as_the_teacher_said() -> None:
    sample = taught_sample(IMAGE, taught(("truck", 0.9), ("person", 0.6)), OPTIONS)
    assert sample.classes.tolist() == [0, 1]
    np.testing.assert_allclose(sample.scores, [0.9, 0.6])
    assert not sample.is_ignored.any()


def test_doubtful_boxes_are_ignored_and_hopeless_ones_dropped() -> None:
    sample = taught_sample(IMAGE, taught(("person", 0.3), ("person", 0.1)), OPTIONS)
    assert sample.is_ignored.tolist() == [True]


def test_what_the_pupil_does_not_know_is_dropped() -> None:
    assert len(taught_sample(IMAGE, taught(("zebra", 0.9)), OPTIONS).classes) == 0


def test_every_second_frame_is_taken_at_the_width_asked_for(video: Path) -> None:
    samples = TaughtSamples([video], CornerTeacher(), OPTIONS)
    assert len(samples) == 10
    assert samples[3].image.shape == (48, 64, 3)
    assert samples[3].image.mean() == pytest.approx(60, abs=3)


def test_training_and_development_share_no_frame(video: Path, tmp_path: Path) -> None:
    config = distilled(CONFIG, [video], CornerTeacher(), OPTIONS)
    training, development = config.training(tmp_path), config.development(tmp_path)
    assert (len(training), len(development)) == (9, 1)
    assert development[0].image.mean() > max(training[n].image.mean() for n in range(9))
    assert config.network.classes == 2


def test_the_digest_follows_the_teacher(video: Path) -> None:
    class Blind(CornerTeacher):
        def look(self, image: Pixels) -> Taught:
            return taught()

    seen = TaughtSamples([video], CornerTeacher(), OPTIONS)
    assert TaughtSamples([video], Blind(), OPTIONS).digest != seen.digest


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"nothing\.mp4' is missing or can't be read"):
        TaughtSamples([tmp_path / "nothing.mp4"], CornerTeacher(), OPTIONS)
