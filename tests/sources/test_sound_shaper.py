import itertools
import logging
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.sources.skips import Skips
from flowlace.sources.sound_shaper import SoundShaper, mixed
from flowlace.sources.source import Frame, SourceCounts
from tests.sources.sounds import joined, tone

RATE = 16_000


def shaper(
    rate: int = RATE, channels: int = 1, tick_us: float = 0
) -> tuple[SoundShaper, SourceCounts]:
    counts = SourceCounts()
    skips = Skips("take.wav", counts.skipped, logging.getLogger("test"))
    return SoundShaper(skips, counts, rate=rate, channels=channels, tick_us=tick_us), counts


def at(sample: int, rate: int = RATE) -> Fraction:
    return Fraction(sample * 1_000_000, rate)


def in_pieces(values: np.ndarray, size: int, rate: int = RATE, out: int = RATE) -> list[Frame]:
    one, _ = shaper(out, values.shape[0])
    frames = []
    for start in range(0, values.shape[1], size):
        frames += one.add(values[:, start : start + size], rate, at(start, rate))
    return frames + one.finish()


def test_frames_last_50_ms_and_the_last_one_what_is_left() -> None:
    frames = in_pieces(tone(2000, RATE), 700)
    assert [one.payload.columns for one in frames] == [800, 800, 400]
    assert [one.timestamp_us for one in frames] == [0, 50_000, 100_000]
    assert np.array_equal(joined(frames), tone(2000, RATE))


@pytest.mark.parametrize("size", [1, 37, 800, 5000])
@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_how_sound_is_cut_into_pieces_changes_nothing(size: int, rate: int) -> None:
    values = tone(5000, rate, channels=2)
    got, expected = in_pieces(values, size, rate), in_pieces(values, 1000, rate)
    assert [one.timestamp_us for one in got] == [one.timestamp_us for one in expected]
    assert np.array_equal(joined(got), joined(expected))


@pytest.mark.parametrize(("rate", "out"), [(44_100, 16_000), (8_000, 16_000), (48_000, 22_050)])
def test_resampled_sound_keeps_its_place_in_time(rate: int, out: int) -> None:
    values = joined(in_pieces(tone(10 * rate, rate), 1024, rate, out))
    exact = tone(10 * out, out)
    assert values.shape == exact.shape
    middle = slice(out // 10, -out // 10)
    assert np.abs(values[:, middle] - exact[:, middle]).max() < 1e-4


def test_times_of_an_hour_do_not_drift() -> None:
    one, _ = shaper(44_100)
    last = [frame for second in range(3600) for frame in one.add(
        np.zeros((1, 44_100), np.float32), 44_100, at(44_100 * second, 44_100))][-1]  # fmt: skip
    assert last.timestamp_us == 3_600_000_000 - 50_000


def test_a_gap_ends_a_frame_and_shows_in_the_timestamps() -> None:
    one, counts = shaper()
    frames = one.add(tone(1000, RATE), RATE, at(0))
    frames += one.add(tone(1000, RATE), RATE, at(5000))
    frames += one.finish()
    assert [(f.timestamp_us, f.payload.columns) for f in frames] == [
        (0, 800), (50_000, 200), (312_500, 800), (362_500, 200),
    ]  # fmt: skip
    assert counts.skipped.total() == 0
    assert counts.flaws == {"after_a_gap": 1}


def test_a_gap_is_not_heard_through_the_resampler() -> None:
    one, _ = shaper(16_000)
    first = one.add(np.full((1, 4410), 0.5, np.float32), 44_100, at(0))
    second = one.add(np.zeros((1, 44_100), np.float32), 44_100, at(88_200, 44_100))
    after = [frame for frame in first + second + one.finish() if frame.timestamp_us >= 2_000_000]
    assert after[0].timestamp_us == 2_000_000
    assert not joined(after).any()


@pytest.mark.parametrize("off_us", [-900, 900])
def test_what_a_container_rounds_is_no_gap(off_us: int) -> None:
    one, counts = shaper()
    frames = one.add(tone(800, RATE), RATE, at(0))
    frames += one.add(tone(800, RATE), RATE, at(800) + off_us)
    assert [frame.timestamp_us for frame in frames] == [0, 50_000]
    assert counts.skipped.total() == 0


def test_a_coarse_time_base_may_be_off_by_a_tick_more() -> None:
    one, _ = shaper(tick_us=1000)
    frames = one.add(tone(800, RATE), RATE, at(0)) + one.add(
        tone(800, RATE), RATE, at(800) + Fraction(1900)
    )
    assert [frame.timestamp_us for frame in frames] == [0, 50_000]


def test_sound_that_was_given_already_is_cut_away_and_counted() -> None:
    one, counts = shaper()
    values = tone(3000, RATE)
    frames = one.add(values[:, :1600], RATE, at(0))
    frames += one.add(values[:, 1200:3000], RATE, at(1200))
    frames += one.add(values[:, :500], RATE, at(0))
    assert np.array_equal(joined(frames + one.finish()), values)
    assert counts.skipped == {"time_goes_back": 2}


def test_a_piece_without_a_time_goes_on() -> None:
    one, _ = shaper()
    frames = one.add(tone(800, RATE), RATE, at(1600)) + one.add(tone(800, RATE), RATE, None)
    assert [frame.timestamp_us for frame in frames] == [100_000, 150_000]


def test_a_change_of_rate_is_resampled_to_the_first_and_counted() -> None:
    one, counts = shaper()
    frames = one.add(tone(RATE, RATE), RATE, at(0))
    frames += one.add(tone(44_100, 44_100), 44_100, at(1, 1))
    frames += one.finish()
    values = joined(frames)
    assert values.shape[1] == 2 * RATE
    assert np.abs(values[0, 17_000:31_000] - tone(RATE, RATE)[0, 1000:15_000]).max() < 1e-4
    assert counts.resampled == 1


def test_a_change_of_channels_is_mixed_to_the_first_and_counted() -> None:
    one, counts = shaper(channels=2)
    one.add(tone(800, RATE, channels=2), RATE, at(0))
    [frame] = one.add(tone(800, RATE), RATE, at(800))
    assert frame.payload.rows == 2
    assert counts.resampled == 1


def test_samples_that_are_no_numbers_become_silence_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, counts = shaper()
    values = tone(800, RATE).copy()
    values[0, 3:5] = np.nan, np.inf
    [first] = one.add(values, RATE, None)
    one.add(values, RATE, None)
    assert np.array_equal(first.payload.values[0, 2:6], [values[0, 2], 0, 0, values[0, 5]])
    assert counts.flaws == {"not_finite": 2}
    assert [record.message for record in caplog.records] == [
        "take.wav: 2 samples are NaN, infinite or above 1e10 and become 0, as will be others"
    ]


def test_clipped_frames_are_let_through_and_counted() -> None:
    one, counts = shaper()
    loud = np.clip(4 * tone(1600, RATE), -1, 1)
    frames = one.add(loud, RATE, None) + one.add(tone(800, RATE), RATE, None)
    assert np.array_equal(joined(frames)[:, :1600], loud)
    assert counts.flaws == {"clipped": 2}


def test_the_header_tells_rate_and_channels() -> None:
    assert shaper(44_100, 2)[0].header == TimeSeriesHeader(sample_rate=44_100.0, num_channels=2)


def test_channels_are_mixed_copied_or_left_out() -> None:
    left_right = np.array([[0.5, -1], [0.25, 0]], np.float32)
    assert mixed(left_right, 1).tolist() == [[0.375, -0.5]]
    assert mixed(left_right[:1], 3).tolist() == [[0.5, -1]] * 3
    assert mixed(np.repeat(left_right, 3, axis=0), 2).tolist() == [[0.5, -1]] * 2
    assert mixed(left_right, 2) is left_right


def test_an_empty_piece_gives_nothing() -> None:
    assert shaper()[0].add(np.zeros((1, 0), np.float32), RATE, at(0)) == []


@settings(max_examples=100, deadline=None)
@given(
    stretches=st.lists(
        st.tuples(st.integers(1, 3000), st.integers(40, 40_000)), min_size=1, max_size=4
    ),
    cuts=st.lists(st.integers(1, 2000), min_size=1, max_size=5),
)
def test_every_sample_keeps_its_time_however_it_is_cut_and_torn(
    stretches: list[tuple[int, int]], cuts: list[int]
) -> None:
    one, _ = shaper()
    frames: list[Frame] = []
    expected: dict[int, np.ndarray] = {}
    start = 0
    for length, gap in stretches:
        values = (np.arange(length, dtype=np.float32) + start)[None] / 2**20
        expected[start] = values
        done = 0
        for cut in itertools.cycle(cuts):
            frames += one.add(values[:, done : done + cut], RATE, at(start + done))
            done += cut
            if done >= length:
                break
        start += length + gap
    frames += one.finish()
    whole = np.concatenate([frame.payload.values for frame in frames], axis=1)
    assert np.array_equal(whole, np.concatenate(list(expected.values()), axis=1))
    for frame in frames:
        first_sample = round(frame.payload.values[0, 0] * 2**20)
        assert frame.timestamp_us == round(at(first_sample))
