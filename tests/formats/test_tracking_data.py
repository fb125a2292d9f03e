"""TrackingData keeps its invariants and tells the same motion from either frame."""

from dataclasses import replace

import numpy as np
import pytest

from flowlace.formats.tracking_data import FrameFlags, TrackingData


def some_data(count: int = 50, *, seed: int = 0) -> TrackingData:
    rng = np.random.default_rng(seed)
    model = np.array([[1.01, 0.002, 1.5], [-0.003, 0.99, -0.8], [1e-5, -2e-5, 1.0]])
    return TrackingData(
        timestamp_us=40_000,
        previous_timestamp_us=0,
        domain_width=256,
        domain_height=192,
        frame_aspect=4 / 3,
        background_model=model,
        positions=rng.uniform(20, 170, (count, 2)),
        object_vectors=rng.normal(0, 2, (count, 2)),
        track_ids=np.arange(count, dtype=np.int64),
        actively_discarded_track_ids=np.array([99], np.int64),
    ).sorted_by_column()


def test_vectors_are_sorted_by_column_then_row() -> None:
    x, y = some_data().positions.T
    assert np.all(np.diff(x) >= 0)
    assert np.all((np.diff(x) > 0) | (np.diff(y) >= 0))


def test_arrays_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        some_data().positions[0] = 0


def test_inverted_vectors_lead_back() -> None:
    data = some_data()
    inverted = data.inverted()
    ends = data.positions + data.background_vectors() + data.object_vectors
    by_id = dict(zip(data.track_ids.tolist(), ends, strict=True))
    wanted = np.array([by_id[i] for i in inverted.track_ids.tolist()])
    np.testing.assert_allclose(inverted.positions, wanted)


def test_inverting_twice_gives_the_same() -> None:
    data = some_data()
    twice = data.inverted().inverted()
    np.testing.assert_allclose(twice.positions, data.positions)
    np.testing.assert_allclose(twice.object_vectors, data.object_vectors, atol=1e-9)
    np.testing.assert_allclose(twice.background_model, data.background_model, atol=1e-12)


def test_inverting_swaps_the_timestamps() -> None:
    inverted = some_data().inverted()
    assert (inverted.timestamp_us, inverted.previous_timestamp_us) == (0, 40_000)


def test_inverting_drops_vectors_that_leave_the_domain() -> None:
    data = some_data(count=2)
    out = replace(data, object_vectors=np.array([[0.0, 0.0], [500.0, 0.0]]))
    assert len(out.inverted().track_ids) == 1


def test_flags_are_told_by_name() -> None:
    data = replace(some_data(), frame_flags=FrameFlags.BACKGROUND_UNSTABLE | FrameFlags.DUPLICATED)
    assert (data.is_background_stable, data.is_duplicated, data.is_chunk_boundary) == (
        False,
        True,
        False,
    )


def test_the_first_frame_has_no_vectors() -> None:
    data = TrackingData.empty(timestamp_us=5, previous_timestamp_us=5, frame_aspect=1.5)
    assert len(data.inverted().positions) == 0


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 50 positions and vectors"):
        replace(some_data(), positions=np.zeros((3, 2)))


def test_a_domain_without_size_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        replace(some_data(), domain_width=0)
