"""Chunk files hold what was written, on the integer grid, in MediaPipe's layout."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.tracking_data import FrameFlags, TrackingData
from flowlace.tracking.chunk_file import read_chunk, read_chunks, write_chunks
from tests.formats.test_tracking_data import some_data
from tests.tracking.tracking_scenes import synthetic_motion


def sequence(seconds: float) -> list[TrackingData]:
    times = [round(k * 1e6 / 24) for k in range(round(24 * seconds))]
    centers = np.column_stack((np.linspace(0.3, 0.6, len(times)), np.full(len(times), 0.5)))
    return synthetic_motion(centers, times, box_size=(0.2, 0.3))


def test_everything_but_the_fraction_of_positions_survives(tmp_path: Path) -> None:
    data = some_data()
    (path,) = write_chunks(tmp_path, [data])
    (read,) = read_chunk(path)
    assert sorted(read.track_ids.tolist()) == sorted(data.track_ids.tolist())
    by_id = np.argsort(read.track_ids), np.argsort(data.track_ids)
    apart = read.positions[by_id[0]] - data.positions[by_id[1]]
    assert np.abs(apart).max() <= 0.5
    np.testing.assert_allclose(read.background_model, data.background_model, atol=1e-6)
    assert read.actively_discarded_track_ids.tolist() == [99]
    assert (read.timestamp_us, read.previous_timestamp_us) == (40_000, 0)


def test_the_whole_flow_does_not_change_by_rounding_positions(tmp_path: Path) -> None:
    data = some_data()
    (path,) = write_chunks(tmp_path, [data])
    (read,) = read_chunk(path)
    flows = [d.object_vectors + d.background_vectors() for d in (read, data)]
    by_id = np.argsort(read.track_ids), np.argsort(data.track_ids)
    np.testing.assert_allclose(flows[0][by_id[0]], flows[1][by_id[1]], atol=1e-4)


def test_chunks_cover_two_and_a_half_seconds_and_share_a_frame(tmp_path: Path) -> None:
    paths = write_chunks(tmp_path, sequence(6))
    assert [path.name for path in paths] == ["chunk_0000", "chunk_0001", "chunk_0002"]
    first, second = read_chunk(paths[0]), read_chunk(paths[1])
    assert first[-1].timestamp_us == second[0].timestamp_us == 2_500_000


def test_reading_a_folder_gives_each_frame_once(tmp_path: Path) -> None:
    written = sequence(6)
    write_chunks(tmp_path, written)
    assert [d.timestamp_us for d in read_chunks(tmp_path)] == [d.timestamp_us for d in written]


def test_flags_survive(tmp_path: Path) -> None:
    (path,) = write_chunks(
        tmp_path, [TrackingData.empty(timestamp_us=1, previous_timestamp_us=0, frame_aspect=2.0)]
    )
    assert read_chunk(path)[0].frame_flags is FrameFlags.BACKGROUND_UNSTABLE


def test_bytes_are_those_of_mediapipes_schema(tmp_path: Path) -> None:
    empty = TrackingData.empty(timestamp_us=3, previous_timestamp_us=2, frame_aspect=1.0)
    data = replace(empty, domain_width=2, domain_height=2)
    (path,) = write_chunks(tmp_path, [data])
    # Field 1 (item, length delimited), inside it field 1 (tracking data) with field 1
    # (frame flags) = 4; at the end fields 2 and 3 (last and first chunk) = true.
    content = path.read_bytes()
    assert content[0] == 0x0A
    assert content[2] == 0x0A
    assert content[4:6] == b"\x08\x04"
    assert content[-4:] == b"\x10\x01\x18\x01"


def test_a_file_that_is_no_chunk_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chunk_0000"
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(ValueError, match="chunk_0000: not a chunk of tracking data"):
        read_chunk(path)


def test_a_chunk_cut_off_is_named(tmp_path: Path) -> None:
    (path,) = write_chunks(tmp_path, [some_data()])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a chunk of tracking data"):
        read_chunk(path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected chunk_0000"):
        list(read_chunks(tmp_path))


def test_nothing_to_write_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to write"):
        write_chunks(tmp_path, [])
