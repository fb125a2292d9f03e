"""Boxes convert between fractions and pixels and refuse what is not a number."""

import math

import pytest

from flowlace.formats.tracked_box import TimedBox, TrackState


def test_pixels_survive_the_round_trip() -> None:
    box = TimedBox.from_pixels(
        x=10, y=20, width=30, height=40, frame_width=200, frame_height=100, timestamp_us=7
    )
    assert box.pixels(200, 100) == pytest.approx((10, 20, 30, 40))


def test_corners_of_an_upright_box_run_down_the_left_side_first() -> None:
    box = TimedBox(timestamp_us=0, left=0, top=0, right=0.5, bottom=1)
    assert box.corners_px(100, 100) == ((0, 0), (0, 100), (50, 100), (50, 0))


def test_a_quarter_turn_swaps_width_and_height_about_the_centre() -> None:
    box = TimedBox(timestamp_us=0, left=0, top=0, right=0.4, bottom=0.2, rotation=math.pi / 2)
    xs, ys = zip(*box.corners_px(100, 100), strict=True)
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((10, 30, -10, 30))


def test_corners_of_a_quad_are_its_own() -> None:
    box = TimedBox(
        timestamp_us=0, left=0, top=0, right=1, bottom=1, quad=(0, 0, 0, 1, 1, 1, 1, 0.5)
    )
    assert box.corners_px(10, 20)[3] == (10, 10)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_coordinate_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        TimedBox(timestamp_us=0, left=0, top=0, right=bad, bottom=1)


@pytest.mark.parametrize(
    ("state", "is_failure"),
    [
        (TrackState.UNTRACKED, True),
        (TrackState.EMPTY, True),
        (TrackState.NO_FEATURES, True),
        (TrackState.TRACKED, False),
        (TrackState.DUPLICATED, False),
        (TrackState.TRACKED_OUT_OF_BOUND, False),
    ],
)
def test_failures_are_the_states_without_a_place(state: TrackState, is_failure: bool) -> None:
    assert state.is_failure is is_failure
