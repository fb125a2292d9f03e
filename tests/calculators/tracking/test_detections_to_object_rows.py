import numpy as np
import pytest

from flowlace.calculators.tracking.detections_to_object_rows import (
    DetectionsToObjectRowsCalculator,
)
from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.object_row import ObjectRow
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.made_detections import box, detection

FRAME = at(5, Image(ImageFormat.GRAY8, np.zeros((100, 200), np.uint8)))


def test_rows_are_in_pixels_of_the_frame() -> None:
    found = detection(0.1, 0.2, 0.5, id_=3, score=0.98765)
    tracked = box(3, 5, confidence=0.87654321)
    run = run_calculator(
        DetectionsToObjectRowsCalculator,
        VIDEO=[FRAME],
        DETECTIONS=[at(5, [found])],
        TRACKED_BOXES=[at(5, [tracked])],
    )
    expected = ObjectRow(
        timestamp_us=5, id=3, label="car", score=0.9877, x=20.0, y=20.0, w=100.0, h=50.0,
        confidence=0.8765,
    )  # fmt: skip
    assert run.payloads("ROWS") == [[expected]]
    assert run.timestamps("ROWS") == [5]


def test_without_the_trackers_boxes_confidence_is_one() -> None:
    run = run_calculator(
        DetectionsToObjectRowsCalculator, VIDEO=[FRAME], DETECTIONS=[at(5, [detection()])]
    )
    assert [(row.id, row.confidence) for row in run.payloads("ROWS")[0]] == [(-1, 1.0)]


def test_the_best_of_several_labels_is_told() -> None:
    found = Detection(
        label=("car", "van"), score=(0.3, 0.6), location_data=detection().location_data
    )
    run = run_calculator(
        DetectionsToObjectRowsCalculator, VIDEO=[FRAME], DETECTIONS=[at(5, [found])]
    )
    row = run.payloads("ROWS")[0][0]
    assert (row.label, row.score) == ("van", 0.6)


def test_no_objects_give_an_empty_list() -> None:
    run = run_calculator(DetectionsToObjectRowsCalculator, VIDEO=[FRAME], DETECTIONS=[at(5, [])])
    assert run.payloads("ROWS") == [[]]


def test_a_detection_without_a_relative_box_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="needs a detection with RELATIVE_BOUNDING_BOX"):
        run_calculator(
            DetectionsToObjectRowsCalculator, VIDEO=[FRAME], DETECTIONS=[at(5, [Detection()])]
        )
