from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers import tflite
from flowlace_trainers.nowcast.export import export_unet
from flowlace_trainers.nowcast.task import RainUnetTask

from flowlace.inference.model_spec import ModelSpec
from flowlace.nowcasting.nowcast import nowcast
from tests.nowcasting.made_rain import moving_rain
from tests.trainers.nowcast import toys


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> RainUnetTask:
    return RainUnetTask(toys.CONFIG, Path("none"), tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def spec(task: RainUnetTask, folder: Path) -> ModelSpec:
    torch.manual_seed(1)
    return export_unet(task.make_model().eval(), toys.CONFIG, task.training, folder, {"seed": 1})


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_an_exported_model_makes_nowcasts(spec: ModelSpec, folder: Path, precision: str) -> None:
    path = folder / spec.files[precision].file
    frames = moving_rain([-10, -5, 0], 0.2, 0.1)
    chance = nowcast(frames, 5, [20, 60], f"unet:{path}", [0.5, 1.5])
    assert chance.shape == (2, 2, 256, 256)
    assert np.isfinite(chance[:, :, 60:-60, 60:-60]).all()


def test_the_spec_says_what_the_outputs_are(spec: ModelSpec) -> None:
    assert spec.options("UnetNowcast") == {
        "lead_minutes": list(toys.LEADS),
        "threshold_mm_h": list(toys.LIMITS),
        "network_weight": [],
        "lagrangian_weight": [],
        "network_blur_km_minute": 0.0,
    }
    assert spec.task == "nowcast"


def test_the_file_names_its_outputs_and_facts(spec: ModelSpec, folder: Path) -> None:
    facts, names = tflite.read_card((folder / spec.files["float32"].file).read_bytes())
    assert facts["seed"] == 1
    assert facts["agreement_db"] > 70
    assert names[0] == "+10 min, at least 0.2 mm/h"
    assert names[-1] == "+60 min, rate"
