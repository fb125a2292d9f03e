from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.sound_events import (
    BELOW_THRESHOLD,
    TOO_SHORT,
    SoundEventsCalculator,
    SoundEventsOptions,
)
from flowlace.formats.rejected_sound import RejectedSound
from flowlace.formats.sound_event import SoundEvent
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sound_steps import HEADER, STEP_US, classes, curve, levels, steps

LENGTH = 100
QUIET = curve(LENGTH, {})
PLAIN = SoundEventsOptions(merge_gap_us=0, min_duration_us=0)


def detected(
    packets: Any, options: SoundEventsOptions = PLAIN, loudness: Any = None
) -> CalculatorRun:
    inputs = {"SCORES": packets}
    if loudness is not None:
        inputs["LEVELS"] = levels(loudness)
    return run_calculator(SoundEventsCalculator, options, inputs=inputs, headers={"SCORES": HEADER})


def events(run: CalculatorRun) -> list[tuple[str, int, int, float]]:
    """Returns label, first step, step after the last, and score of each event."""
    return [
        (one.label, one.onset_us // STEP_US, one.offset_us // STEP_US, round(one.score, 3))
        for found in run.payloads("EVENTS")
        for one in found
    ]


def rejected(run: CalculatorRun) -> list[RejectedSound]:
    return [one for found in run.payloads("REJECTED") for one in found]


def test_an_event_lasts_while_its_score_is_above_the_release() -> None:
    dog = curve(LENGTH, {(10, 12): 0.3, (12, 20): 0.9, (20, 25): 0.25, (25, 30): 0.1})
    run = detected(steps(classes(release=0.2), dog, QUIET))
    assert events(run) == [("dog", 10, 25, 0.9)]
    assert run.payloads("EVENTS") == [
        [SoundEvent(onset_us=500_000, offset_us=1_250_000, label="dog",
                    score=pytest.approx(0.9))]
    ]  # fmt: skip


def test_an_event_comes_when_it_has_ended() -> None:
    run = detected(steps(classes(), curve(LENGTH, {(10, 20): 0.9}), QUIET))
    assert run.timestamps("EVENTS") == [20 * STEP_US]


def test_what_never_reaches_the_threshold_is_rejected() -> None:
    run = detected(steps(classes(), curve(LENGTH, {(10, 20): 0.45}), QUIET))
    assert events(run) == []
    assert rejected(run) == [
        RejectedSound(onset_us=500_000, offset_us=1_000_000, label="dog",
                      score=pytest.approx(0.45), reason=BELOW_THRESHOLD)
    ]  # fmt: skip


def test_thresholds_are_those_of_the_class() -> None:
    both = curve(LENGTH, {(10, 20): 0.7})
    assert [one[0] for one in events(detected(steps(classes(thresholds=(0.6, 0.8)), both, both)))
            ] == ["dog"]  # fmt: skip


def test_several_events_go_on_at_once() -> None:
    dog, rain = curve(LENGTH, {(10, 40): 0.9}), curve(LENGTH, {(20, 60): 0.8})
    assert events(detected(steps(classes(), dog, rain))) == [
        ("dog", 10, 40, 0.9), ("rain", 20, 60, 0.8),
    ]  # fmt: skip


def test_the_reach_of_the_window_is_taken_off_both_ends() -> None:
    of = classes(reach_us=(200_000, 0))
    sound = curve(LENGTH, {(10, 40): 0.9})
    assert events(detected(steps(of, sound, sound))) == [
        ("rain", 10, 40, 0.9), ("dog", 14, 36, 0.9),
    ]  # fmt: skip


def test_one_step_is_left_of_a_run_shorter_than_the_reach() -> None:
    of = classes(reach_us=(200_000, 0))
    assert events(detected(steps(of, curve(LENGTH, {(10, 15): 0.9}), QUIET))) == [
        ("dog", 12, 13, 0.9)
    ]


def test_nothing_is_taken_off_where_the_sound_is_cut() -> None:
    of = classes(reach_us=(200_000, 0))
    assert events(detected(steps(of, curve(LENGTH, {(0, 30): 0.9, (80, 100): 0.9}), QUIET))) == [
        ("dog", 0, 26, 0.9), ("dog", 84, 100, 0.9),
    ]  # fmt: skip


def test_close_events_of_a_class_are_one() -> None:
    dog = curve(LENGTH, {(10, 20): 0.7, (26, 30): 0.9, (37, 40): 0.6})
    options = SoundEventsOptions(merge_gap_us=300_000, min_duration_us=0)
    run = detected(steps(classes(), dog, dog), options)
    assert [one[:3] for one in events(run) if one[0] == "dog"] == [("dog", 10, 30), ("dog", 37, 40)]
    assert events(run)[0][3] == 0.9


def test_an_event_waits_no_longer_than_the_gap_that_could_be_merged() -> None:
    options = SoundEventsOptions(merge_gap_us=300_000, min_duration_us=0)
    run = detected(steps(classes(), curve(LENGTH, {(10, 20): 0.7}), QUIET), options)
    assert run.timestamps("EVENTS") == [26 * STEP_US]


def test_a_weak_sound_does_not_hold_an_event_for_ever() -> None:
    options = SoundEventsOptions(merge_gap_us=300_000, min_duration_us=0)
    dog = curve(LENGTH, {(10, 20): 0.9, (23, 40): 0.3})
    run = detected(steps(classes(), dog, QUIET), options)
    assert events(run) == [("dog", 10, 20, 0.9)]
    assert len(rejected(run)) == 1


def test_short_events_are_rejected() -> None:
    options = SoundEventsOptions(merge_gap_us=0, min_duration_us=200_000)
    run = detected(steps(classes(), curve(LENGTH, {(10, 13): 0.9, (50, 54): 0.9}), QUIET), options)
    assert events(run) == [("dog", 50, 54, 0.9)]
    assert [one.reason for one in rejected(run)] == [TOO_SHORT]


def test_events_that_last_to_the_end_are_sent() -> None:
    run = detected(steps(classes(), curve(LENGTH, {(90, 100): 0.9}), QUIET))
    assert events(run) == [("dog", 90, 100, 0.9)]
    assert run.timestamps("EVENTS") == [100 * STEP_US]


def test_events_end_at_a_gap() -> None:
    sound = curve(20, {(10, 20): 0.9}), curve(20, {})
    later = steps(classes(), curve(20, {(0, 5): 0.9}), curve(20, {}), start_us=60_000_000)
    options = SoundEventsOptions(merge_gap_us=100_000_000, min_duration_us=0)
    run = detected([*steps(classes(), *sound), *later], options)
    assert [one[1:3] for one in events(run)] == [(10, 20), (1200, 1205)]


def loudness(rises: int, falls: int) -> Any:
    return np.where((np.arange(LENGTH) >= rises) & (np.arange(LENGTH) < falls), -20.0, -60.0)


@pytest.mark.parametrize(("rises", "falls"), [(10, 40), (6, 44), (14, 36), (3, 47)])
def test_ends_are_moved_to_steps_in_loudness(rises: int, falls: int) -> None:
    dog = curve(LENGTH, {(10, 40): 0.9})
    run = detected(steps(classes(), dog, QUIET), PLAIN, loudness(rises, falls))
    assert [one[1:3] for one in events(run)] == [(rises, falls)]


@pytest.mark.parametrize(("rises", "falls"), [(0, 60), (30, 31)])
def test_ends_stay_where_no_step_is_near(rises: int, falls: int) -> None:
    dog = curve(LENGTH, {(10, 45): 0.9})
    found = detected(steps(classes(), dog, QUIET), PLAIN, loudness(rises, falls))
    assert events(found)[0][1] == 10


def test_ends_stay_where_loudness_does_not_change_enough() -> None:
    dog = curve(LENGTH, {(10, 40): 0.9})
    found = detected(steps(classes(), dog, QUIET), PLAIN, loudness(6, 44) / 20)
    assert [one[1:3] for one in events(found)] == [(10, 40)]


def test_ends_stay_if_that_is_asked_for() -> None:
    options = SoundEventsOptions(merge_gap_us=0, min_duration_us=0, edge_search_us=0)
    dog = curve(LENGTH, {(10, 40): 0.9})
    found = detected(steps(classes(), dog, QUIET), options, loudness(6, 44))
    assert [one[1:3] for one in events(found)] == [(10, 40)]


def test_digital_silence_is_a_level_too() -> None:
    dog = curve(LENGTH, {(10, 40): 0.9})
    quiet = np.where(loudness(7, 42) > -50, -20.0, -np.inf)
    found = detected(steps(classes(), dog, QUIET), PLAIN, quiet)
    assert [one[1:3] for one in events(found)] == [(7, 42)]


def test_the_onset_of_a_long_event_is_moved_as_well() -> None:
    length = 5000
    dog = curve(length, {(10, 4900): 0.9})
    rise = np.where(np.arange(length) >= 6, -20.0, -60.0)
    found = detected(steps(classes(), dog, curve(length, {})), PLAIN, rise)
    assert events(found)[0][1] == 6


@pytest.mark.parametrize("name", ["merge_gap_us", "min_duration_us", "edge_search_us"])
def test_negative_times_are_refused(name: str) -> None:
    with pytest.raises(FlowlaceError, match=f"{name} has to be at least 0, but is -1"):
        detected([], SoundEventsOptions(**{name: -1}))


def test_a_rate_is_required() -> None:
    with pytest.raises(FlowlaceError, match="needs packet_rate in the header of its scores"):
        run_calculator(SoundEventsCalculator, inputs={"SCORES": steps(classes(), [0.0], [0.0])})
