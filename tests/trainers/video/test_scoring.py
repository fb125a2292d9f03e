import math

import pytest
import torch
from flowlace_trainers.video.scoring import commonest, scores_of

TRUTH = torch.tensor([0, 0, 0, 1])


def test_scores_of_certain_answers() -> None:
    logits = torch.tensor([[9.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 9, 0]])
    scores = scores_of(logits, TRUTH, 3)
    assert scores.accuracy == 0.75
    assert scores.balanced == pytest.approx((2 / 3 + 1) / 2)


def test_not_knowing_costs_the_logarithm_of_the_number_of_classes() -> None:
    assert scores_of(torch.zeros(4, 3), TRUTH, 3).log_loss == pytest.approx(math.log(3))


def test_the_baseline_says_the_commonest_class_of_the_training() -> None:
    scores = commonest(torch.tensor([1, 1, 1, 0]), TRUTH, 2)
    assert scores.accuracy == 0.25
    assert scores.balanced == 0.5
    assert scores.log_loss == pytest.approx(-(3 * math.log(0.25) + math.log(0.75)) / 4, abs=1e-2)
