from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings

from flowlace.calculators.audio.rational_factor_resample import (
    RationalFactorResampleCalculator,
    RationalFactorResampleOptions,
    ResamplerRationalFactorOptions,
)
from flowlace.calculators.audio.streaming_resampler import StreamingResampler
from flowlace.formats.time_series import TimeSeriesHeader, duration_us
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, joined, noise, run, sizes_within


def resampled(
    values: Any, source: float, target: float, sizes: list[int] | None = None, **more: Any
) -> CalculatorRun:
    options = RationalFactorResampleOptions(target_sample_rate=target)
    return run(RationalFactorResampleCalculator, options, values, sizes or [], rate=source,
               start_us=7, port="sound", **more)  # fmt: skip


def tone(hertz: float, rate: float, seconds: float) -> Any:
    time = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * hertz * time)[None].astype(np.float32)


@pytest.mark.parametrize("rates", [(44_100, 16_000), (48_000, 16_000), (8_000, 22_050)])
def test_a_tone_stays_the_tone_at_its_time(rates: tuple[int, int]) -> None:
    source, target = rates
    found = joined(resampled(tone(1000, source, 2), source, target, [500] * 50).payloads(
        "resampled"
    ))  # fmt: skip
    wanted = tone(1000, target, 2)
    assert found.shape == wanted.shape
    middle = slice(target // 4, -target // 4)
    np.testing.assert_allclose(found[:, middle], wanted[:, middle], atol=1e-4)


def test_what_the_new_rate_can_not_hold_is_filtered_out() -> None:
    found = joined(resampled(tone(9_000, 44_100, 2), 44_100, 16_000).payloads("resampled"))
    assert np.abs(found[:, 4000:-4000]).max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(sizes=sizes_within(6000))
@pytest.mark.parametrize("rates", [(44_100, 16_000), (8_000, 16_000), (16_000, 15_999)])
def test_sound_does_not_depend_on_how_the_input_is_cut(
    rates: tuple[int, int], sizes: list[int]
) -> None:
    values = noise(6000, 2)
    whole, pieces = resampled(values, *rates), resampled(values, *rates, sizes)
    np.testing.assert_array_equal(
        joined(pieces.payloads("resampled")), joined(whole.payloads("resampled"))
    )


def test_the_result_is_that_of_the_whole() -> None:
    values = noise(30_000)
    found = joined(resampled(values, 44_100, 16_000, [700] * 40).payloads("resampled"))
    wanted = soxr.resample(values[0], 44_100, 16_000, "HQ")
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)


def test_packets_have_the_time_of_their_first_sample() -> None:
    outcome = resampled(noise(44_100, 2), 44_100, 16_000, [441] * 99)
    columns = [one.columns for one in outcome.payloads("resampled")]
    begins = np.cumsum([0, *columns[:-1]]).tolist()
    assert outcome.timestamps("resampled") == [7 + duration_us(n, 16_000) for n in begins]
    assert sum(columns) == 16_000


def test_the_header_has_the_new_rate() -> None:
    outcome = resampled(noise(441, 2), 44_100, 16_000, num_samples=441, packet_rate=100.0)
    assert outcome.headers["resampled"].payload == TimeSeriesHeader(
        sample_rate=16_000, num_channels=2
    )


def test_equal_rates_pass_unchanged() -> None:
    values = noise(1000)
    outcome = resampled(values, 16_000, 16_000, [300], num_samples=None, packet_rate=50.0)
    np.testing.assert_array_equal(joined(outcome.payloads("resampled")), values)
    assert outcome.headers["resampled"].payload.packet_rate == 50


def test_resampling_starts_anew_after_a_gap() -> None:
    first, second = tone(500, 8000, 1), tone(700, 8000, 1)
    packets = cut(first, [3000], 8000) + cut(second, [100], 8000, 9_000_000)
    outcome = run_calculator(
        RationalFactorResampleCalculator,
        RationalFactorResampleOptions(target_sample_rate=16_000),
        sound=packets,
        headers={"sound": header(8000)},
    )
    assert outcome.counters == {"gaps": 1}
    times = outcome.timestamps("resampled")
    late = [place for place, time in enumerate(times) if time >= 9_000_000]
    assert times[late[0]] == 9_000_000
    after = joined(outcome.payloads("resampled")[late[0] :])
    assert joined(outcome.payloads("resampled")[: late[0]]).shape == (1, 16_000)
    alone = joined(resampled(second, 8000, 16_000).payloads("resampled"))
    np.testing.assert_array_equal(after, alone)


def test_gaps_are_bridged_if_timestamps_are_not_checked() -> None:
    packets = cut(noise(4000), [], 8000) + cut(noise(4000), [], 8000, 9_000_000)
    outcome = run_calculator(
        RationalFactorResampleCalculator,
        RationalFactorResampleOptions(
            target_sample_rate=16_000, check_inconsistent_timestamps=False
        ),
        sound=packets,
        headers={"sound": header(8000)},
    )
    assert outcome.counters == {}
    assert max(outcome.timestamps("resampled")) < 1_000_000


def test_nan_and_infinity_become_silence_and_are_counted() -> None:
    values = noise(4000)
    values[0, 5], values[0, 3000] = np.nan, -np.inf
    values[0, 3001] = 1e30
    outcome = resampled(values, 8000, 16_000)
    assert outcome.counters == {"non_finite_samples": 3}
    assert np.isfinite(joined(outcome.payloads("resampled"))).all()


def test_the_filter_of_mediapipe_can_be_named() -> None:
    options = RationalFactorResampleOptions(
        target_sample_rate=8000,
        resampler_rational_factor_options=ResamplerRationalFactorOptions(radius=5.0, cutoff=3600),
    )
    outcome = run(RationalFactorResampleCalculator, options, noise(1600), rate=16_000,
                  port="sound")  # fmt: skip
    assert joined(outcome.payloads("resampled")).shape == (1, 800)


def test_a_rate_is_required() -> None:
    with pytest.raises(FlowlaceError, match="target_sample_rate has to be above 0 Hz, but is 0"):
        resampled(noise(10), 8000, 0)


@pytest.mark.timeout(300)
def test_ten_hours_keep_their_length_and_place() -> None:
    # 11 025 to 8 000 Hz has no short ratio; a click near the end shows where time has gone.
    resampler = StreamingResampler(11_025, 8_000, 1)
    block, hours = np.zeros((1, 11_025 * 60), np.float32), 10
    samples = sum(resampler.take(block).shape[1] for _ in range(hours * 60))
    click = np.zeros((1, 11_025), np.float32)
    click[0, 4410] = 1
    rest = np.concatenate([resampler.take(click), resampler.finish()], axis=1)
    assert samples + rest.shape[1] == hours * 3600 * 8_000 + 8_000
    assert samples + rest[0].argmax() == hours * 3600 * 8_000 + 3200
