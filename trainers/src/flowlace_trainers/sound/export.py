"""A trained sound classifier as files that graphs can use: float32, int8, and their `ModelSpec`.

Input: log-mel windows `[1, 96, 64, 1]`, float32 (front_end.py). Output: `[1, classes]`, float32,
the probability of each class by itself, before calibration; the spec holds that.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.inference.model_spec import ModelSpec, write_model_spec
from flowlace_trainers import tflite
from flowlace_trainers.exported_files import Checked, Unchecked, write_checked
from flowlace_trainers.sound.calibration import CalibratedClass, node_options
from flowlace_trainers.sound.clips import Clip
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.front_end import (
    BANDS,
    FFT_SAMPLES,
    FLOOR,
    FRAME_SAMPLES,
    HIGHEST_HZ,
    HOP_SAMPLES,
    LOWEST_HZ,
    SAMPLE_RATE,
    WINDOW_FRAMES,
    Floats,
)
from flowlace_trainers.sound.network import SoundNetwork
from flowlace_trainers.sound.samples import clip_windows
from flowlace_trainers.sound.scoring import Network

FLOAT_LEAST_DB = 80.0
"""Agreement of the float32 file with the trained model that is asked for."""

INT8_LEAST_DB = 12.0
"""The same for the int8 file; what it costs in accuracy is on the card."""

_CALIBRATION_WINDOWS = 256
_CHECKED_WINDOWS = 16
_LEAST = 1e-7

# The sigmoid stays in float: in eight bits its steps are 1/256, and thresholds lie near 1.
_KEEP_FLOAT = r"serving_default_output.*"


class _Exported(nn.Module):
    """The network with probabilities instead of logits."""

    def __init__(self, network: SoundNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, windows: Tensor) -> Tensor:
        return torch.sigmoid(self.network(windows))


def export_files(
    network: SoundNetwork,
    config: SoundConfig,
    training: Sequence[Clip],
    folder: Path,
    facts: Mapping[str, Any],
) -> dict[str, Checked]:
    """Writes `NAME_f32.tflite` and `NAME_int8.tflite`; returns what was written by precision.

    Args:
        network: trained.
        config: it was trained by.
        training: windows of these show the ranges of activations.
        folder: gets the files.
        facts: go into the files' metadata.

    Raises:
        TrainerError: an exported model doesn't do what the trained one does.
    """
    module = _Exported(network).eval()
    windows = _windows(training, _CALIBRATION_WINDOWS)
    content = tflite.converted(module, (WINDOW_FRAMES, BANDS, 1))
    small = tflite.quantized(content, windows, keep_float=_KEEP_FLOAT)
    made = {
        "float32": Unchecked(f"{config.name}_f32.tflite", content, FLOAT_LEAST_DB),
        "int8": Unchecked(f"{config.name}_int8.tflite", small, INT8_LEAST_DB),
    }
    checked = windows[:: max(1, len(windows) // _CHECKED_WINDOWS)]
    return write_checked(made, tflite.torch_runner(module), checked, facts, config.labels, folder)


def write_spec(
    config: SoundConfig,
    files: Mapping[str, Checked],
    classes: Sequence[CalibratedClass],
    folder: Path,
) -> ModelSpec:
    """Writes `NAME.json` beside the files, with the front end, calibration and thresholds."""
    spec = ModelSpec(
        name=config.name,
        task="sound_events",
        licence=config.licence,
        summary=config.summary,
        labels=tuple(config.labels),
        files={precision: one.file for precision, one in files.items()},
        default="int8",
        nodes={**_front_end(), **node_options(classes)},
    )
    write_model_spec(spec, folder / f"{config.name}.json")
    return spec


def tflite_classifier(content: bytes) -> Network:
    """Returns an exported classifier as a function from windows `[n, 96, 64]` to logits."""
    run = tflite.runner(content)

    def network(windows: Floats) -> Floats:
        scores = np.concatenate([run(one[None, :, :, None])[0] for one in windows])
        bounded = np.clip(scores, _LEAST, 1 - _LEAST)
        logits: Floats = np.log(bounded / (1 - bounded))
        return logits

    return network


def _front_end() -> dict[str, dict[str, Any]]:
    return {
        "SpectrogramCalculator": {
            "frame_duration_seconds": FRAME_SAMPLES / SAMPLE_RATE,
            "frame_overlap_seconds": (FRAME_SAMPLES - HOP_SAMPLES) / SAMPLE_RATE,
            "fft_size": FFT_SAMPLES,
        },
        "MelSpectrumCalculator": {
            "channel_count": BANDS,
            "min_frequency_hertz": LOWEST_HZ,
            "max_frequency_hertz": HIGHEST_HZ,
        },
        "StabilizedLogCalculator": {"stabilizer": FLOOR},
    }


def _windows(clips: Sequence[Clip], most: int) -> list[NDArray[np.float32]]:
    """Returns windows `[1, 96, 64, 1]` from all over the clips."""
    places = np.linspace(0, len(clips) - 1, min(most, len(clips))).astype(int)
    firsts = (clip_windows(clips[place].sound) for place in places)
    return [
        np.ascontiguousarray(one[number % len(one)][None, :, :, None])
        for number, one in enumerate(firsts)
    ]
