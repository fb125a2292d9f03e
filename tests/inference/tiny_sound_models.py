"""Small sound classifiers whose answers can be foretold.

Both are sigmoids of a weighted sum, so their scores grow with the share of the window a sound
fills, as those of trained ones do.
"""

from pathlib import Path
from typing import Any

import numpy as np

from tests.inference.tiny_models import TinyGraph, TinyModel, TinyTensor

LABELS = {"labels.txt": "low\nhigh\n"}
FRAMES, BANDS = 96, 64
WINDOW_SAMPLES = 15_600


def _classifying(shape: tuple[int, ...], weights: Any, bias: Any) -> TinyGraph:
    outputs = len(bias)
    return TinyGraph(
        tensors=[
            TinyTensor(name="sound", shape=shape),
            TinyTensor(name="weights", values=weights),
            TinyTensor(name="bias", values=bias),
            TinyTensor(name="logits", shape=(1, outputs)),
            TinyTensor(name="scores", shape=(1, outputs)),
        ],
        inputs=["sound"],
        outputs=["scores"],
        operators=[
            ("FULLY_CONNECTED", ["sound", "weights", "bias"], ["logits"]),
            ("LOGISTIC", ["logits"], ["scores"]),
        ],
    )


def log_mel_model(folder: Path, shape: tuple[int, ...] = (1, FRAMES, BANDS)) -> Path:
    """Writes a model that hears tones of 300 Hz as `low` and of 3000 Hz as `high`.

    Over noise of 0.001 a tone of 0.3 lifts its band from about -3.5 to 3.5, so half a window of it
    gives a score of about 0.5.
    """
    weights = np.zeros((2, FRAMES, BANDS), np.float32)
    for row, hertz in enumerate((300, 3000)):
        weights[row, :, band_of(hertz)] = 2.0 / FRAMES
    weights = weights.reshape(2, -1)
    graph = _classifying(shape, weights, np.zeros(2, np.float32))
    model = TinyModel(graphs=[graph], packed=LABELS)
    return model.write(folder / "log_mel.tflite")


def waveform_model(folder: Path, shape: tuple[int, ...] = (WINDOW_SAMPLES,)) -> Path:
    """Writes a model that hears samples above 0 as `low` and below 0 as `high`."""
    weights = np.full((2, WINDOW_SAMPLES), 40 / WINDOW_SAMPLES, np.float32)
    weights[1] *= -1
    graph = _classifying(shape, weights, np.full(2, -8.0, np.float32))
    return TinyModel(graphs=[graph], packed=LABELS).write(folder / "waveform.tflite")


def band_of(hertz: float) -> int:
    """Returns YAMNet's mel band that is nearest to a frequency."""
    mel = 1127 * np.log(1 + np.array([125, 7500, hertz]) / 700)
    return round((mel[2] - mel[0]) / (mel[1] - mel[0]) * (BANDS + 1)) - 1
