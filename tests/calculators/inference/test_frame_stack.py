"""FrameStackCalculator: even steps of a camera at any rate, and what gaps do to them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlace.calculators.inference.frame_stack import FrameStackCalculator, FrameStackOptions
from flowlace.formats.tensor import Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator

PERIOD_US = 66_667


def frame(value: float) -> list[Tensor]:
    return [Tensor(np.full((1, 2, 3, 3), value, np.float32))]


def stacked(times_us: Sequence[int], **options: Any) -> CalculatorRun:
    """Runs on frames that are numbered from 0."""
    given = [at(time, frame(number)) for number, time in enumerate(times_us)]
    made = FrameStackOptions(**options)
    return run_calculator(FrameStackCalculator, made, inputs={"TENSORS": given})


def steps(run: CalculatorRun) -> list[list[float]]:
    """Returns the numbers of the frames of each step."""
    return [tensors[0].array[0, 0, 0, ::3].tolist() for tensors in run.payloads("TENSORS")]


def test_frames_lie_one_after_the_other_on_the_channel_axis() -> None:
    pixels = np.random.default_rng(0).random((2, 1, 2, 3, 3), np.float32)
    given = [at(PERIOD_US * n, [Tensor(one)]) for n, one in enumerate(pixels)]
    run = run_calculator(FrameStackCalculator, FrameStackOptions(), inputs={"TENSORS": given})
    ((made,),) = run.payloads("TENSORS")
    assert (made.shape, made.dtype) == ((1, 2, 3, 6), np.float32)
    np.testing.assert_array_equal(made.array, np.concatenate(pixels, -1))


def test_a_camera_of_the_right_rate_gives_every_frame_once_and_at_once() -> None:
    times = [round(n * 1e6 / 15) for n in range(6)]
    run = stacked(times)
    assert steps(run) == [[0, 1], [2, 3], [4, 5]]
    assert run.timestamps("TENSORS") == times[1::2]


@pytest.mark.parametrize("rate", [14.5, 15.5])
def test_a_clock_that_runs_a_little_off_loses_and_repeats_nothing(rate: float) -> None:
    run = stacked([round(n * 1e6 / rate) for n in range(3000)])
    assert steps(run) == [[n, n + 1] for n in range(0, 3000, 2)]


def test_a_camera_of_twice_the_rate_gives_every_second_frame() -> None:
    run = stacked([round(n * 1e6 / 30) for n in range(12)])
    assert steps(run) == [[0, 2], [4, 6], [8, 10]]


def test_a_camera_of_a_third_of_the_rate_gives_each_frame_three_times() -> None:
    run = stacked([200_001 * n for n in range(4)])
    assert steps(run)[1:-1] == [[1, 1], [1, 2], [2, 2]]
    assert np.diff(run.timestamps("TENSORS")).tolist() == [2 * PERIOD_US] * 4


@pytest.mark.parametrize("rate", [20, 25, 40, 50, 60, 120])
def test_other_rates_give_15_a_second_that_are_nearest_to_even_ticks(rate: int) -> None:
    run = stacked([round(n * 1e6 / rate) for n in range(40 * rate)])
    chosen = [number for step in steps(run) for number in step]
    wanted = np.arange(len(chosen)) * PERIOD_US
    half_us = 500_000 / rate
    assert np.abs(np.array(chosen) * 1e6 / rate - wanted).max() <= half_us + 1
    assert len(chosen) == pytest.approx(600, abs=2)


@settings(max_examples=25)
@given(st.lists(st.integers(5_000, 900_000), min_size=30, max_size=60))
def test_steps_are_evenly_spaced_whatever_the_camera_does(gaps_us: list[int]) -> None:
    times = np.cumsum([0, *gaps_us])
    run = stacked(times.tolist())
    spacing = np.diff(run.timestamps("TENSORS"))
    assert np.abs(spacing - 2 * PERIOD_US).max(initial=0) <= 2 * (PERIOD_US // 8)
    chosen = np.ravel(steps(run)).astype(int)
    assert (np.diff(chosen) >= 0).all()


def test_a_step_that_a_gap_cuts_off_is_counted_and_the_next_begins_anew() -> None:
    times = [0, PERIOD_US, 2 * PERIOD_US, 5_000_000, 5_000_000 + PERIOD_US]
    run = stacked(times)
    assert steps(run) == [[0, 1], [3, 4]]
    assert run.counters == {"gaps": 1, "unused_frames": 1}


def test_a_gap_as_long_as_allowed_is_filled() -> None:
    run = stacked([0, 6 * PERIOD_US], max_gap_us=6 * PERIOD_US)
    assert steps(run) == [[0, 0], [0, 1], [1, 1]]
    assert run.counters == {"unused_frames": 1}


def test_what_the_end_cuts_off_is_counted() -> None:
    run = stacked([0, PERIOD_US, 2 * PERIOD_US])
    assert run.counters == {"unused_frames": 1}


def test_steps_of_one_frame_are_the_frames_themselves() -> None:
    run = stacked([0, PERIOD_US], frames=1)
    assert steps(run) == [[0], [1]]


def test_nodes_below_need_not_wait_for_the_next_frame() -> None:
    run = stacked([0, PERIOD_US, 2 * PERIOD_US])
    assert run.timestamps("TENSORS") == [PERIOD_US]
    assert run.bounds["TENSORS"] == [0, 2 * PERIOD_US]


def test_frames_of_another_size_in_one_step_are_an_error() -> None:
    other = [Tensor(np.zeros((1, 4, 3, 3), np.float32))]
    given = [at(0, frame(0)), at(PERIOD_US, other)]
    with pytest.raises(CalculatorError, match=r"have to be alike, but .* followed by .*4, 3, 3"):
        run_calculator(FrameStackCalculator, FrameStackOptions(), inputs={"TENSORS": given})


def test_anything_but_a_picture_is_an_error() -> None:
    given = [at(0, [Tensor(np.zeros((2, 3), np.float32))])]
    with pytest.raises(CalculatorError, match=r"one tensor \[1, y, x, channel\], but got Tensor"):
        run_calculator(FrameStackCalculator, FrameStackOptions(), inputs={"TENSORS": given})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 0}, "frames has to be 1 or more, not 0"),
        ({"period_us": 0}, "period_us has to be 1 or more, not 0"),
        ({"max_gap_us": 66_666}, "max_gap_us is 66666, less than period_us, 66667"),
    ],
)
def test_options_that_can_not_work_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        stacked([0], **options)
