from pathlib import Path

import numpy as np
from flowlace_trainers.detector.baselines import prior_scores, teacher_scores
from flowlace_trainers.detector.distillation import DistillOptions
from flowlace_trainers.detector.samples import Pixels, Sample
from flowlace_trainers.detector.teacher import Taught

from tests.trainers.detector.toys import CONFIG, LABELS, Shapes, sample

OPTIONS = DistillOptions(labels=LABELS, names={"box": "square"}, least_score=0.0, least_doubt=0.0)


class Parked:
    """The same square at the same place on every picture, larger than the model's input."""

    labels = LABELS
    digest = "parked"

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Sample:
        return sample([(40, 40, 90, 90)], [0], width=192, height=128)


class Knowing:
    """Sees the parked square."""

    def look(self, image: Pixels) -> Taught:
        boxes = np.array([(40, 40, 90, 90)], np.float32)
        return Taught(boxes, ["box"], np.ones(1, np.float32))


def test_knowing_the_place_is_enough_where_nothing_moves() -> None:
    assert prior_scores(Parked(), Parked(), CONFIG)["mAP"] > 0.99


def test_knowing_the_place_is_worth_little_where_things_move(tmp_path: Path) -> None:
    assert prior_scores(Shapes(64, 1), Shapes(16, 3), CONFIG)["mAP"] < 0.3


def test_a_foreign_model_is_measured_in_the_same_pixels() -> None:
    assert teacher_scores(Knowing(), Parked(), CONFIG, OPTIONS)["mAP"] > 0.99
