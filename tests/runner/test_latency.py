"""Latency of frames: counted once a frame, in flat memory."""

from flowlace.runner.latency import REMEMBERED_FRAMES, LatencyMeter
from flowlace.runner.summary import RunSummary


def test_a_frame_counts_once_however_many_results_it_has() -> None:
    meter = LatencyMeter()
    meter.enter(40)
    meter.leave(40)
    meter.leave(40)
    assert meter.times.count == 1
    assert meter.times.longest_ns > 0


def test_results_at_times_no_frame_had_do_not_count() -> None:
    meter = LatencyMeter()
    meter.enter(40)
    meter.leave(41)
    assert meter.times.count == 0


def test_frames_that_never_come_out_are_forgotten() -> None:
    meter = LatencyMeter()
    for timestamp in range(REMEMBERED_FRAMES + 1):
        meter.enter(timestamp)
    meter.leave(0)
    meter.leave(1)
    assert meter.times.count == 1


def test_the_summary_tells_the_middle_and_the_95th_of_a_hundred() -> None:
    summary = RunSummary()
    for _ in range(90):
        summary.latency.add(1_000_000)
    for _ in range(10):
        summary.latency.add(100_000_000)
    assert "  frame latency: p50 1.0 ms, p95 100.0 ms, longest 100.0 ms" in summary.lines()


def test_a_run_without_sinks_tells_no_latency() -> None:
    assert not any("latency" in line for line in RunSummary().lines())
