from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from flowlace.calculators.audio.time_series_framer import (
    FramerWindow,
    TimeSeriesFramerCalculator,
    TimeSeriesFramerOptions,
)
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import content, cut, header, noise, run, sizes_within

RATE = 4000.0
SIZES = [20 * (i + 1) for i in range(10)]
"""Packets as in MediaPipe's own tests: shorter and longer than a frame, 1100 samples in all."""
SOUND = noise(1100, 3)


def framed(options: TimeSeriesFramerOptions, sizes: list[int] = SIZES) -> CalculatorRun:
    return run(TimeSeriesFramerCalculator, options, SOUND, sizes, rate=RATE, start_us=4,
               port="series")  # fmt: skip


def of(length: float, overlap: float = 0, **more: Any) -> TimeSeriesFramerOptions:
    return TimeSeriesFramerOptions(
        frame_duration_seconds=length / RATE, frame_overlap_seconds=overlap / RATE, **more
    )


def test_frames_without_overlap_are_the_sound() -> None:
    outcome = framed(of(100))
    np.testing.assert_array_equal(
        np.concatenate([m.values for m in outcome.payloads("frames")], axis=1), SOUND
    )
    assert outcome.timestamps("frames") == [4 + 25_000 * i for i in range(11)]


def test_overlapping_frames_begin_a_step_apart() -> None:
    frames = framed(of(100, 40)).payloads("frames")
    np.testing.assert_array_equal(frames[3].values, SOUND[:, 180:280])


def test_the_header_tells_length_and_rate_of_frames() -> None:
    assert framed(of(100, 40)).headers["frames"].payload == TimeSeriesHeader(
        sample_rate=RATE, num_channels=3, num_samples=100, packet_rate=RATE / 60
    )


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (of(100, -10), 10),  # exact frames with 10 samples skipped
        (of(100, -100), 6),
        (of(30, 30 - 11.4), 99),
        (of(30, 30 - 11.4, emulate_fractional_frame_overlap=True), 95),
        (of(30, 30 - 41.4, emulate_fractional_frame_overlap=True), 27),
        (of(98.5), 12),
        (of(98.5, pad_final_packet=False), 11),
    ],
)
def test_as_many_frames_come_as_from_mediapipe(
    options: TimeSeriesFramerOptions, count: int
) -> None:
    assert len(framed(options).payloads("frames")) == count


def test_varying_steps_are_right_on_average() -> None:
    outcome = framed(of(30, 30 - 11.4, emulate_fractional_frame_overlap=True))
    np.testing.assert_array_equal(outcome.payloads("frames")[50].values, SOUND[:, 570 : 570 + 30])
    assert outcome.headers["frames"].payload.packet_rate is None


def test_the_last_frame_is_filled_up_with_zeros() -> None:
    last = framed(of(150)).payloads("frames")[-1].values
    np.testing.assert_array_equal(last[:, :50], SOUND[:, 1050:])
    assert not last[:, 50:].any()


@pytest.mark.parametrize(
    ("window", "mean"),
    [(FramerWindow.NONE, 1.0), (FramerWindow.HAMMING, 0.54), (FramerWindow.HANN, 0.5)],
)
def test_windows_have_their_mean(window: FramerWindow, mean: float) -> None:
    ones = np.ones((1, 100), np.float32)
    outcome = run(TimeSeriesFramerCalculator, of(100, window_function=window), ones, rate=RATE,
                  port="series")  # fmt: skip
    assert outcome.payloads("frames")[0].values.mean() == pytest.approx(mean, abs=1e-6)


def test_local_timestamps_are_those_of_the_last_sample_in_its_packet() -> None:
    packets = [
        Packet(Matrix(noise(50, 1, i)), 4 + round(50 * i / RATE * 1e6) + 1_000_000 * i)
        for i in range(10)
    ]
    outcome = run_calculator(
        TimeSeriesFramerCalculator,
        of(100, use_local_timestamp=True),
        series=packets,
        headers={"series": header(RATE)},
    )
    ends = [99, 199, 299, 399, 499]
    assert outcome.timestamps("frames") == [
        4 + round(end / RATE * 1e6) + 1_000_000 * (end // 50) for end in ends
    ]


@settings(max_examples=60, deadline=None)
@given(sizes=sizes_within(1100))
@pytest.mark.parametrize(
    "options", [of(100, 91), of(96.3, -20), of(40, 33.3, emulate_fractional_frame_overlap=True)]
)
def test_frames_do_not_depend_on_how_the_input_is_cut(
    options: TimeSeriesFramerOptions, sizes: list[int]
) -> None:
    assert content(framed(options, sizes), "frames") == content(framed(options, []), "frames")


def gap_outcome(**more: Any) -> CalculatorRun:
    packets = cut(SOUND[:, :250], [60], RATE) + cut(SOUND[:, 250:500], [70], RATE, 5_000_000)
    return run_calculator(
        TimeSeriesFramerCalculator,
        of(100, 50, **more),
        series=packets,
        headers={"series": header(RATE, 3)},
    )


def test_frames_start_anew_after_a_gap() -> None:
    outcome = gap_outcome(pad_final_packet=False)
    assert outcome.timestamps("frames") == [
        0, 12_500, 25_000, 37_500, 5_000_000, 5_012_500, 5_025_000, 5_037_500,
    ]  # fmt: skip
    np.testing.assert_array_equal(outcome.payloads("frames")[4].values, SOUND[:, 250:350])
    assert outcome.counters == {"gaps": 1}


def test_what_was_begun_before_a_gap_is_padded_as_at_the_end() -> None:
    outcome = gap_outcome()
    assert outcome.timestamps("frames")[4:6] == [50_000, 5_000_000]
    assert not outcome.payloads("frames")[4].values[:, 50:].any()


def test_rounded_timestamps_are_no_gap() -> None:
    packets = [p.at(p.timestamp + 400 * (i % 2)) for i, p in enumerate(cut(SOUND, SIZES, RATE))]
    outcome = run_calculator(
        TimeSeriesFramerCalculator, of(100), series=packets, headers={"series": header(RATE, 3)}
    )
    assert outcome.counters == {}
    assert outcome.timestamps("frames") == [25_000 * i for i in range(11)]


def test_samples_that_come_twice_are_taken_once() -> None:
    packets = cut(SOUND, [300], RATE)
    late = Packet(Matrix(SOUND[:, 260:]), 65_000)
    outcome = run_calculator(
        TimeSeriesFramerCalculator,
        of(100),
        series=[packets[0], late],
        headers={"series": header(RATE, 3)},
    )
    assert outcome.counters == {"repeated_samples": 40}
    np.testing.assert_array_equal(
        np.concatenate([m.values for m in outcome.payloads("frames")], axis=1), SOUND
    )


def test_frames_share_memory_with_each_other() -> None:
    first, second = framed(of(500, 400), []).payloads("frames")[:2]
    assert np.shares_memory(first.values, second.values)
    assert first.values.T.flags.c_contiguous


def test_frames_that_are_kept_never_change() -> None:
    values = noise(60_000)
    outcome = run(TimeSeriesFramerCalculator, of(100, 90), values, [7] * 5000, rate=RATE,
                  port="series")  # fmt: skip
    frames = outcome.payloads("frames")
    found = np.stack([frame.values[0] for frame in frames[:5000]])
    wanted = np.lib.stride_tricks.sliding_window_view(values[0], 100)[::10][:5000]
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TimeSeriesFramerOptions(), "frame_duration_seconds has to be above 0"),
        (of(10, 10), r"frame_overlap_seconds .* has to be below frame_duration_seconds"),
        (of(0.1), "is less than a sample at 4000 Hz"),
        (of(10, 9.9), "begin less than a sample apart"),
    ],
)
def test_frames_that_can_not_be_are_refused(options: TimeSeriesFramerOptions, message: str) -> None:
    with pytest.raises(FlowlaceError, match=message):
        framed(options)


def test_sound_without_a_header_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="needs a TimeSeriesHeader with its input"):
        run_calculator(TimeSeriesFramerCalculator, of(10), series=cut(SOUND, [], RATE))


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="expects 3 channels and any number of samples"):
        run_calculator(
            TimeSeriesFramerCalculator,
            of(10),
            series=cut(SOUND[:2], [], RATE),
            headers={"series": header(RATE, 3)},
        )


def test_no_sound_gives_no_frames() -> None:
    outcome = run_calculator(
        TimeSeriesFramerCalculator, of(10), series=[], headers={"series": header(RATE, 3)}
    )
    assert outcome.payloads("frames") == []


def test_the_bound_says_when_the_next_frame_begins() -> None:
    outcome = framed(replace(of(100), pad_final_packet=False), [50])
    assert outcome.bounds["frames"][0] == 3
