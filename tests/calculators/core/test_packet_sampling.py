"""Random ticks keep their distance, their period and their seed."""

from collections.abc import Sequence

import numpy as np
import pytest

from flowlace.calculators.core.packet_resampler import (
    PacketResamplerCalculator,
    PacketResamplerOptions,
)
from flowlace.calculators.core.packet_sampling import SampleRate
from flowlace.framework.packet import Packet
from flowlace.testing import at, run_calculator

PERIOD_US = 100_000
MILLISECONDS = range(0, 3_000_000, 1_000)

NO_REFLECTION: dict[str, bool] = {}
REFLECTION = {"jitter_with_reflection": True}
REPRODUCIBLE = {"reproducible_sampling": True}
ALL_MODES = pytest.mark.parametrize("mode", [NO_REFLECTION, REFLECTION, REPRODUCIBLE])


def sample(
    timestamps: Sequence[int], mode: dict[str, bool], seed: str = "video 7", jitter: float = 0.25
) -> list[Packet]:
    options = PacketResamplerOptions(frame_rate=10.0, jitter=jitter, **mode)  # type: ignore[arg-type]
    run = run_calculator(
        PacketResamplerCalculator,
        options,
        packets=[at(timestamp) for timestamp in timestamps],
        outputs=["samples"],
        side_packets={"SEED": seed},
    )
    return run.packets("samples")


def times(packets: list[Packet]) -> list[int]:
    return [packet.timestamp for packet in packets]


@ALL_MODES
def test_the_same_seed_gives_the_same_samples(mode: dict[str, bool]) -> None:
    assert sample(MILLISECONDS, mode) == sample(MILLISECONDS, mode)


@ALL_MODES
def test_another_seed_gives_other_samples(mode: dict[str, bool]) -> None:
    assert times(sample(MILLISECONDS, mode)) != times(sample(MILLISECONDS, mode, seed="video 8"))


@ALL_MODES
def test_every_sample_is_the_packet_nearest_to_its_tick(mode: dict[str, bool]) -> None:
    assert max(abs(each.payload - each.timestamp) for each in sample(MILLISECONDS, mode)) <= 500


@ALL_MODES
def test_the_average_rate_is_kept(mode: dict[str, bool]) -> None:
    samples = times(sample(MILLISECONDS, mode))
    assert np.mean(np.diff(samples)) == pytest.approx(PERIOD_US, rel=0.1)


def test_distances_stay_within_the_jitter() -> None:
    distances = np.diff(times(sample(MILLISECONDS, NO_REFLECTION)))
    assert distances.min() >= 0.75 * PERIOD_US - 1
    assert distances.max() <= 1.25 * PERIOD_US + 1


@pytest.mark.parametrize("mode", [REFLECTION, REPRODUCIBLE])
@pytest.mark.parametrize("jitter", [0.25, 1.0])
def test_reflection_gives_every_period_one_sample(mode: dict[str, bool], jitter: float) -> None:
    samples = times(sample(MILLISECONDS, mode, jitter=jitter))
    assert [timestamp // PERIOD_US for timestamp in samples] == list(range(30))


def test_reproducible_samples_do_not_depend_on_where_the_stream_starts() -> None:
    whole = sample(MILLISECONDS, REPRODUCIBLE)
    tail = sample(range(1_000_000, 3_000_000, 1_000), REPRODUCIBLE)
    assert times(tail) == times(whole)[10:]


@pytest.mark.parametrize("mode", [NO_REFLECTION, REFLECTION])
def test_a_stream_shorter_than_a_period_gives_one_of_its_packets(mode: dict[str, bool]) -> None:
    (found,) = sample([5], mode)
    assert found == at(5)


def test_slow_streams_repeat_packets() -> None:
    samples = sample([0, 1_000_000], REFLECTION)
    assert len(samples) >= 10
    assert {packet.payload for packet in samples} == {0, 1_000_000}


@ALL_MODES
def test_an_empty_stream_has_no_samples(mode: dict[str, bool]) -> None:
    assert sample([], mode) == []


def test_jitter_as_large_as_the_period_never_gives_a_timestamp_twice() -> None:
    samples = times(sample(MILLISECONDS, NO_REFLECTION, jitter=1.0))
    assert np.diff(samples).min() > 0


def test_ticks_are_rounded_to_the_nearest_microsecond() -> None:
    rate = SampleRate(30.0)
    assert [rate.tick_us(index) for index in range(4)] == [0, 33_333, 66_667, 100_000]


def test_halves_are_rounded_away_from_zero() -> None:
    rate = SampleRate(10.0)
    assert rate.nearest_tick(50_000) == 1
    assert rate.nearest_tick(-50_000) == -1
    assert rate.nearest_tick(250_000) == 3
