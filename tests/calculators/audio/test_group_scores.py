from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.group_scores import (
    Group,
    GroupScoresCalculator,
    GroupScoresOptions,
)
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator


def grouped(scores: Tensor, *members: tuple[int, ...]) -> Any:
    groups = tuple(Group(member=one) for one in members)
    run = run_calculator(
        GroupScoresCalculator, GroupScoresOptions(group=groups), SCORES=[Packet([scores], 3)]
    )
    ((tensor,),) = run.payloads("GROUP_SCORES")
    assert run.timestamps("GROUP_SCORES") == [3]
    return tensor.array


SCORES = Tensor(np.array([[0.1, 0.9, 0.3, 0.4]], np.float32))


def test_a_group_has_the_score_of_its_best_member() -> None:
    made = grouped(SCORES, (0, 2), (3,), (2, 1, 0))
    np.testing.assert_allclose(made, [[0.3, 0.4, 0.9]])


def test_quantised_scores_are_understood() -> None:
    quantised = Tensor(np.array([10, 200], np.uint8), quantization=Quantization(1 / 256, 0))
    np.testing.assert_allclose(grouped(quantised, (0, 1)), [[200 / 256]])


def test_a_class_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="class 4 is in a group, but the model has 4 classes"):
        grouped(SCORES, (4,))


@pytest.mark.parametrize("members", [(), ((),)])
def test_groups_without_members_are_refused(members: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(FlowlaceError, match="needs one group or more, each with one member"):
        grouped(SCORES, *members)


def test_numbers_below_0_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="members are numbers of classes, from 0 on"):
        grouped(SCORES, (-1,))
