"""The confidence of a looked-at box follows its evidence."""

import numpy as np

from flowlace.tracking.appearance_confidence import (
    EVIDENCE_NAMES,
    WEIGHTS,
    appearance_confidence,
)

GOOD = np.array([[0.7, 1.0, 0.0, 0.1, 3.0]])
BAD = np.array([[0.1, 0.2, 1.0, 3.0, 0.0]])


def test_there_is_a_weight_for_each_evidence_and_a_constant() -> None:
    assert len(WEIGHTS) == len(EVIDENCE_NAMES) + 1


def test_a_strong_usual_look_is_likely_right_and_a_long_missing_one_is_not() -> None:
    assert appearance_confidence(GOOD)[0] > 0.75
    assert appearance_confidence(BAD)[0] < 0.4


def test_a_weaker_look_is_never_more_confident() -> None:
    peaks = np.repeat(GOOD, 20, axis=0)
    peaks[:, 0] = np.linspace(0, 1, 20)
    assert (np.diff(appearance_confidence(peaks)) > 0).all()
