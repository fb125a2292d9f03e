"""MediaPipe's own image classifier as a node."""

import numpy as np
import pytest

from flowlace.calculators.inference.mediapipe_image_classifier import (
    MediaPipeImageClassifierCalculator,
)
from flowlace.calculators.inference.mediapipe_task import MediaPipeTaskOptions
from flowlace.formats.image import Image, ImageFormat
from flowlace.testing import at, run_calculator
from tests.calculators.inference.mediapipe_package import needs_mediapipe
from tests.inference.test_tflite_file import MODELS, needs_models

BLACK = Image(ImageFormat.SRGB, np.zeros((60, 80, 3), np.uint8))


@needs_mediapipe
@needs_models
@pytest.mark.data
def test_pictures_are_classified_best_first() -> None:
    (found,) = run_calculator(
        MediaPipeImageClassifierCalculator,
        MediaPipeTaskOptions(
            model_path=str(MODELS / "mobilenet_v2_1.0_224_quant.tflite"), max_results=3
        ),
        inputs={"IMAGE": [at(0, BLACK)]},
    ).payloads("CLASSIFICATIONS")
    scores = [each.score for each in found.classification]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
