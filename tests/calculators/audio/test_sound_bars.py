from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.sound_bars import SoundBarsCalculator
from flowlace.formats.sound_event import SoundBar
from flowlace.framework.graph import CalculatorGraph
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sound_steps import HEADER, STEP_US, classes, curve, levels, steps

LENGTH = 60
QUIET = curve(LENGTH, {})


def barred(packets: Any, loudness: Any = None) -> CalculatorRun:
    return run_calculator(
        SoundBarsCalculator,
        inputs={
            "SCORES": packets,
            "LEVELS": levels(np.full(LENGTH, -30.0) if loudness is None else loudness),
        },
        headers={"SCORES": HEADER},
    )


def spans(run: CalculatorRun) -> list[tuple[str, int, int]]:
    """Returns label, first bar and bar after the last of each stretch of a colour."""
    labels = [one.label for one in run.payloads("BARS")]
    edges = [0, *(n for n in range(1, len(labels)) if labels[n] != labels[n - 1]), len(labels)]
    found = [(labels[a], a, b) for a, b in pairwise(edges)]
    return [one for one in found if one[0]]


def test_every_step_has_a_bar_at_its_time() -> None:
    run = barred(steps(classes(), curve(LENGTH, {(10, 20): 0.9}), QUIET))
    assert run.timestamps("BARS") == [STEP_US * place for place in range(LENGTH)]
    assert run.payloads("BARS")[9:11] == [
        SoundBar(timestamp_us=450_000, label="", score=0.0, dbfs=-30.0),
        SoundBar(timestamp_us=500_000, label="dog", score=pytest.approx(0.9), dbfs=-30.0),
    ]


def test_a_bar_has_the_loudness_of_its_step() -> None:
    loudness = np.linspace(-60, -10, LENGTH)
    run = barred(steps(classes(), QUIET, QUIET), loudness)
    assert [one.dbfs for one in run.payloads("BARS")] == pytest.approx(loudness.tolist())


def test_the_sound_with_the_highest_score_dominates() -> None:
    dog, rain = curve(LENGTH, {(10, 30): 0.9}), curve(LENGTH, {(20, 50): 0.95})
    assert spans(barred(steps(classes(), dog, rain))) == [("dog", 10, 20), ("rain", 20, 50)]


def test_a_sound_that_was_heard_goes_on_down_to_its_release() -> None:
    dog = curve(LENGTH, {(10, 20): 0.9, (20, 30): 0.25, (30, 40): 0.1})
    assert spans(barred(steps(classes(release=0.2), dog, QUIET))) == [("dog", 10, 30)]


def test_a_sound_that_is_not_certain_has_no_bar() -> None:
    assert spans(barred(steps(classes(), curve(LENGTH, {(10, 30): 0.45}), QUIET))) == []


def test_the_reach_of_the_window_is_taken_off_both_ends() -> None:
    of = classes(reach_us=(200_000, 0))
    assert spans(barred(steps(of, curve(LENGTH, {(10, 30): 0.9}), QUIET))) == [("dog", 14, 26)]


def test_one_bar_is_left_of_a_run_shorter_than_the_reach() -> None:
    of = classes(reach_us=(200_000, 0))
    assert spans(barred(steps(of, curve(LENGTH, {(10, 15): 0.9}), QUIET))) == [("dog", 12, 13)]


def test_bars_go_to_the_ends_of_the_sound() -> None:
    of = classes(reach_us=(200_000, 200_000))
    assert spans(barred(steps(of, curve(LENGTH, {(0, LENGTH): 0.9}), QUIET))) == [
        ("dog", 0, LENGTH)
    ]


@pytest.mark.parametrize("reach_steps", [0, 4])
def test_a_bar_waits_for_the_reach_and_one_step_more(reach_steps: int) -> None:
    graph = CalculatorGraph("""
        input_stream: "scores" input_stream: "levels" output_stream: "bars"
        node { calculator: "SoundBarsCalculator" input_stream: "SCORES:scores"
               input_stream: "LEVELS:levels" output_stream: "BARS:bars" }
    """)
    came: list[int] = []
    graph.observe_output_stream("bars", lambda packet: came.append(packet.timestamp))
    graph.start_run(headers={"scores": HEADER})
    of = classes(reach_us=(reach_steps * STEP_US, 0))
    for scores, level in zip(steps(of, QUIET, QUIET), levels(QUIET), strict=True):
        graph.add_packet_to_input_stream("scores", scores)
        graph.add_packet_to_input_stream("levels", level)
    graph.wait_until_idle()
    assert came[-1] == STEP_US * (LENGTH - 1 - reach_steps - 1)
    graph.close_all_input_streams()
    graph.wait_until_done()
    assert came[-1] == STEP_US * (LENGTH - 1)


def test_bars_start_anew_after_a_gap() -> None:
    of = classes(reach_us=(200_000, 0))
    first = steps(of, curve(LENGTH, {(50, LENGTH): 0.9}), QUIET)
    later = steps(of, curve(20, {(0, 10): 0.9}), curve(20, {}), start_us=9_000_000)
    run = run_calculator(
        SoundBarsCalculator,
        inputs={
            "SCORES": [*first, *later],
            "LEVELS": [*levels(np.zeros(LENGTH)), *levels(np.zeros(20), 9_000_000)],
        },
        headers={"SCORES": HEADER},
    )
    assert spans(run) == [("dog", 54, 66)]
    assert run.timestamps("BARS")[LENGTH] == 9_000_000
