import numpy as np

from flowlace.calculators.audio.column_history import ColumnHistory
from tests.calculators.audio.sounds import noise


def test_columns_come_back_as_they_were_added() -> None:
    values, history = noise(1000, 3), ColumnHistory(3, 10)
    for begin in range(0, 1000, 7):
        history.append(values[:, begin : begin + 7])
    assert len(history) == 1000
    np.testing.assert_array_equal(history.columns(100, 50), values[:, 100:150])


def test_what_was_shown_never_changes() -> None:
    values, history = noise(200_000), ColumnHistory(1, 100)
    shown = []
    for begin in range(0, 200_000, 100):
        history.append(values[:, begin : begin + 100])
        shown.append(history.columns(0, 100))
        history.drop(100)
    np.testing.assert_array_equal(np.concatenate(shown, axis=1), values)


def test_memory_does_not_grow_with_time() -> None:
    history = ColumnHistory(1, 100)
    sizes = set()
    for _ in range(5000):
        history.append(np.zeros((1, 160), np.float32))
        history.drop(160)
        base = history.columns(0, 0).base
        assert base is not None
        sizes.add(base.nbytes)
    assert max(sizes) <= 4 * 16_384


def test_a_long_packet_leaves_no_long_block_behind() -> None:
    history = ColumnHistory(1, 100)
    history.append(np.zeros((1, 1_000_000), np.float32))
    history.drop(999_950)
    history.append(np.zeros((1, 50), np.float32))
    base = history.columns(0, 100).base
    assert base is not None
    assert base.nbytes <= 4 * 16_384


def test_frames_overlap_without_a_copy() -> None:
    values, history = noise(100, 2), ColumnHistory(2, 10)
    history.append(values)
    frames = history.frames(5, 4, 10, 3)
    np.testing.assert_array_equal(frames[2], values[:, 11:21].T)
    assert np.shares_memory(frames, history.columns(0, 100))


def test_no_more_is_dropped_than_there_is() -> None:
    history = ColumnHistory(1, 10)
    history.append(np.zeros((1, 5), np.float32))
    assert (history.drop(3), history.drop(3), len(history)) == (3, 2, 0)
