import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from flowlace_trainers.detector.coco import CocoSamples
from flowlace_trainers.errors import TrainerError

Edit = Callable[[dict[str, Any]], Any]


def content() -> dict[str, Any]:
    return {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 5, 20, 10], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 1, "bbox": [30, 0, 20, 24], "iscrowd": 1},
            {"id": 3, "image_id": 7, "category_id": 1, "bbox": [5, 5, 1, 9]},
            {"id": 4, "image_id": 7, "category_id": 1, "bbox": [50, 5, 9, 9]},
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, level in (("a.png", 10), ("b.png", 200)):
        picture = np.full((24, 40, 3), level, np.uint8)
        picture[..., 0] = 0  # OpenCV's first channel is blue
        cv2.imwrite(str(tmp_path / name), picture)
    return tmp_path


def opened(folder: Path, edit: Edit = lambda _: None, **options: Any) -> CocoSamples:
    made = content()
    edit(made)
    (folder / "boxes.json").write_text(json.dumps(made))
    return CocoSamples(folder / "boxes.json", folder, **options)


def test_boxes_become_corners_cut_at_the_edges(folder: Path) -> None:
    sample = opened(folder)[0]
    np.testing.assert_allclose(sample.boxes, [(10, 5, 30, 15), (30, 0, 40, 24), (5, 5, 6, 14)])
    assert sample.classes.tolist() == [1, 0, 0]


def test_crowds_and_tiny_boxes_are_ignored(folder: Path) -> None:
    assert opened(folder)[0].is_ignored.tolist() == [False, True, True]


def test_pictures_are_rgb(folder: Path) -> None:
    assert opened(folder)[1].image[0, 0].tolist() == [200, 200, 0]


def test_labels_are_in_the_order_of_ids_or_as_asked_for(folder: Path) -> None:
    assert opened(folder).labels == ("person", "car")
    only_cars = opened(folder, labels=("car",))
    assert only_cars[0].classes.tolist() == [0]


def test_a_picture_without_boxes_is_a_sample(folder: Path) -> None:
    samples = opened(folder)
    assert len(samples) == 2
    assert samples[1].boxes.shape == (0, 4)


def test_the_digest_follows_the_annotations(folder: Path) -> None:
    before = opened(folder).digest
    assert opened(folder, lambda made: made["annotations"].pop()).digest != before


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda made: made.pop("images"), "no list 'images'"),
        (lambda made: made["annotations"][0].pop("bbox"), r"annotations\[0\]: 'bbox' is missing"),
        (lambda made: made["annotations"][1].update(bbox=[1, 2]), r"annotations\[1\]: bbox must"),
        (lambda made: made["annotations"][0].update(image_id=8), "image_id 8 .* not in the file"),
        (lambda made: made["categories"][0].pop("name"), r"categories\[0\]: 'name' is missing"),
    ],
)
def test_what_is_not_coco_is_named(folder: Path, edit: Edit, message: str) -> None:
    with pytest.raises(TrainerError, match=message):
        opened(folder, edit)


def test_an_unknown_label_lists_the_known(folder: Path) -> None:
    with pytest.raises(TrainerError, match="no category tram; it has: car, person"):
        opened(folder, labels=("tram",))


def test_a_missing_picture_is_named(folder: Path) -> None:
    samples = opened(folder)
    (folder / "a.png").unlink()
    with pytest.raises(TrainerError, match=r"a\.png' .* is missing or no picture"):
        samples[0]


def test_a_file_that_is_no_json_is_named(folder: Path) -> None:
    (folder / "boxes.json").write_text("{")
    with pytest.raises(TrainerError, match="can't be read"):
        CocoSamples(folder / "boxes.json", folder)
