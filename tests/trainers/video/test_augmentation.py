import numpy as np
import pytest
from flowlace_trainers.video.augmentation import (
    OPERATIONS,
    ClipAugmentOptions,
    Operation,
    augmented,
)

SMOOTH = np.broadcast_to(
    np.linspace(60, 180, 32)[None, :, None, None] + np.linspace(-30, 30, 32)[None, None, :, None]
    + np.array([-20, 0, 20]), (4, 32, 32, 3),
).astype(np.uint8)  # fmt: skip
PLAIN = ClipAugmentOptions(operations=0, noise=0.0, hidden=0.0)
NAMES = [one.__name__.strip("_") for one in OPERATIONS]


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_an_operation_without_amount_leaves_a_clip_nearly_as_it_is(operation: Operation) -> None:
    np.testing.assert_allclose(operation(SMOOTH, 0.0).astype(int), SMOOTH, atol=1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_an_operation_changes_all_frames_alike(operation: Operation, amount: float) -> None:
    changed = operation(SMOOTH, amount)
    assert (changed.shape, changed.dtype) == (SMOOTH.shape, np.uint8)
    assert (changed != SMOOTH).any()
    np.testing.assert_array_equal(changed, np.broadcast_to(changed[:1], changed.shape))


def test_only_labels_with_a_mirror_are_mirrored() -> None:
    options = ClipAugmentOptions(mirrored={"left": "right", "right": "left"})
    made = [augmented(SMOOTH, "left", 0.0, options, np.random.default_rng(one)) for one in range(9)]
    assert {label for _, label in made} == {"left", "right"}
    is_right = [np.array_equal(f, SMOOTH[:, :, :: -1 if lab == "right" else 1]) for f, lab in made]
    assert is_right == [True] * 9
    up = [augmented(SMOOTH, "up", 0.0, options, np.random.default_rng(one)) for one in range(9)]
    assert [np.array_equal(frames, SMOOTH) for frames, _ in up] == [True] * 9


def test_the_same_state_gives_the_same_clip() -> None:
    options = ClipAugmentOptions()
    first, second = (
        augmented(SMOOTH, "up", 1.0, options, np.random.default_rng(4))[0] for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, SMOOTH)


def test_the_same_place_is_hidden_in_all_frames() -> None:
    options = ClipAugmentOptions(operations=0, noise=0.0, hidden=1.0)
    frames, _ = augmented(SMOOTH, "up", 1.0, options, np.random.default_rng(1))
    is_hidden = (frames == 128).all(-1) & (SMOOTH != 128).any(-1)
    assert 0 < is_hidden.mean() <= 1 / 9
    np.testing.assert_array_equal(is_hidden, np.broadcast_to(is_hidden[:1], is_hidden.shape))


def test_nothing_is_changed_where_nothing_may() -> None:
    frames, _ = augmented(SMOOTH, "up", 1.0, PLAIN, np.random.default_rng(1))
    np.testing.assert_array_equal(frames, SMOOTH)
