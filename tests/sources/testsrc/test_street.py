import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from flowlace.formats import ImageFormat
from flowlace.sources import SourceError, SourceTimeoutError, open_source
from flowlace.sources.testsrc.scene import LABELS, SceneBox
from flowlace.sources.testsrc.street import StreetOptions, StreetSource
from flowlace.testing.write_clip import write_clip


@pytest.fixture(scope="module")
def street() -> StreetSource:
    return StreetSource(StreetOptions(width=320, height=180, seconds=20))


@pytest.fixture(scope="module")
def still() -> StreetSource:
    """A tripod, a clean lens, steady light: only the traffic moves."""
    return StreetSource(
        StreetOptions(width=320, height=180, seconds=20, pan=0, shake=0, noise=0, light=0)
    )


def test_gives_frames_of_the_size_and_rate_asked_for() -> None:
    with open_source("testsrc:street?width=100&height=60&fps=25&seconds=0.2") as source:
        frames = list(source)
        info = source.info
    assert [frame.timestamp_us for frame in frames] == [0, 40_000, 80_000, 120_000, 160_000]
    assert {frame.payload.pixels.shape for frame in frames} == {(60, 100, 3)}
    assert frames[0].payload.format is ImageFormat.SRGB
    assert (info.frame_count, info.duration_us, info.frame_rate) == (5, 200_000, 25.0)


def test_is_the_same_in_any_reading_order(street: StreetSource) -> None:
    later_first = [street.image(n) for n in (40, 3)]
    fresh = StreetSource(StreetOptions(width=320, height=180, seconds=20))
    assert [fresh.image(n) for n in (3, 40)] == later_first[::-1]
    assert fresh.ground_truth(40) == street.ground_truth(40)


def test_another_seed_is_another_street(street: StreetSource) -> None:
    other = StreetSource(StreetOptions(width=320, height=180, seed=2))
    difference = np.abs(other.image(0).pixels.astype(int) - street.image(0).pixels.astype(int))
    assert difference.mean() > 10


def test_the_first_frame_is_already_busy(street: StreetSource) -> None:
    visible = [box for box in street.ground_truth(0) if box.visible_fraction > 0.3]
    assert len(visible) >= 6


def test_everything_a_detector_should_know_comes_by(street: StreetSource) -> None:
    seen = {box.label for frame in range(0, 600, 30) for box in street.ground_truth(frame)}
    assert seen == set(LABELS)


def test_ids_stay_with_their_labels(street: StreetSource) -> None:
    pairs = {
        (box.id, box.label) for frame in range(0, 600, 15) for box in street.ground_truth(frame)
    }
    assert len(pairs) == len({number for number, _ in pairs})


def track(street: StreetSource, number: int, frames: range) -> list[SceneBox]:
    boxes = (box for frame in frames for box in street.ground_truth(frame))
    return [box for box in boxes if box.id == number]


def test_boxes_move_smoothly(street: StreetSource) -> None:
    first = {box.id for box in street.ground_truth(100) if box.visible_fraction > 0.9}
    boxes = track(street, min(first), range(100, 130))
    steps = np.hypot(np.diff([b.x + b.w / 2 for b in boxes]), np.diff([b.y for b in boxes]))
    assert steps.max() < 12


def test_some_things_grow_as_they_come_nearer(street: StreetSource) -> None:
    heights: dict[int, list[float]] = {}
    for frame in range(0, 600, 15):
        for box in street.ground_truth(frame):
            heights.setdefault(box.id, []).append(box.h)
    assert max(max(one) / min(one) for one in heights.values()) > 3


def test_some_things_are_hidden_for_a_while_and_come_back(street: StreetSource) -> None:
    shares: dict[int, list[float]] = {}
    for frame in range(0, 300, 5):
        for box in street.ground_truth(frame):
            shares.setdefault(box.id, []).append(box.visible_fraction)
    returned = [
        one for one in shares.values() if max(one[:8]) > 0.8 > 0.3 > min(one) and one[-1] > 0.8
    ]
    assert returned


def test_visible_fractions_are_shares(street: StreetSource) -> None:
    shares = [box.visible_fraction for box in street.ground_truth(50)]
    assert 0 <= min(shares) <= max(shares) <= 1


def test_a_box_holds_what_is_drawn(still: StreetSource) -> None:
    """Where traffic was, and nowhere else, the picture differs from the empty street."""
    empty = StreetSource(
        StreetOptions(
            width=320, height=180, density=0, pan=0, shake=0, noise=0, light=0, seconds=20
        )
    )
    difference = np.abs(
        still.image(60).pixels.astype(int) - empty.image(60).pixels.astype(int)
    ).max(axis=2)
    outside = np.ones(difference.shape, bool)
    for box in still.ground_truth(60):
        shadow = 0.1 * box.h + 3
        top, bottom = max(int(box.y) - 1, 0), int(box.y + box.h + shadow) + 2
        left, right = max(int(box.x - 0.25 * box.w) - 2, 0), int(box.x + 1.25 * box.w) + 3
        outside[top:bottom, left:right] = False
    assert (difference > 60).sum() > 500
    # A shadow may fall into the picture from a thing that is outside of it.
    assert (difference[outside] > 25).sum() < 20


def test_a_box_is_tight_around_what_is_drawn() -> None:
    options = {"width": 320, "height": 180, "pan": 0, "shake": 0, "noise": 0, "light": 0}
    quiet = StreetSource(StreetOptions(**options, density=0.12, seconds=60))
    empty = StreetSource(StreetOptions(**options, density=0, seconds=60))
    frame, box = next(
        (frame, box)
        for frame in range(0, 1800, 3)
        for box in quiet.ground_truth(frame)
        if _stands_alone(box, quiet.ground_truth(frame))
    )
    pictures = quiet.image(frame).pixels.astype(int), empty.image(frame).pixels.astype(int)
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 25
    rows = slice(int(box.y) - 6, int(box.y + 0.8 * box.h))  # the shadow lies below
    columns = slice(int(box.x) - 12, int(box.x + box.w) + 12)
    y, x = np.nonzero(changed[rows, columns])
    assert y.min() + rows.start == pytest.approx(box.y, abs=2)
    assert x.min() + columns.start == pytest.approx(box.x, abs=2)
    assert x.max() + 1 + columns.start == pytest.approx(box.x + box.w, abs=2)


def _stands_alone(box: SceneBox, boxes: list[SceneBox]) -> bool:
    is_clear = box.label == "car" and box.w > 40 and box.visible_fraction > 0.97
    return (
        is_clear
        and box.x > 14
        and box.x + box.w < 306
        and all(
            other.x > box.x + box.w + 20 or box.x > other.x + other.w + 20
            for other in boxes
            if other.id != box.id
        )
    )


def test_the_camera_matrix_tells_where_the_background_goes() -> None:
    street = StreetSource(
        StreetOptions(width=320, height=180, density=0, noise=0, light=0, seconds=20)
    )
    first, second = (street.image(n).gray().pixels for n in (0, 12))
    points = cv2.goodFeaturesToTrack(first[:90], 60, 0.02, 8).astype(np.float32)
    found, status, _ = cv2.calcOpticalFlowPyrLK(first, second, points, None)
    a, b = (np.vstack([street.camera_matrix(n), [0, 0, 1]]) for n in (0, 12))
    motion = (b @ np.linalg.inv(a))[:2]
    expected = (points[:, 0] + 0.5) @ motion[:, :2].T + motion[:, 2] - 0.5
    errors = np.linalg.norm(found[:, 0] - expected, axis=1)[status[:, 0] == 1]
    assert np.median(errors) < 0.25


def test_the_background_gives_hundreds_of_points_to_track(street: StreetSource) -> None:
    gray = street.image(30).gray().pixels
    assert len(cv2.goodFeaturesToTrack(gray, 500, 0.01, 5)) > 250


def test_a_tripod_in_steady_light_sees_a_still_street() -> None:
    street = StreetSource(
        StreetOptions(width=160, height=96, density=0, pan=0, shake=0, noise=0, light=0)
    )
    assert street.image(0) == street.image(200)


def test_light_changes_with_time() -> None:
    street = StreetSource(
        StreetOptions(width=160, height=96, density=0, pan=0, shake=0, noise=0, seconds=20)
    )
    means = [street.image(n).pixels.mean() for n in range(0, 600, 30)]
    assert max(means) / min(means) > 1.1


def test_noise_differs_from_frame_to_frame() -> None:
    street = StreetSource(
        StreetOptions(width=160, height=96, density=0, pan=0, shake=0, light=0, fps=1000)
    )
    difference = street.image(0).pixels.astype(int) - street.image(1).pixels.astype(int)
    assert 2.0 < difference.std() < 5.0


def test_a_street_without_end_goes_on() -> None:
    with open_source("testsrc:street?width=64&height=36&seconds=0") as source:
        assert source.info.frame_count is None
        assert isinstance(source, StreetSource)
        assert source.image(1_000_000).width_px == 64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("width=8", "width=8 and height=360 must be at least 32"),
        ("fps=0", "fps must be positive"),
        ("wdith=8", "'wdith' is not known; known are: width, height, fps"),
    ],
)
def test_says_what_is_wrong_with_options(options: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(f"testsrc:street?{options}")


class TestLive:
    @pytest.fixture
    def live(self, clock: Any) -> StreetSource:
        options = StreetOptions(width=64, height=36, fps=10, seconds=1, live=True)
        return StreetSource(options, clock)

    def test_is_live(self, live: StreetSource) -> None:
        assert live.is_live

    def test_frames_carry_the_time_of_the_clock(self, live: StreetSource, clock: Any) -> None:
        clock.advance_us(5_000_000)
        frame = live.read()
        assert frame is not None
        assert frame.timestamp_us == 5_000_000

    def test_a_slow_reader_gets_the_newest_and_the_others_are_counted(
        self, live: StreetSource, clock: Any
    ) -> None:
        live.read()
        clock.advance_us(450_000)
        frame = live.read()
        assert frame is not None
        assert (frame.timestamp_us, live.counts.dropped) == (400_000, 3)

    def test_waits_until_a_frame_is_due(self, live: StreetSource, clock: Any) -> None:
        live.read()
        with pytest.raises(SourceTimeoutError):
            live.read(timeout_s=0)
        clock.advance_us(100_000)
        frame = live.read(timeout_s=0)
        assert frame is not None
        assert frame.timestamp_us == 100_000

    def test_ends_after_its_length(self, live: StreetSource, clock: Any) -> None:
        live.read()
        clock.advance_us(3_000_000)
        assert live.read() is None
        assert live.counts.dropped == 9

    def test_closing_ends_it(self, live: StreetSource) -> None:
        live.read()
        live.close()
        assert live.read() is None


def test_writes_a_clip_and_its_truth_as_the_test_data_has_them(tmp_path: Path) -> None:
    street = StreetSource(StreetOptions(width=160, height=96, fps=25, seconds=0.4))
    write_clip(street, tmp_path / "street.mp4", tmp_path / "street.csv")
    with (tmp_path / "street.csv").open() as file:
        rows = list(csv.DictReader(file))
    with open_source(str(tmp_path / "street.mp4")) as clip:
        stamps = [frame.timestamp_us for frame in clip]
    assert list(rows[0]) == ["frame", "timestamp_us", "track_id", "x", "y", "w", "h"]
    assert stamps == [40_000 * n for n in range(10)]
    assert {(int(row["frame"]), int(row["timestamp_us"])) for row in rows} == set(enumerate(stamps))
    truth = {box.id: box for box in street.ground_truth(4) if box.visible_fraction >= 0.05}
    written = {int(row["track_id"]): float(row["x"]) for row in rows if row["frame"] == "4"}
    assert written == {number: pytest.approx(box.x, abs=0.006) for number, box in truth.items()}


def test_a_street_without_end_can_not_be_written(tmp_path: Path) -> None:
    street = StreetSource(StreetOptions(width=64, height=36, seconds=0))
    with pytest.raises(SourceError, match="give seconds > 0"):
        write_clip(street, tmp_path / "a.mp4", tmp_path / "a.csv")
