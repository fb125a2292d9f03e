"""The resampler gives a stream a steady frame rate."""

from dataclasses import dataclass

import pytest

from flowlace.calculators.core.packet_resampler import (
    OutputHeader,
    PacketResamplerCalculator,
    PacketResamplerOptions,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import PRE_STREAM
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.framework.running import run_graph


@dataclass(frozen=True)
class VideoHeader:
    frame_rate: float
    width: int = 640


THIRTY = VideoHeader(30.0)


def resample(*timestamps: int, **options: object) -> CalculatorRun:
    return run_calculator(
        PacketResamplerCalculator,
        PacketResamplerOptions(**{"frame_rate": 30.0, **options}),  # type: ignore[arg-type]
        packets=[at(timestamp) for timestamp in timestamps],
        outputs=["samples"],
    )


def test_a_single_packet_passes() -> None:
    assert resample(5).packets("samples") == [at(5)]


def test_an_empty_stream_stays_empty() -> None:
    assert resample().packets("samples") == []


def test_a_steady_stream_is_not_changed() -> None:
    assert resample(0, 33333, 66667, 100000).timestamps("samples") == [0, 33333, 66667, 100000]


def test_ticks_do_not_drift() -> None:
    run = resample(0, 1_000_000, frame_rate=30.0)
    assert run.timestamps("samples")[-4:] == [900_000, 933_333, 966_667, 1_000_000]


def test_each_tick_takes_the_nearest_packet() -> None:
    run = resample(0, 20_000, 40_000, 60_000, 70_000, 100_000)
    assert run.packets("samples") == [
        at(0),
        at(33333, 40_000),
        at(66667, 70_000),
        at(100_000),
    ]


def test_of_two_equally_near_the_later_is_taken() -> None:
    run = resample(0, 90_000, 110_000, frame_rate=10.0)
    assert run.packets("samples") == [at(0), at(100_000, 110_000)]


def test_gaps_are_filled_with_the_latest_packet() -> None:
    run = resample(0, 410_000, frame_rate=10.0)
    assert run.packets("samples") == [
        at(0),
        at(100_000, 0),
        at(200_000, 0),
        at(300_000, 0),
        at(400_000, 410_000),
    ]


def test_the_last_packet_goes_out_at_a_tick_after_it() -> None:
    assert resample(0, 90_000, frame_rate=10.0).packets("samples") == [at(0), at(100_000, 90_000)]


def test_the_last_packet_is_left_out_if_so_wished() -> None:
    run = resample(0, 90_000, frame_rate=10.0, flush_last_packet=False)
    assert run.packets("samples") == [at(0)]


def test_the_first_packet_sets_the_ticks() -> None:
    assert resample(7, 100_000, frame_rate=10.0).timestamps("samples") == [7, 100_007]


def test_a_base_sets_the_ticks_instead() -> None:
    run = resample(130_000, 210_000, 310_000, frame_rate=10.0, base_timestamp=1_000_000)
    assert run.packets("samples") == [
        at(100_000, 130_000),
        at(200_000, 210_000),
        at(300_000, 310_000),
    ]


def test_a_packet_before_its_tick_waits_for_a_nearer_one() -> None:
    run = resample(80_000, 110_000, frame_rate=10.0, base_timestamp=0)
    assert run.packets("samples") == [at(100_000, 110_000)]


def test_the_bound_moves_on_to_the_next_tick() -> None:
    assert resample(0, 10_000, frame_rate=10.0).bounds["samples"][0] == 99_999


def test_starts_and_ends_where_told() -> None:
    run = resample(
        0, 100_000, 200_000, 300_000, 400_000, frame_rate=10.0, start_time=100_000, end_time=300_000
    )
    assert run.timestamps("samples") == [100_000, 200_000]


def test_limits_may_be_rounded_to_the_nearest_tick() -> None:
    times = [0, 100_000, 200_000, 300_000, 400_000]
    limits = {"start_time": 60_000, "end_time": 340_000}
    exact = resample(*times, frame_rate=10.0, **limits)
    rounded = resample(*times, frame_rate=10.0, round_limits=True, **limits)
    assert exact.timestamps("samples") == [100_000, 200_000, 300_000]
    assert rounded.timestamps("samples") == [100_000, 200_000, 300_000]
    wide = resample(
        *times, frame_rate=10.0, round_limits=True, start_time=140_000, end_time=260_000
    )
    assert wide.timestamps("samples") == [100_000, 200_000, 300_000]


def test_a_limit_on_the_frame_rate_holds() -> None:
    run = resample(0, 100_000, 200_000, max_frame_rate=5.0)
    assert run.timestamps("samples") == [0, 200_000]


def test_a_stream_may_be_called_data() -> None:
    run = run_calculator(
        PacketResamplerCalculator,
        PacketResamplerOptions(frame_rate=10.0),
        DATA=[at(0), at(100_000)],
        outputs=["DATA"],
    )
    assert run.timestamps("DATA") == [0, 100_000]


def test_an_options_side_packet_goes_before_the_options() -> None:
    run = run_calculator(
        PacketResamplerCalculator,
        packets=[at(0), at(100_000)],
        outputs=["samples"],
        side_packets={"OPTIONS": PacketResamplerOptions(frame_rate=20.0)},
    )
    assert run.timestamps("samples") == [0, 50_000, 100_000]


@pytest.mark.parametrize(
    ("how", "payload"),
    [
        (OutputHeader.PASS_HEADER, THIRTY),
        (OutputHeader.UPDATE_VIDEO_HEADER, VideoHeader(10.0)),
    ],
)
def test_the_header_passes_as_told(how: OutputHeader, payload: VideoHeader) -> None:
    run = run_calculator(
        PacketResamplerCalculator,
        PacketResamplerOptions(frame_rate=10.0, output_header=how),
        packets=[],
        outputs=["samples"],
        headers={"packets": Packet(THIRTY)},
    )
    assert run.headers["samples"].payload == payload


def test_no_header_passes_untold() -> None:
    run = run_calculator(
        PacketResamplerCalculator,
        PacketResamplerOptions(frame_rate=10.0),
        packets=[],
        outputs=["samples"],
        headers={"packets": Packet(THIRTY)},
    )
    assert run.headers["samples"].is_empty


def with_video_header(**options: object) -> CalculatorRun:
    return run_calculator(
        PacketResamplerCalculator,
        PacketResamplerOptions(**{"frame_rate": 10.0, **options}),  # type: ignore[arg-type]
        DATA=[at(0), at(100_000)],
        VIDEO_HEADER=[at(PRE_STREAM, VideoHeader(20.0))],
        outputs=["DATA", "VIDEO_HEADER"],
    )


def test_the_video_header_gets_the_new_frame_rate() -> None:
    run = with_video_header()
    assert run.packets("VIDEO_HEADER") == [at(PRE_STREAM, VideoHeader(10.0))]
    assert run.timestamps("DATA") == [0, 100_000]


def test_the_video_header_may_say_the_frame_rate() -> None:
    run = with_video_header(use_input_frame_rate=True)
    assert run.packets("VIDEO_HEADER") == [at(PRE_STREAM, VideoHeader(20.0))]
    assert run.timestamps("DATA") == [0, 50_000, 100_000]


def test_a_packet_outside_of_the_stream_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="a packet at PRE_STREAM is at no tick"):
        resample(PRE_STREAM)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"frame_rate": -1.0}, "frame_rate is -1, but has to be above 0"),
        ({"frame_rate": 2e6}, "frame_rate is 2e.06, but has to be above 0 and at most 1000000"),
        ({"jitter": 1.5}, "jitter is 1.5, but has to be between 0 and 1"),
        ({"jitter": -0.1}, "jitter is -0.1"),
        ({"jitter": 0.1}, "needs the side packet SEED"),
        ({"reproducible_sampling": True}, "needs the side packet SEED"),
    ],
)
def test_settings_that_cannot_work_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(GraphConfigError, match=complaint):
        resample(**options)


def test_options_from_a_side_packet_are_checked_too() -> None:
    with pytest.raises(FlowlaceError, match="frame_rate is -1"):
        run_calculator(
            PacketResamplerCalculator,
            packets=[],
            outputs=["samples"],
            side_packets={"OPTIONS": PacketResamplerOptions()},
        )


@pytest.mark.parametrize("outputs", [[], ["samples", "DATA"]])
def test_there_is_one_output(outputs: list[str]) -> None:
    with pytest.raises(GraphConfigError, match=f"has {len(outputs)} output streams of packets"):
        run_calculator(
            PacketResamplerCalculator,
            PacketResamplerOptions(frame_rate=10.0),
            packets=[],
            outputs=outputs,
        )


def test_a_video_header_cannot_know_a_limited_rate() -> None:
    with pytest.raises(GraphConfigError, match="can't send VIDEO_HEADER where max_frame_rate"):
        with_video_header(max_frame_rate=5.0)


def test_reads_a_published_node() -> None:
    text = """
        input_stream: "input_video"
        node {
          calculator: "PacketResamplerCalculator"
          input_stream: "DATA:input_video"
          output_stream: "DATA:sampled_frames"
          node_options: {
            [type.googleapis.com/mediapipe.PacketResamplerCalculatorOptions] {
              frame_rate: 0.5
            }
          }
        }
    """
    frames = [("input_video", at(0)), ("input_video", at(2_000_000))]
    found = run_graph(text, frames, ["sampled_frames"])
    assert found["sampled_frames"] == [at(0), at(2_000_000)]
