import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import Matrix
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import DONE
from flowlace.recording.errors import RecordingError
from flowlace.recording.faults import parse_fault, with_faults
from flowlace.runner.input_feed import InputEvent


def stream(name: str, times: Iterable[int]) -> list[InputEvent]:
    return [InputEvent(time, name, Packet(time, time)) for time in times]


def end(name: str, at_us: int) -> InputEvent:
    return InputEvent(at_us, name, None, DONE)


def applied(
    events: Iterable[InputEvent], *texts: str, seed: int = 0
) -> tuple[list[InputEvent], Counter[str]]:
    counts: Counter[str] = Counter()
    faults = [parse_fault(text) for text in texts]
    count = lambda _, what: counts.update([what])  # noqa: E731
    return list(with_faults(iter(events), faults, seed, count)), counts


def times(events: Iterable[InputEvent], name: str = "a") -> list[int]:
    return [e.packet.timestamp for e in events if e.stream == name and e.packet is not None]


THOUSAND = range(0, 10_000_000, 10_000)


@pytest.mark.parametrize(
    "text",
    ["drop=0.2", "duplicate=0.2", "reorder=0.2", "corrupt=0.2", "delay=0.2:25ms",
     "gap=0.05:50ms", "jitter=30ms"],
)  # fmt: skip
def test_a_seed_decides_and_timestamps_rise_and_time_does_not_go_back(text: str) -> None:
    events = [*stream("a", THOUSAND), end("a", 10_000_000)]
    once, counts = applied(events, text, seed=7)
    assert applied(events, text, seed=7) == (once, counts)
    assert applied(events, text, seed=8)[1] != counts or text.startswith(("corrupt", "jitter"))
    found = times(once)
    assert found == sorted(set(found))
    arrivals = [event.at_us for event in once]
    assert arrivals == sorted(arrivals)
    assert once[-1].bound == DONE
    assert once[-1].packet is None


def share_is_near(count: int, rate: float, total: int = 1000) -> bool:
    """Tells whether a count is within four standard deviations of what a rate gives."""
    return abs(count - rate * total) < 4 * math.sqrt(total * rate * (1 - rate))


def test_drop_loses_its_share_and_nothing_else_changes() -> None:
    kept, counts = applied(stream("a", THOUSAND), "drop=0.2")
    assert share_is_near(counts["dropped"], 0.2)
    assert len(kept) == 1000 - counts["dropped"]
    assert set(times(kept)) <= set(THOUSAND)


def test_a_fault_of_one_stream_leaves_the_others_and_their_chances_alone() -> None:
    both = sorted(stream("a", THOUSAND) + stream("b", THOUSAND), key=lambda event: event.at_us)
    kept, _ = applied(both, "a:drop=0.2")
    assert times(kept, "b") == list(THOUSAND)
    assert times(kept, "a") == times(applied(stream("a", THOUSAND), "drop=0.2")[0])


def test_duplicates_come_a_microsecond_later_with_the_same_payload() -> None:
    doubled, counts = applied(stream("a", THOUSAND), "duplicate=0.2")
    extra = [e.packet for e in doubled if e.packet and e.packet.timestamp % 10_000]
    assert len(extra) == counts["duplicated"]
    assert share_is_near(len(extra), 0.2)
    assert all(packet.timestamp == packet.payload + 1 for packet in extra)


def test_packets_that_were_overtaken_are_dropped_at_the_edge_and_counted() -> None:
    kept, counts = applied(stream("a", THOUSAND), "reorder=0.2")
    assert counts["reordered"] > 100
    # Only the very last packet has no one to be overtaken by.
    assert counts["reordered"] - counts["dropped: out of order"] in (0, 1)
    assert len(kept) == 1000 - counts["dropped: out of order"]


def test_a_last_packet_is_overtaken_by_nothing() -> None:
    events = [*stream("a", [1]), end("a", 2)]
    assert applied(events, "reorder=1")[0] == [
        events[0]._replace(at_us=2), events[1],
    ]  # fmt: skip


def test_a_gap_loses_everything_for_its_time() -> None:
    kept, counts = applied(stream("a", THOUSAND), "gap=0.01:200ms")
    steps = np.diff(times(kept))
    assert counts["lost in a gap"] >= 20
    assert set(steps % 10_000) == {0}
    assert steps[steps > 10_000].min() == 210_000


def test_a_delay_lets_other_streams_go_first_and_keeps_a_streams_order() -> None:
    events = [
        *stream("a", [0]), *stream("b", [5]), *stream("a", [10]), *stream("b", [25]), end("a", 30),
    ]  # fmt: skip
    late, counts = applied(events, "a:delay=1:20us")
    assert counts["delayed"] == 2
    assert [(e.stream, e.packet.payload if e.packet else None, e.at_us) for e in late] == [
        ("b", 5, 5), ("a", 0, 20), ("b", 25, 25), ("a", 10, 30), ("a", None, 30),
    ]  # fmt: skip


def test_jitter_moves_timestamps_by_no_more_than_its_amount_where_there_is_room() -> None:
    moved, counts = applied(stream("a", THOUSAND), "jitter=4ms")
    shifts = np.array(times(moved)) - np.array(THOUSAND)
    assert counts["moved in time"] == 1000
    assert np.abs(shifts).max() <= 4000
    assert 2000 < np.abs(shifts).std() + np.abs(shifts).mean() < 4000
    assert applied(stream("a", range(100)), "jitter=1s")[0][-1].at_us == 99


@pytest.mark.parametrize(
    "payload",
    [
        Image(ImageFormat.SRGB, np.zeros((32, 32, 3), np.uint8)),
        Matrix(np.zeros((1, 512), np.float32)),
        Tensor(np.zeros(512, np.float32)),
        np.zeros(512, np.float64),
        bytes(512),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_corruption_replaces_a_sixteenth_of_the_bytes_and_leaves_the_original(payload: Any) -> None:
    (event,), counts = applied([InputEvent(0, "a", Packet(payload, 0))], "corrupt=1")
    assert counts == {"corrupted": 1}
    assert event.packet is not None
    before, after = raw_bytes(payload), raw_bytes(event.packet.payload)
    changed = np.flatnonzero(before != after)
    assert not before.any()
    assert 0 < np.ptp(changed) < len(before) // 16
    assert len(changed) > 0.9 * len(before) // 16


def raw_bytes(payload: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    names = [name for name in ("pixels", "values", "array") if hasattr(payload, name)]
    held = getattr(payload, names[0]) if names else payload
    return np.frombuffer(held if isinstance(held, bytes) else held.tobytes(), np.uint8)


def test_a_corrupt_radar_grid_is_still_where_it_was() -> None:
    grid = RadarGrid(
        rain_rate_mm_h=np.zeros((16, 16), np.float32), projection="+proj=longlat",
        extent=Extent(0, 0, 1, 1), observed_us=5,
    )  # fmt: skip
    (event,), _ = applied([InputEvent(5, "a", Packet(grid, 5))], "corrupt=1")
    assert event.packet is not None
    assert event.packet.payload.extent == grid.extent
    assert (event.packet.payload.rain_rate_mm_h != 0).sum() == 16


def test_what_can_not_be_corrupted_is_counted() -> None:
    events = [InputEvent(0, "a", Packet({"x": 1}, 0))]
    assert applied(events, "corrupt=1") == (events, {"nothing in it to corrupt": 1})


def test_faults_follow_one_another() -> None:
    kept, counts = applied(stream("a", THOUSAND), "drop=0.5", "duplicate=1", "jitter=1ms")
    assert len(kept) == 2 * (1000 - counts["dropped"])


def test_without_faults_nothing_changes() -> None:
    events = stream("a", [3, 2, 1])  # the error of a run that failed has to come back too
    assert applied(events) == (events, {})


@pytest.mark.parametrize(
    "text",
    ["drop", "drop=", "drop=0", "drop=1.5", "drop=nan", "delay=0.1", "gap=0.1:soon",
     "jitter=10parsecs", "melt=1"],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(RecordingError, match=r"--fault .*expected \[STREAM:\]KIND=AMOUNT"):
        parse_fault(text)
