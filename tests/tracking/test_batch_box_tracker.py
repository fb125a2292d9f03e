"""MediaPipe's acceptance test of the box step, on motion of our own making."""

from pathlib import Path

import numpy as np
import pytest

from flowlace.tracking.batch_box_tracker import BatchBoxTracker
from flowlace.tracking.chunk_file import read_chunks, write_chunks
from tests.tracking.tracking_scenes import box_around, largest_edge_error, synthetic_motion

BOX = (220 / 1280, 252 / 720)
TURNS_S = np.array([0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0])
TURNS_XY = np.array(
    [[0.2, 0.3], [0.5, 0.3], [0.7, 0.6], [0.4, 0.7], [0.3, 0.4], [0.6, 0.5], [0.8, 0.3]]
)


def center_at(timestamp_us: float) -> np.ndarray:
    t = timestamp_us / 1e6
    return np.array([np.interp(t, TURNS_S, TURNS_XY[:, axis]) for axis in (0, 1)])


@pytest.fixture(scope="module")
def chunk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chunks")
    times = [round(k * 1e6 / 24) for k in range(24 * 15 + 1)]
    centers = np.stack([center_at(t) for t in times])
    write_chunks(folder, synthetic_motion(centers, times, box_size=BOX))
    return folder


@pytest.fixture(scope="module")
def tracker(chunk_folder: Path) -> BatchBoxTracker:
    return BatchBoxTracker(read_chunks(chunk_folder))


def errors(tracker: BatchBoxTracker, id_: int) -> list[float]:
    times = range(0, 15_000_000, 33_000)
    found = [(tracker.timed_position(id_, t), box_around(center_at(t), BOX, t)) for t in times]
    return [largest_edge_error(box, wanted) for box, wanted in found if box is not None]


def test_every_edge_stays_within_0_015_both_ways_from_three_seconds(
    tracker: BatchBoxTracker,
) -> None:
    tracker.new_box_track(box_around(center_at(3_000_000), BOX, 3_000_000))
    measured = errors(tracker, 1)
    assert len(measured) == 455
    assert max(measured) < 0.015


def test_a_second_checkpoint_is_met_exactly(tracker: BatchBoxTracker) -> None:
    shifted = box_around(center_at(8_000_000) + 0.02, BOX, 8_000_000, id_=2)
    tracker.new_box_track(box_around(center_at(3_000_000), BOX, 3_000_000, id_=2))
    tracker.new_box_track(shifted)
    found = tracker.timed_position(2, 8_000_000)
    assert found is not None
    assert largest_edge_error(found, shifted) < 1e-9


def test_a_checkpoint_less_than_a_second_away_replaces_the_older(
    tracker: BatchBoxTracker,
) -> None:
    tracker.new_box_track(box_around(center_at(3_000_000) + 0.5, BOX, 3_000_000, id_=3))
    tracker.new_box_track(box_around(center_at(3_500_000), BOX, 3_500_000, id_=3))
    found = tracker.timed_position(3, 3_000_000)
    assert found is not None
    assert largest_edge_error(found, box_around(center_at(3_000_000), BOX, 0)) < 0.015


def test_an_unknown_id_has_no_position(tracker: BatchBoxTracker) -> None:
    assert tracker.timed_position(99, 0) is None


def test_a_cancelled_id_has_no_position(tracker: BatchBoxTracker) -> None:
    tracker.new_box_track(box_around(center_at(3_000_000), BOX, 3_000_000, id_=4))
    tracker.cancel(4)
    assert tracker.timed_position(4, 3_000_000) is None


def test_a_start_outside_the_sequence_is_refused(tracker: BatchBoxTracker) -> None:
    with pytest.raises(ValueError, match=r"starts at 99000000 us, but the sequence covers"):
        tracker.new_box_track(box_around(center_at(0), BOX, 99_000_000))


def test_an_empty_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one TrackingData"):
        BatchBoxTracker([])
