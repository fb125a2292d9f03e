"""The packaged object tracking graph on data made here: ids that stay, the same in every run."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.runner.find_graph import graphs_folder
from flowlace.testing.replay_detector import TrueBox
from tests.calculators.tracking.moving_card import PERIOD_US, WIDTH, frame, place
from tests.runner.replayed_graph import replayed, replayed_text

COUNT = 40
"""Frames, 25 a second: the card moves three pixels a frame to the right."""


def card(index: int, label: str = "card") -> TrueBox:
    x, y, w, h = place(index)
    return TrueBox(label=label, x=x, y=y, w=w, h=h)


def frames(count: int = COUNT) -> Iterable[tuple[int, Image]]:
    return ((index * PERIOD_US, frame(index)) for index in range(count))


TRUTH = {index * PERIOD_US: [card(index)] for index in range(120)}


def rows_of(change: Any = str, truth: Any = TRUTH, count: int = COUNT) -> list[Any]:
    return replayed(frames(count), truth, change=change)


def error_px(row: dict[str, Any], index: int) -> float:
    return float(np.abs(np.subtract([row[k] for k in "xywh"], place(index))).max())


def test_the_object_has_one_id_and_its_place_in_every_frame() -> None:
    rows = rows_of()
    assert [len(found) for found in rows] == [1] * COUNT
    assert {found[0]["id"] for found in rows} == {1}
    assert {found[0]["label"] for found in rows} == {"card"}
    assert [found[0]["timestamp_us"] for found in rows] == [i * PERIOD_US for i in range(COUNT)]
    assert max(error_px(found[0], index) for index, found in enumerate(rows)) < 6


@pytest.mark.parametrize("change", ["", "detection_delay_us: 200000"])
def test_rows_do_not_depend_on_the_number_of_threads(change: str) -> None:
    def with_delay(text: str) -> str:
        return text.replace("detection_delay_us: 0", change) if change else text

    alone = rows_of(
        lambda text: with_delay(text) + 'executor { type: "ApplicationThreadExecutor" }'
    )
    on_threads = [
        rows_of(lambda text, n=n: with_delay(text) + f"num_threads: {n}") for n in (1, 2, 8)
    ]
    assert on_threads == [alone] * 3
    assert any(alone)


def test_half_a_detection_a_second_is_enough() -> None:
    rows = rows_of(
        lambda text: text.replace("detection_period_us: 333333", "detection_period_us: 2000000"),
        count=60,
    )
    assert [len(found) for found in rows] == [1] * 60
    assert {found[0]["id"] for found in rows} == {1}
    assert max(error_px(found[0], index) for index, found in enumerate(rows)) < 12


def test_a_detector_that_is_late_adds_its_objects_where_they_are_by_then() -> None:
    rows = rows_of(lambda text: text.replace("detection_delay_us: 0", "detection_delay_us: 200000"))
    assert [len(found) for found in rows] == [0] * 5 + [1] * (COUNT - 5)
    assert {found[0]["id"] for found in rows[5:]} == {1}
    assert max(error_px(found[0], index) for index, found in enumerate(rows[5:], 5)) < 6


def test_a_detector_that_finds_nothing_gives_empty_rows() -> None:
    assert rows_of(truth={}) == [[]] * COUNT


def test_an_empty_video_gives_nothing() -> None:
    assert replayed([], TRUTH) == []


def test_an_object_that_leaves_the_view_ends() -> None:
    count = 90
    leaves = next(index for index in range(count) if place(index)[0] > WIDTH)
    truth = {time: boxes for time, boxes in TRUTH.items() if boxes[0].x < WIDTH - 30}
    rows = rows_of(truth=truth, count=count)
    assert rows[leaves - 25]
    assert not any(rows[leaves + 1 :])


def test_boxes_that_were_replaced_are_cancelled_over_the_back_edge() -> None:
    boxes = replayed(frames(), TRUTH, watched="objecttrackingsubgraph__tracked_boxes")
    ids = [[box.id for box in found] for found in boxes]
    # At each detection the old box and the new one, in the frame after it the new one alone.
    assert ids[:2] == [[1], [1]]
    assert ids[9:11] == [[1, 2], [2]]
    assert [len(found) for found in ids].count(2) == len(range(9, COUNT, 9))


def test_two_objects_keep_their_ids() -> None:
    def both(index: int) -> list[TrueBox]:
        return [card(index), TrueBox(label="wall", x=20, y=180, w=60, h=50)]

    rows = rows_of(truth={index * PERIOD_US: both(index) for index in range(COUNT)})
    ids = {(row["label"], row["id"]) for found in rows for row in found}
    assert ids == {("card", 1), ("wall", 2)}


def test_an_object_that_is_hidden_comes_back_under_its_id() -> None:
    truth = {time: boxes for time, boxes in TRUTH.items() if not 400_000 < time < 1_300_000}
    color = np.array([0.3, 1.0, 0.5])
    pictures = []
    for index in range(COUNT):
        wall = np.asarray(frame(index).pixels)[:, :, None] * np.array([0.6, 0.6, 0.6])
        x, y, w, h = (round(value) for value in place(index))
        wall[y : y + h, x : x + w] = (wall[y : y + h, x : x + w] * color).astype(np.uint8)
        if 10 < index < 33:
            wall[:] = 90
        pictures.append((index * PERIOD_US, Image(ImageFormat.SRGB, wall.astype(np.uint8))))
    rows = replayed(pictures, truth)
    assert {found[0]["id"] for found in rows if found} == {1}
    assert rows[-1]


def test_the_robust_tracker_fits_in_its_place(tmp_path: Path) -> None:
    subgraph = graphs_folder() / "object_tracking/subgraphs/object_tracking_subgraph.pbtxt"
    text = subgraph.read_text().replace('"BoxTrackingInStep"', '"BoxTrackingInStepRobust"')
    (tmp_path / "object_tracking_subgraph.pbtxt").write_text(text)
    path = tmp_path / "replayed.pbtxt"
    path.write_text(replayed_text())
    rows = replayed(frames(20), TRUTH, graph=path)
    assert [len(found) for found in rows] == [1] * 20
    path.write_text(replayed_text() + "num_threads: 8\n")
    assert replayed(frames(20), TRUTH, graph=path) == rows


def test_objects_are_drawn() -> None:
    pictures = replayed(frames(3), TRUTH, watched="annotated_frames")
    x, y, _, _ = (round(value) for value in place(0))
    column = pictures[0].pixels[y + 10 : y + 40, x]
    assert (column == column[0]).all()  # the edge of the box, in one colour
    assert len(set(column[0].tolist())) > 1
