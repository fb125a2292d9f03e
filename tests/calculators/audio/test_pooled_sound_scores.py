from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.audio.pooled_sound_scores import PooledSoundScoresCalculator
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sound_steps import classes, steps


def pooled(packets: list[Packet[SoundScores]]) -> CalculatorRun:
    return run_calculator(PooledSoundScoresCalculator, SCORES=packets)


def test_scores_are_pooled_to_their_root_mean_square() -> None:
    run = pooled(steps(classes(), [0.0, 0.6, 0.0, 0.8], [0.1, 0.1, 0.1, 0.1]))
    (only,) = run.payloads("CLASSES")
    found = [(one.label, one.score) for one in only.classification]
    assert found == [("dog", pytest.approx(0.5)), ("rain", pytest.approx(0.1))]
    assert run.timestamps("CLASSES") == [150_000]


def test_silent_windows_do_not_count() -> None:
    packets = steps(classes(), [0.8, 0.0, 0.0], [0.0, 0.0, 0.0])
    silent = [p.with_payload(replace(p.payload, is_silence=True)) for p in packets[1:]]
    (only,) = pooled([packets[0], *silent]).payloads("CLASSES")
    assert only.classification[0].score == pytest.approx(0.8)


def test_a_recording_of_silence_scores_0() -> None:
    packets = steps(classes(), [0.0, 0.0], [0.0, 0.0])
    silent = [p.with_payload(replace(p.payload, is_silence=True)) for p in packets]
    (only,) = pooled(silent).payloads("CLASSES")
    assert [one.score for one in only.classification] == [0, 0]


def test_nothing_comes_of_nothing() -> None:
    assert pooled([]).payloads("CLASSES") == []


def test_the_order_of_windows_does_not_matter() -> None:
    scores = np.random.default_rng(3).uniform(size=(2, 200))
    (forward,) = pooled(steps(classes(), *scores)).payloads("CLASSES")
    (backward,) = pooled(steps(classes(), *scores[:, ::-1])).payloads("CLASSES")
    assert [c.score for c in forward.classification] == pytest.approx(
        [c.score for c in backward.classification]
    )
