"""MediaPipe's own audio classifier as a node."""

import numpy as np
import pytest

from flowlace.calculators.inference.mediapipe_audio_classifier import (
    MediaPipeAudioClassifierCalculator,
)
from flowlace.calculators.inference.mediapipe_task import MediaPipeTaskOptions
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.mediapipe_package import needs_mediapipe
from tests.inference.test_tflite_file import MODELS, needs_models

NOISE = np.random.default_rng(0).normal(0, 0.1, (1, 32_000)).astype(np.float32)


def classify(samples: np.ndarray) -> CalculatorRun:
    model = MODELS / "yamnet_audio_classifier_with_metadata.tflite"
    return run_calculator(
        MediaPipeAudioClassifierCalculator,
        MediaPipeTaskOptions(model_path=str(model), max_results=2),
        inputs={"AUDIO": [at(0, samples)]},
        side_packets={"SAMPLE_RATE": 16_000.0},
    )


@needs_mediapipe
@needs_models
@pytest.mark.data
def test_sound_is_classified_window_by_window() -> None:
    (found,) = classify(NOISE).payloads("CLASSIFICATIONS")
    assert len(found) >= 2
    assert all(len(each.classification) == 2 for each in found)


@needs_mediapipe
@needs_models
@pytest.mark.data
def test_samples_of_another_shape_are_an_error() -> None:
    with pytest.raises(
        FlowlaceError, match=r"float32 \[channel, sample\], but is float32 \[32000\]"
    ):
        classify(NOISE[0])
