import numpy as np
import pytest

from flowlace.calculators.tracking.detection_look import DetectionLookCalculator
from flowlace.formats.detection import Detection
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.made_detections import detection

PIXELS = np.random.default_rng(3).integers(0, 256, (100, 200, 3)).astype(np.uint8)
FRAME = at(5, Image(ImageFormat.SRGB, PIXELS))


def test_every_detection_has_a_row_of_length_one() -> None:
    given = [at(5, [detection(0.1), detection(0.5), detection(0.7, 0.7)])]
    run = run_calculator(DetectionLookCalculator, IMAGE=[FRAME], DETECTIONS=given)
    [found] = run.payloads("LOOKS")
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 1], abs=1e-3)
    assert run.timestamps("LOOKS") == [5]
    assert not found.flags.writeable


def test_nothing_found_has_no_rows() -> None:
    run = run_calculator(DetectionLookCalculator, IMAGE=[FRAME], DETECTIONS=[at(5, [])])
    assert [len(found) for found in run.payloads("LOOKS")] == [0]


def test_frames_without_detections_are_only_passed_over() -> None:
    run = run_calculator(
        DetectionLookCalculator, IMAGE=[FRAME, at(9, FRAME.payload)], DETECTIONS=[at(9, [])]
    )
    assert run.timestamps("LOOKS") == [9]


@pytest.mark.parametrize("kind", [ImageFormat.SRGB, ImageFormat.SRGBA, ImageFormat.SBGRA])
def test_the_order_of_channels_does_not_matter(kind: ImageFormat) -> None:
    opaque = np.full((100, 200, 1), 255, np.uint8)
    order = PIXELS[:, :, ::-1] if kind is ImageFormat.SBGRA else PIXELS
    pixels = order if kind is ImageFormat.SRGB else np.concatenate((order, opaque), axis=2)
    given = [at(5, [detection(0.1)])]
    run = run_calculator(
        DetectionLookCalculator, IMAGE=[at(5, Image(kind, pixels))], DETECTIONS=given
    )
    plain = run_calculator(DetectionLookCalculator, IMAGE=[FRAME], DETECTIONS=given)
    assert run.payloads("LOOKS")[0] == pytest.approx(plain.payloads("LOOKS")[0])


def test_gray_frames_have_looks_too() -> None:
    gray = Image(ImageFormat.GRAY8, PIXELS[:, :, 0])
    run = run_calculator(
        DetectionLookCalculator, IMAGE=[at(5, gray)], DETECTIONS=[at(5, [detection()])]
    )
    assert len(run.payloads("LOOKS")[0]) == 1


def test_frames_that_are_no_pictures_are_an_error() -> None:
    vectors = Image(ImageFormat.VEC32F1, PIXELS[:, :, 0].astype(np.float32))
    with pytest.raises(FlowlaceError, match="format VEC32F1 can't be compared"):
        run_calculator(
            DetectionLookCalculator, IMAGE=[at(5, vectors)], DETECTIONS=[at(5, [detection()])]
        )


def test_a_detection_without_a_relative_box_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match="a look needs RELATIVE_BOUNDING_BOX"):
        run_calculator(DetectionLookCalculator, IMAGE=[FRAME], DETECTIONS=[at(5, [Detection()])])
