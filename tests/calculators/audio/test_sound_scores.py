from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.sound_scores import (
    SoundClassMessage,
    SoundScoresCalculator,
    SoundScoresOptions,
)
from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.tensor import Tensor
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import header

LABELS = ("dog", "rain", "speech")


def scores(*rows: list[float] | None, **options: Any) -> CalculatorRun:
    """Runs on one window a row; None is a window the model was not asked about."""
    tensors = [
        Packet([Tensor(np.array([row], np.float32))], 50_000 * place)
        for place, row in enumerate(rows)
        if row is not None
    ]
    return run_calculator(
        SoundScoresCalculator,
        SoundScoresOptions(**{"label": LABELS, **options}),
        inputs={
            "windows": [Packet("window", 50_000 * place) for place in range(len(rows))],
            "SCORES": tensors,
        },
        headers={"windows": header(16_000, 1, packet_rate=20.0)},
    )


def values(run: CalculatorRun) -> list[list[float]]:
    return [[round(float(v), 4) for v in one.values] for one in run.payloads("SCORES")]


def test_scores_come_with_the_step_they_stand_for() -> None:
    run = scores([0.1, 0.2, 0.3], [0.4, 0.5, 0.6], shift_us=450_000)
    assert run.timestamps("SCORES") == [450_000, 500_000]
    assert values(run) == [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]


def test_silence_has_scores_of_0() -> None:
    run = scores([0.1, 0.2, 0.3], None, [0.4, 0.5, 0.6])
    assert values(run)[1] == [0, 0, 0]
    assert [one.is_silence for one in run.payloads("SCORES")] == [False, True, False]


@pytest.mark.parametrize(
    ("options", "labels", "kept"),
    [
        ({"ignore_label": ("rain",)}, ("dog", "speech"), [0.1, 0.3]),
        ({"allow_label": ("speech", "rain")}, ("rain", "speech"), [0.2, 0.3]),
    ],
)
def test_labels_can_be_left_out(
    options: dict[str, Any], labels: tuple[str, ...], kept: list[float]
) -> None:
    run = scores([0.1, 0.2, 0.3], **options)
    assert run.payloads("SCORES")[0].classes.labels == labels
    assert values(run) == [kept]


def test_thresholds_and_reaches_are_those_of_the_class() -> None:
    found: SoundClasses = (
        scores(
            [0.1, 0.2, 0.3],
            threshold=0.6,
            release_ratio=0.5,
            reach_us=100_000,
            sound_class=(
                SoundClassMessage(label="rain", threshold=0.8),
                SoundClassMessage(label="speech", reach_us=0),
            ),
        )
        .payloads("SCORES")[0]
        .classes
    )
    np.testing.assert_allclose(found.thresholds, [0.6, 0.8, 0.6])
    np.testing.assert_allclose(found.releases, [0.3, 0.4, 0.3])
    assert found.reaches_us.tolist() == [100_000, 100_000, 0]


def test_the_header_says_how_many_scores_come_a_second() -> None:
    found = scores([0.1, 0.2, 0.3], ignore_label=("dog",)).headers["SCORES"].payload
    assert (found.packet_rate, found.num_channels) == (20, 2)


def test_scores_that_are_no_numbers_become_0_and_are_counted() -> None:
    run = scores([0.1, float("nan"), float("inf")])
    assert values(run) == [[0.1, 0, 0]]
    assert run.counters == {"non_finite_scores": 2}


def test_another_number_of_scores_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="the model gives 2 scores, but there are 3 labels"):
        scores([0.1, 0.2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": ()}, "needs label: the names of the model's classes"),
        ({"ignore_label": ("cat",)}, "ignore_label: there is no label 'cat'; there are: dog"),
        ({"sound_class": (SoundClassMessage(label="cat"),)}, "sound_class: there is no label"),
        ({"allow_label": ("dog",), "ignore_label": ("rain",)}, "exclude each other"),
        ({"ignore_label": LABELS}, "ignore_label leaves no kind of sound"),
        ({"threshold": 0.0}, "threshold has to be above 0 and at most 1, but is 0"),
        (
            {"sound_class": (SoundClassMessage(label="dog", threshold=1.5),)},
            "threshold of 'dog' has to be above 0 and at most 1, but is 1.5",
        ),
        ({"release_ratio": 0.0}, "release_ratio has to be above 0"),
        ({"reach_us": -1}, "reach_us has to be at least 0, but is -1"),
    ],
)
def test_options_that_can_not_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowlaceError, match=message):
        scores(**options)


def test_scores_of_a_payload_fit_its_labels() -> None:
    classes = scores([0.1, 0.2, 0.3]).payloads("SCORES")[0].classes
    with pytest.raises(ValueError, match=r"sound scores have to be float32 \[3\]"):
        SoundScores(classes=classes, values=np.zeros(2, np.float32))
