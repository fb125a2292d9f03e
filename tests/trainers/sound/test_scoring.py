import numpy as np
import pytest
from flowlace_trainers.sound.clips import Clip
from flowlace_trainers.sound.scoring import accuracy_by_class, clip_measures, clip_scores

NOTHING = np.zeros(1, np.float32)
LABELS = ("a", "b", "c")


def clip(label: str) -> Clip:
    return Clip("x.wav", label, "1", "CC0", NOTHING, NOTHING > 0)


CLIPS = [clip("a"), clip("a"), clip("b"), clip("c")]
SCORES = [
    np.array(row, np.float32)
    for row in ((0.9, 0.1, 0.0), (0.2, 0.6, 0.0), (0.1, 0.5, 0.2), (0.0, 0.3, 0.8))
]


def test_a_clip_has_the_mean_probability_of_its_windows() -> None:
    logits = np.array([[0.0, 50.0], [-50.0, 50.0]], np.float32)
    assert clip_scores(logits).tolist() == pytest.approx([0.25, 1.0])


def test_accuracy_counts_named_classes_and_balanced_counts_classes_alike() -> None:
    measures = clip_measures(SCORES, CLIPS, LABELS, ("a", "b"))
    assert measures["accuracy"] == pytest.approx(2 / 3)
    assert measures["balanced"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert measures["margin"] == pytest.approx((0.8 - 0.4 + 0.3 + 0.5) / 4)


def test_classes_without_clips_have_no_accuracy() -> None:
    assert accuracy_by_class(SCORES[:2], CLIPS[:2], LABELS) == {"a": 0.5}
