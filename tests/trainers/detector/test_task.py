from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers.detector.augmentation import AugmentOptions
from flowlace_trainers.detector.task import DetectorTask, as_batch, boxed_in
from flowlace_trainers.fit import fit, load_best
from flowlace_trainers.schedule import Phase

from tests.trainers.detector.toys import CONFIG, HEIGHT, WIDTH, sample

PHASE = Phase(share=1.0, width_px=64, height_px=32, strength=1.0, drop=0.0)


@pytest.fixture
def task(tmp_path: Path) -> DetectorTask:
    return DetectorTask(replace(CONFIG, augment=AugmentOptions()), tmp_path)


def test_a_detector_learns_shapes_in_seconds(tmp_path: Path) -> None:
    task = DetectorTask(CONFIG, tmp_path)
    assert task.evaluate(task.make_model())["AP50"] < 0.1
    fit(task, CONFIG.fit, tmp_path)
    assert task.evaluate(load_best(task, tmp_path))["AP50"] > 0.5


def test_a_batch_is_the_same_every_time(task: DetectorTask) -> None:
    first, again = task.batch(3, PHASE), task.batch(3, PHASE)
    assert torch.equal(first.pictures, again.pictures)
    assert torch.equal(first.truth.boxes, again.truth.boxes)


def test_batches_differ_from_step_to_step(task: DetectorTask) -> None:
    assert not torch.equal(task.batch(0, PHASE).pictures, task.batch(1, PHASE).pictures)


def test_a_batch_has_the_size_of_its_phase(task: DetectorTask) -> None:
    pictures = task.batch(0, PHASE).pictures
    assert pictures.shape == (CONFIG.batch_size, 3, 32, 64)
    assert 0 <= float(pictures.min()) < float(pictures.max()) <= 1


def test_a_round_shows_every_sample_once(task: DetectorTask) -> None:
    count = len(task.training)
    assert sorted(task._shuffled(place) for place in range(count)) == list(range(count))


def test_pictures_with_fewer_objects_are_filled_up() -> None:
    batch = as_batch(
        [sample([(0, 0, 9, 9), (20, 20, 50, 50)], [0, 1], ignored=(1,)), sample([], [])]
    )
    assert batch.truth.boxes.shape == (2, 2, 4)
    assert batch.truth.is_object.tolist() == [[True, False], [False, False]]
    assert batch.truth.is_ignored.tolist() == [[False, True], [False, False]]


def test_boxing_in_keeps_the_shape_of_objects() -> None:
    boxed = boxed_in(sample([(0, 0, 32, 32)], [0], width=64, height=64), WIDTH, HEIGHT)
    assert boxed.image.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(boxed.boxes, [[16, 0, 48, 32]])
    assert boxed.image[:, :16].max() == 0
    assert boxed.image[:, 16:80].min() == 90
