from pathlib import Path

import cv2
import numpy as np
import pytest
from flowlace_trainers.detector.teacher import SsdTeacher
from flowlace_trainers.errors import TrainerError

DATA = Path(__file__).parents[4] / "shared" / "data"
SSD = DATA / "models" / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
LABELS = DATA / "models" / "labelmap.txt"
VIDEO = DATA / "video" / "pedestrians_vtest_480.avi"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"none\.tflite.* one is missing"):
        SsdTeacher(tmp_path / "none.tflite", tmp_path / "labels.txt")


@pytest.mark.data
@pytest.mark.skipif(not SSD.exists() or not VIDEO.exists(), reason="needs ../shared/data")
def test_coco_ssd_sees_the_people_on_a_street() -> None:
    capture = cv2.VideoCapture(str(VIDEO))
    frame = cv2.cvtColor(np.asarray(capture.read()[1]), cv2.COLOR_BGR2RGB)
    taught = SsdTeacher(SSD, LABELS).look(frame.astype(np.uint8))
    sure = [label for label, score in zip(taught.labels, taught.scores, strict=True) if score > 0.5]
    assert sure.count("person") >= 3
    tall = taught.boxes[0, 3] - taught.boxes[0, 1] > taught.boxes[0, 2] - taught.boxes[0, 0]
    assert tall
    assert (taught.boxes[:, 2] <= frame.shape[1]).all()
