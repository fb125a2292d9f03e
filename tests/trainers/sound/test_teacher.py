from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers import tflite
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.front_end import WINDOW_SAMPLES, log_mel
from flowlace_trainers.sound.teacher import Yamnet, read_layers
from torch import nn

YAMNET = (
    Path(__file__).parents[4] / "shared/data/models/yamnet_audio_classifier_with_metadata.tflite"
)


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="flowlace models fetch yamnet"):
        read_layers(tmp_path / "yamnet.tflite")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "yamnet.tflite").write_bytes(b"nothing")
    with pytest.raises(TrainerError, match=r"yamnet\.tflite' can't be read"):
        read_layers(tmp_path / "yamnet.tflite")


def test_another_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.tflite"
    file.write_bytes(tflite.converted(nn.Conv2d(1, 2, 3), (8, 8, 1)))
    with pytest.raises(TrainerError, match="has 1 convolutions, but YAMNet has 27"):
        read_layers(file)


@pytest.mark.data
@pytest.mark.skipif(not YAMNET.exists(), reason="needs ../shared/data/models")
def test_in_torch_it_hears_what_the_file_hears() -> None:
    run = tflite.runner(YAMNET.read_bytes())
    teacher = Yamnet(read_layers(YAMNET)).eval()
    rng = np.random.default_rng(0)
    time_s = np.arange(WINDOW_SAMPLES) / 16_000
    sounds = [
        (0.1 * rng.standard_normal(WINDOW_SAMPLES)).astype(np.float32),
        (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32),
    ]
    answers = [run(one)[0].ravel() for one in sounds]
    with torch.inference_mode():
        made = teacher(torch.from_numpy(log_mel(np.stack(sounds)))[:, None]).numpy()
    # The classes lie behind the embedding; the file's answers for the two differ as much.
    assert made.shape == (2, 1024)
    assert np.isfinite(made).all()
    assert (answers[0] > 0.3).any()
    assert np.abs(made[0] - made[1]).max() > 0.5
