"""Points are found, followed, named and doubted."""

import numpy as np
import pytest

from flowlace.tracking.corners import CornerOptions, grid_corners
from flowlace.tracking.flow_support import FlowSupportOptions, supported_by_neighbours
from flowlace.tracking.region_flow import RegionFlow, RegionFlowOptions
from tests.tracking.tracking_scenes import crops, texture

SIZE = (320, 240)


def test_flow_of_shifted_crops_is_the_shift() -> None:
    flow = RegionFlow()
    first, second = crops(texture(400, 500, seed=0), size=SIZE, step=(4, -3 % 7), count=2)
    flow.track(first)
    found = flow.track(second)
    np.testing.assert_allclose(np.median(found.flow_to_previous, axis=0), (4, 4), atol=0.05)
    errors = np.linalg.norm(found.flow_to_previous - (4, 4), axis=1)
    assert np.mean(errors < 0.2) > 0.98


def test_points_keep_their_ids_over_many_frames() -> None:
    flow = RegionFlow()
    found = [
        flow.track(f) for f in crops(texture(300, 500, seed=1), size=SIZE, step=(2, 1), count=15)
    ]
    common = np.intersect1d(found[1].track_ids, found[-1].track_ids)
    assert len(common) > 0.6 * len(found[1].track_ids)


def test_ids_are_unique_within_a_frame() -> None:
    flow = RegionFlow()
    frames = crops(texture(300, 500, seed=1), size=SIZE, step=(5, 1), count=8)
    ids = [flow.track(frame).track_ids for frame in frames][-1]
    assert len(np.unique(ids)) == len(ids)


def test_points_are_named_as_discarded_at_their_greatest_age() -> None:
    flow = RegionFlow(RegionFlowOptions(long_tracks_max_frames=3))
    still = texture(240, 320, seed=2)
    found = [flow.track(still) for _ in range(5)]
    assert len(found[3].actively_discarded_track_ids) > 100
    assert set(found[3].actively_discarded_track_ids) <= set(found[2].track_ids)


def test_the_same_picture_again_counts_as_duplicated() -> None:
    flow = RegionFlow()
    frame = texture(240, 320, seed=3)
    flow.track(frame)
    assert flow.track(frame).is_duplicated


def test_a_moved_picture_does_not_count_as_duplicated() -> None:
    flow = RegionFlow()
    first, second = crops(texture(300, 400, seed=3), size=SIZE, step=(1, 0), count=2)
    flow.track(first)
    assert not flow.track(second).is_duplicated


@pytest.mark.parametrize("shape", [(240, 320), (1, 1), (5, 300), (16, 16)])
def test_flat_and_tiny_frames_give_no_points(shape: tuple[int, int]) -> None:
    flow = RegionFlow()
    flat = np.full(shape, 128, np.uint8)
    flow.track(flat)
    assert len(flow.track(flat).track_ids) == 0


def test_large_frames_are_shrunk() -> None:
    flow = RegionFlow(RegionFlowOptions(long_side_px=160))
    assert flow.track(texture(360, 640, seed=0)).frame_size == (160, 90)


def test_a_frame_of_another_size_is_refused() -> None:
    flow = RegionFlow()
    flow.track(texture(240, 320, seed=0))
    with pytest.raises(ValueError, match="started with frames of 320x240 pixels, but got 321x240"):
        flow.track(texture(240, 321, seed=0))


@pytest.mark.parametrize("shape", [(240, 320, 3), (0, 320)])
def test_a_frame_that_is_not_gray_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expects a gray frame"):
        RegionFlow().track(np.zeros(shape, np.uint8))


def test_corners_keep_their_distance() -> None:
    options = CornerOptions(min_feature_distance=7)
    points = grid_corners(texture(240, 320, seed=4), np.empty((0, 2)), 300, options)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e3 * np.eye(len(points))
    # The window maximum is square: two corners may be a row apart by less than a diagonal.
    assert apart.min() >= 4


def test_corners_stay_away_from_points_already_followed() -> None:
    gray = texture(240, 320, seed=4)
    taken = grid_corners(gray, np.empty((0, 2)), 100, CornerOptions())
    fresh = grid_corners(gray, taken, 100, CornerOptions())
    apart = np.linalg.norm(fresh[:, None] - taken[None], axis=2)
    assert apart.min() >= 5


def test_a_textured_corner_of_the_frame_does_not_take_all_points() -> None:
    gray = texture(240, 320, seed=5)
    faint = (gray // 8 + 100).astype(np.uint8)
    faint[:120, :160] = gray[:120, :160]
    points = grid_corners(faint, np.empty((0, 2)), 200, CornerOptions())
    share = np.mean((points[:, 0] < 160) & (points[:, 1] < 120))
    assert share < 0.5


def test_a_vector_against_its_neighbours_is_rejected() -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 200, (200, 2))
    flow = np.tile((3.0, 1.0), (200, 1))
    flow[17] = (-6, 4)
    kept = supported_by_neighbours(positions, flow, (200, 200), FlowSupportOptions())
    assert np.flatnonzero(~kept).tolist() == [17]


def test_a_small_object_is_not_voted_out_by_the_background() -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 200, (300, 2))
    positions[:5] = rng.uniform(96, 104, (5, 2))
    flow = np.zeros((300, 2))
    flow[:5] = (5, 0)
    kept = supported_by_neighbours(positions, flow, (200, 200), FlowSupportOptions())
    assert kept[:5].all()


def test_a_lonely_vector_is_kept() -> None:
    positions = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [190.0, 190.0]])
    flow = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [-9.0, 0.0]])
    kept = supported_by_neighbours(positions, flow, (200, 200), FlowSupportOptions())
    assert kept.all()
