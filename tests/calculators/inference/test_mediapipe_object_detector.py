"""MediaPipe's own detector as a node: what it finds, and what is said where it can't run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.mediapipe_object_detector import (
    MediaPipeObjectDetectorCalculator,
)
from flowlace.calculators.inference.mediapipe_task import MediaPipeTaskOptions
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.sources.video_file import VideoFileSource
from flowlace.testing import at, run_calculator
from tests.calculators.inference.mediapipe_package import has_mediapipe, needs_mediapipe
from tests.inference.test_tflite_file import MODELS, needs_models

COCO_SSD = MODELS / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
STREET = MODELS.parent / "video" / "pedestrians_vtest_480.avi"
BLACK = Image(ImageFormat.SRGB, np.zeros((60, 80, 3), np.uint8))


def detect(image: Image, **options: Any) -> Any:
    return run_calculator(
        MediaPipeObjectDetectorCalculator,
        MediaPipeTaskOptions(**options),
        inputs={"IMAGE": [at(0, image)]},
    )


@pytest.mark.skipif(has_mediapipe, reason="is about a machine without the package mediapipe")
def test_without_the_package_the_error_names_the_extra() -> None:
    with pytest.raises(FlowlaceError, match=r"(?s)pip install 'flowlace\[mediapipe\]'"):
        detect(BLACK, model_path="any.tflite")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "model_path has to be given"),
        (
            {"model_path": "a", "category_allowlist": ("a",), "category_denylist": ("b",)},
            "category_allowlist or category_denylist, not both",
        ),
    ],
)
def test_options_that_can_not_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        detect(BLACK, **options)


@needs_mediapipe
@needs_models
@pytest.mark.data
def test_objects_are_found_with_labels_scores_and_relative_boxes() -> None:
    frame = VideoFileSource(STREET).read()
    assert frame is not None
    (found,) = detect(
        frame.payload, model_path=str(COCO_SSD), score_threshold=0.5, max_results=3
    ).payloads("DETECTIONS")
    assert [each.label for each in found] == [("person",), ("car",), ("person",)]
    assert found[0].score[0] == pytest.approx(0.73, abs=0.01)
    box = found[0].location_data.relative_bounding_box
    assert (box.xmin * 480, box.ymin * 360) == pytest.approx((312, 100), abs=1)


@needs_mediapipe
@needs_models
@pytest.mark.data
def test_a_model_a_task_can_not_use_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(b"garbage" * 100)
    with pytest.raises(FlowlaceError, match=r"(?s)MediaPipe can't run .*garbage\.tflite"):
        detect(BLACK, model_path=str(path))
