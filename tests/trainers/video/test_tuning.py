import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers import cli
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.config import Folders
from flowlace_trainers.video.task import VideoTask
from flowlace_trainers.video.tuning import packaged_weights, parted, tuned_config
from flowlace_trainers.video.weights import write_weights
from typer.testing import CliRunner

from flowlace.inference.model_spec import read_model_spec
from tests.trainers.video.test_clips import write_video
from tests.trainers.video.toy_task import CONFIG


def clips(folder: Path, *labels: str, count: int = 6) -> Path:
    for number, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        [
            write_video(folder / label / f"{one}.mp4", list(range(20 + 60 * number, 200, 12)))
            for one in range(count)
        ]
    return folder


def test_every_fifth_clip_of_a_class_is_kept_to_check(tmp_path: Path) -> None:
    learnt, kept = parted(clips(tmp_path, "jump", "wave"))
    assert [one.path.parent.name + "/" + one.path.name for one in kept] == [
        "jump/4.mp4",
        "wave/4.mp4",
    ]
    assert len(learnt) == 10


def test_a_folder_may_part_its_clips_itself(tmp_path: Path) -> None:
    clips(tmp_path / "train", "jump", "wave", count=2)
    clips(tmp_path / "dev", "jump", count=1)
    learnt, kept = parted(tmp_path)
    assert (len(learnt), len(kept)) == (4, 1)


def test_folders_that_can_not_teach_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"has one class, 'jump'"):
        tuned_config(CONFIG, clips(tmp_path / "one", "jump"), name="mine", steps=10)
    with pytest.raises(TrainerError, match="fewer than 5 clips of every class"):
        parted(clips(tmp_path / "few", "jump", "wave", count=4))
    with pytest.raises(TrainerError, match="is no folder"):
        parted(tmp_path / "missing")


def test_a_tuned_network_begins_with_the_trained_one(tmp_path: Path) -> None:
    trained = VideoTask(CONFIG, Folders(tmp_path)).make_model()
    write_weights(trained, tmp_path / "start.safetensors")
    base = replace(CONFIG, start=tmp_path / "start.safetensors")
    config = tuned_config(base, clips(tmp_path / "a", "j", "k", "w"), name="mine", steps=10)
    made = VideoTask(config, Folders(tmp_path)).make_model()
    ours, theirs = (
        one.get_parameter("frame_tokens.positions").detach().numpy() for one in (made, trained)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert made.get_parameter("temporal_head.readout.1.weight").shape == (3, 32)


def test_shipped_networks_have_weights_to_begin_with() -> None:
    assert packaged_weights("motions") is not None
    assert packaged_weights("gesture_frames") is not None
    assert packaged_weights("unknown") is None


def test_one_command_tunes_exports_and_writes_a_card(tmp_path: Path) -> None:
    toy = tmp_path / "toy.py"
    toy.write_text("from tests.trainers.video.toy_task import CONFIG as CONFIG\n")
    folder, models = clips(tmp_path / "mine", "jump", "wave", count=5), tmp_path / "models"
    words = [
        *("video", "tune", folder, "--base", toy, "--name", "moves", "--steps", "5"),
        *("--out", tmp_path / "run", "--models", models, "--data", tmp_path / "data"),
    ]
    result = CliRunner().invoke(cli.app, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "8 clips to learn, 2 to check: jump, wave" in result.output
    spec = read_model_spec(models / "moves_frame_tokens.json")
    assert spec.labels == ("jump", "wave")
    card = (models / "card.md").read_text()
    assert "# moves\n\nTells jump, wave." in card
    assert "moves_temporal_head_int8.tflite" in card
    assert "| 24 × 16 |" in card
    rows = json.loads((tmp_path / "run" / "measured.json").read_text())["scores"]["evaluation"]
    assert rows["clips"] == 2
    assert rows["rows"]["torch"]["accuracy"] == rows["rows"]["float32"]["accuracy"]
