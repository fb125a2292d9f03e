"""The thinner passes one packet a period at most."""

from dataclasses import dataclass

import pytest

from flowlace.calculators.core.packet_thinner import (
    PacketThinnerCalculator,
    PacketThinnerOptions,
    ThinnerType,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import CalculatorRun, at, run_calculator


@dataclass(frozen=True)
class VideoHeader:
    frame_rate: float
    width: int = 640


def thin(*timestamps: int, **options: object) -> CalculatorRun:
    return run_calculator(
        PacketThinnerCalculator,
        PacketThinnerOptions(**options),  # type: ignore[arg-type]
        packets=[at(timestamp) for timestamp in timestamps],
    )


def sync(*timestamps: int, **options: object) -> CalculatorRun:
    return thin(*timestamps, thinner_type=ThinnerType.SYNC, **options)


def test_async_pauses_for_a_period_after_each_packet() -> None:
    assert thin(2, 4, 6, 8, 10, 12, 14, period=5).timestamps("thinned") == [2, 8, 14]


def test_async_passes_everything_with_a_short_period() -> None:
    assert thin(2, 3, 4).timestamps("thinned") == [2, 3, 4]


def test_async_starts_and_ends_where_told() -> None:
    run = thin(2, 4, 6, 8, 10, 12, period=3, start_time=4, end_time=10)
    assert run.timestamps("thinned") == [4, 8]


def test_async_passes_times_below_zero() -> None:
    assert thin(-20, -19, -10, period=5).timestamps("thinned") == [-20, -10]


def test_async_promises_nothing_during_a_pause() -> None:
    assert thin(2, 4, period=50).bounds["thinned"][0] == 51


def test_packets_outside_of_the_stream_are_dropped() -> None:
    assert thin(PRE_STREAM).timestamps("thinned") == []
    assert thin(POST_STREAM).timestamps("thinned") == []


def test_sync_takes_the_packet_nearest_to_the_centre_of_each_period() -> None:
    run = sync(2, 4, 6, 8, 11, 12, 14, 19, period=10, sync_output_timestamps=False)
    assert run.timestamps("thinned") == [2, 11, 19]


def test_sync_moves_packets_to_the_centre() -> None:
    run = sync(2, 8, 11, 12, 19, period=10)
    assert run.packets("thinned") == [at(0, 2), at(10, 11), at(20, 19)]


def test_sync_takes_the_later_of_two_equally_near() -> None:
    assert sync(8, 12, period=10).packets("thinned") == [at(10, 12)]


def test_sync_counts_periods_from_the_start() -> None:
    run = sync(2, 3, 4, 7, 8, 9, 13, period=5, start_time=3)
    assert run.packets("thinned") == [at(3, 3), at(8, 8), at(13, 13)]


def test_sync_drops_times_below_zero_without_a_start() -> None:
    assert sync(-10, 1, period=10).packets("thinned") == [at(0, 1)]


def test_sync_leaves_periods_without_packets_out() -> None:
    assert sync(1, 52, period=10).timestamps("thinned") == [0, 50]


def test_sync_sends_the_packet_it_holds_when_time_is_over() -> None:
    assert sync(1, 12, 30, period=10, end_time=20).timestamps("thinned") == [0, 10]


def test_an_empty_stream_stays_empty() -> None:
    assert sync(period=10).timestamps("thinned") == []


def test_the_period_may_come_as_a_side_packet() -> None:
    run = run_calculator(
        PacketThinnerCalculator, packets=[at(0), at(5), at(10)], side_packets={"PERIOD": 10}
    )
    assert run.timestamps("thinned") == [0, 10]


def test_an_options_side_packet_goes_before_the_options() -> None:
    run = run_calculator(
        PacketThinnerCalculator,
        PacketThinnerOptions(period=3, end_time=9),
        packets=[at(0), at(5), at(10)],
        side_packets={"OPTIONS": PacketThinnerOptions(period=6)},
    )
    assert run.timestamps("thinned") == [0]


def test_the_header_passes() -> None:
    run = run_calculator(
        PacketThinnerCalculator, packets=[], headers={"packets": Packet("anything")}
    )
    assert run.headers["thinned"].payload == "anything"


@pytest.mark.parametrize(
    ("kind", "period", "rate"),
    [
        (ThinnerType.ASYNC, 50_000, 15.0),
        (ThinnerType.SYNC, 50_000, 20.0),
        (ThinnerType.SYNC, 10_000, 30.0),
    ],
)
def test_the_frame_rate_in_the_header_is_what_thinning_leaves(
    kind: ThinnerType, period: int, rate: float
) -> None:
    run = run_calculator(
        PacketThinnerCalculator,
        PacketThinnerOptions(thinner_type=kind, period=period, update_frame_rate=True),
        packets=[],
        headers={"packets": Packet(VideoHeader(30.0))},
    )
    assert run.headers["thinned"].payload == VideoHeader(rate)


def test_a_period_has_to_be_above_zero() -> None:
    with pytest.raises(GraphConfigError, match="period is 0, but has to be above 0"):
        thin(period=0)
    with pytest.raises(FlowlaceError, match="period is -5"):
        run_calculator(PacketThinnerCalculator, packets=[], side_packets={"PERIOD": -5})


def test_the_start_has_to_be_before_the_end() -> None:
    with pytest.raises(GraphConfigError, match=r"start_time \(5\) has to be before end_time \(5\)"):
        thin(start_time=5, end_time=5)
    with pytest.raises(GraphConfigError, match=r"start_time \(0\) has to be before end_time \(-1"):
        sync(end_time=-1)
