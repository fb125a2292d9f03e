from collections.abc import Callable

import numpy as np
import pytest
from flowlace_trainers.detector.augmentation import (
    AugmentOptions,
    augmented,
    letterbox,
    moved,
    warped,
)
from flowlace_trainers.detector.samples import Sample

from tests.trainers.detector.toys import shapes

MIRROR = np.array([[-1.0, 0.0, 96.0], [0.0, 1.0, 0.0]])
Augment = Callable[..., Sample]


@pytest.fixture
def augment() -> Augment:
    samples = [shapes(np.random.default_rng(seed)) for seed in range(4)]

    def made(seed: int, strength: float = 1.0, **options: float) -> Sample:
        rng = np.random.default_rng(seed)
        return augmented(samples, 128, 96, strength, AugmentOptions(**options), rng)

    return made


def test_a_mirror_swaps_left_and_right() -> None:
    drawn = shapes(np.random.default_rng(1))
    flipped = moved(drawn, MIRROR, 96, 64, 0.3)
    np.testing.assert_array_equal(flipped.image, drawn.image[:, ::-1])
    np.testing.assert_allclose(flipped.boxes[:, 0], 96 - drawn.boxes[:, 2])
    np.testing.assert_allclose(flipped.boxes[:, [1, 3]], drawn.boxes[:, [1, 3]])


def test_doubling_puts_pixel_edges_on_pixel_edges() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, 2:] = 200
    wide = warped(image, np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), 8, 8)
    # The edge at 2 is now at 4: the step lies between columns 3 and 4.
    np.testing.assert_allclose(wide[4, :, 0], [0, 0, 0, 50, 150, 200, 200, 150], atol=1)


def test_what_leaves_the_picture_is_dropped_and_what_nearly_leaves_is_ignored() -> None:
    drawn = shapes(np.random.default_rng(1))
    sample = Sample(
        image=drawn.image,
        boxes=np.array([(0, 0, 10, 10), (40, 0, 50, 10), (80, 0, 90, 10)], np.float32),
        classes=np.array([0, 0, 1]),
        is_ignored=np.zeros(3, bool),
        scores=np.ones(3, np.float32),
    )
    shifted = moved(sample, np.array([[1.0, 0, -48.0], [0, 1.0, 0]]), 96, 64, 0.3)
    np.testing.assert_allclose(shifted.boxes, [(0, 0, 2, 10), (32, 0, 42, 10)])
    assert shifted.is_ignored.tolist() == [True, False]
    assert shifted.classes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 360), (0.6, 0.0, 4.0)), ((480, 480), (224 / 480, 80.0, 0.0))],
)
def test_a_letterbox_fits_the_whole_picture_in_the_middle(
    size: tuple[int, int], expected: tuple[float, float, float]
) -> None:
    matrix = letterbox(*size, 384, 224)
    assert (matrix[0, 0], matrix[0, 2], matrix[1, 2]) == pytest.approx(expected)


def test_the_same_random_state_gives_the_same_sample(augment: Augment) -> None:
    np.testing.assert_array_equal(augment(5).image, augment(5).image)
    assert not np.array_equal(augment(5).image, augment(6).image)


def test_without_strength_only_mirrors_happen(augment: Augment) -> None:
    straight = augment(1, strength=0.0, flip=0.0)
    mirrored = augment(1, strength=0.0, flip=1.0)
    np.testing.assert_allclose(
        mirrored.image.astype(int), straight.image[:, ::-1].astype(int), atol=1
    )
    np.testing.assert_allclose(mirrored.boxes[:, 0], 128 - straight.boxes[:, 2], atol=1e-4)


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_boxes_stay_where_their_objects_are(augment: Augment, seed: int, mosaic: float) -> None:
    made = augment(seed, mosaic=mosaic, brightness=0.0, colour=0.0, gray=0.0, noise=0.0, blur=0.0)
    whole = made.boxes[(made.classes == 0) & ~made.is_ignored]
    inner = [(box[:2] + box[2:]) / 2 for box in whole]
    colors = np.array([made.image[int(y), int(x)] for x, y in inner]).reshape(-1, 3)
    # Squares are the only yellow thing; a bar may lie over one in four of them.
    is_yellow = (colors[:, 0] > 180) & (colors[:, 2] < 140)
    assert is_yellow.sum() >= 0.5 * len(whole)
    assert (made.boxes >= 0).all()
    assert (made.boxes <= (128, 96, 128, 96)).all()
