import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from flowlace.sources.live_sound import LiveSound, LiveSoundShape
from flowlace.sources.source import SourceError, SourceTimeoutError
from tests.sources.sounds import joined, tone

RATE = 16_000


def live(clock: Any, **shape: Any) -> LiveSound:
    return LiveSound("door", LiveSoundShape(**({"rate": RATE, "channels": 1} | shape)), clock)


def test_sound_comes_out_in_order_and_whole(clock: Any) -> None:
    source = live(clock)
    source.put(tone(3200, RATE), RATE, Fraction(70))
    frames = [source.read() for _ in range(4)]
    assert [frame.timestamp_us for frame in frames if frame] == [70, 50_070, 100_070, 150_070]
    assert np.array_equal(joined([frame for frame in frames if frame]), tone(3200, RATE))
    assert (source.counts.read, source.counts.dropped) == (4, 0)


def test_keeps_the_newest_seconds_and_counts_what_it_drops(clock: Any) -> None:
    source = live(clock, buffer_s=0.2)
    source.put(tone(8000, RATE), RATE, Fraction(0))
    first = source.read()
    assert first is not None
    assert first.timestamp_us == 300_000
    assert source.counts.dropped == 6


def test_a_reader_that_catches_up_finds_no_gap(clock: Any) -> None:
    source = live(clock, buffer_s=1)
    stamps = []
    for second in range(3):
        source.put(tone(RATE, RATE), RATE, Fraction(second * 1_000_000))
        stamps += [frame.timestamp_us for frame in (source.read() for _ in range(20)) if frame]
    assert stamps == [50_000 * n for n in range(60)]


def test_what_has_arrived_can_be_read_after_closing(clock: Any) -> None:
    source = live(clock)
    source.put(tone(1000, RATE), RATE, Fraction(0))
    source.close()
    source.put(tone(1000, RATE), RATE, None)
    frames = list(source)
    assert [frame.payload.columns for frame in frames] == [800, 200]


def test_closing_ends_a_read_that_waits(clock: Any) -> None:
    source = live(clock)
    closer = threading.Timer(0.02, source.close)
    closer.start()
    assert source.read() is None
    closer.join()


def test_nothing_in_time_is_a_time_out(clock: Any) -> None:
    with pytest.raises(SourceTimeoutError, match="'door': no sound in time"):
        live(clock).read(timeout_s=0)


def test_an_end_that_is_an_error_is_raised_to_the_reader(clock: Any) -> None:
    source = live(clock)
    source.on_end(SourceError("it is gone"))
    with pytest.raises(SourceError, match="it is gone"):
        source.read()


def test_is_resampled_and_mixed_to_what_was_promised(clock: Any) -> None:
    source = live(clock)
    source.put(tone(44_100, 44_100, channels=2), 44_100, Fraction(0))
    source.close()
    values = joined(list(source))
    assert values.shape == (1, RATE)
    assert np.abs(values - 0.75 * tone(RATE, RATE))[:, 500:-500].max() < 1e-4
    assert source.header is not None
    assert (source.header.sample_rate, source.header.num_channels) == (16_000.0, 1)


@pytest.mark.parametrize("buffer_s", [0, 4000])
def test_a_buffer_has_a_sensible_size(clock: Any, buffer_s: float) -> None:
    with pytest.raises(ValueError, match=r"buffer_s=.* must be from 0.1 to 3600"):
        live(clock, buffer_s=buffer_s)
