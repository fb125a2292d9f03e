from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers import tflite
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video import export
from flowlace_trainers.video.export import export_classifier
from flowlace_trainers.video.image_network import ImageNetwork, ImageNetworkOptions
from flowlace_trainers.video.sampling import stacked
from flowlace_trainers.video.stepped_network import SteppedNetwork

from flowlace.inference.model_spec import read_model_spec
from tests.trainers.video.toy_task import CONFIG, NETWORK, Slides
from tests.trainers.video.toys import LEARNER, shaken

FACTS = {"name": "slides", "seed": 1}


@pytest.fixture(scope="module")
def network() -> SteppedNetwork:
    made = SteppedNetwork(NETWORK)
    shaken(made)
    return made


@pytest.fixture(scope="module")
def folder(network: SteppedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    export_classifier(network, CONFIG, Slides(8, 1), made, FACTS)
    return made


def exported(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def test_the_two_models_and_a_ring_give_what_torch_gives_for_the_clip(
    network: SteppedNetwork, folder: Path
) -> None:
    tokens = tflite.runner(exported(folder, "slides_frame_tokens_f32.tflite"))
    head = tflite.runner(exported(folder, "slides_temporal_head_f32.tflite"))
    frames = np.concatenate([Slides(4, 5)[number].frames for number in range(4)])  # 16 steps
    steps = stacked(frames).reshape(16, 6, 16, 24)
    ring = deque([np.zeros((1, 2, 32), np.float32)] * 4, maxlen=4)
    streamed = []
    for step in steps.transpose(0, 2, 3, 1):
        ring.append(tokens(np.ascontiguousarray(step[None]))[0])
        streamed.append(head(np.stack(list(ring), 1))[0])
    clips = np.stack([steps[end - 4 : end].reshape(24, 16, 24) for end in range(4, 17)])
    with torch.inference_mode():
        wanted = torch.softmax(network(torch.from_numpy(clips)), -1).numpy()
    np.testing.assert_allclose(np.concatenate(streamed)[3:], wanted, atol=2e-5)
    assert wanted.std(0).min() > 1e-3


def test_the_files_tell_how_they_are_fed(folder: Path) -> None:
    content = exported(folder, "slides_temporal_head_int8.tflite")
    facts, labels = tflite.read_card(content)
    assert labels == ["left", "right"]
    assert (facts["steps"], facts["frames_a_step"], facts["period_us"]) == (4, 2, 100_000)
    assert facts["precision"] == "int8"
    assert tflite.input_shapes(content) == [(1, 4, 2, 32)]
    frame_tokens = exported(folder, "slides_frame_tokens_f32.tflite")
    assert tflite.input_shapes(frame_tokens) == [(1, 16, 24, 6)]


def test_specs_set_the_nodes_around(folder: Path) -> None:
    spec = read_model_spec(folder / "slides_frame_tokens.json")
    assert spec.task == "video_classification"
    assert spec.options("ImageToTensorCalculator")["output_tensor_width"] == 24
    head = read_model_spec(folder / "slides_temporal_head.json")
    assert head.labels == ("left", "right")
    assert head.options("ImageToTensorCalculator") == {}


def test_a_classifier_of_pictures_is_one_model(tmp_path: Path) -> None:
    options = ImageNetworkOptions(
        classes=2,
        size=replace(NETWORK.size, layers=1),
        patches=replace(NETWORK.tubelets, frames=1),
        token_learner=replace(LEARNER, at=1, version="1"),
    )
    config = replace(CONFIG, network=options)
    network = shaken(ImageNetwork(options))
    (spec,) = export_classifier(network, config, Slides(4, 1), tmp_path, FACTS)
    assert (spec.name, spec.task) == ("slides", "image_classification")
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)
    (given,) = tflite.runner((tmp_path / "slides_f32.tflite").read_bytes())(picture)
    with torch.inference_mode():
        wanted = network(torch.from_numpy(picture).permute(0, 3, 1, 2)).softmax(-1).numpy()
    np.testing.assert_allclose(given, wanted, atol=2e-5)


def test_a_model_that_does_not_agree_is_not_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_another = exported(folder, "slides_frame_tokens_f32.tflite")
    monkeypatch.setattr(export, "_converted", lambda _: of_another)
    network = shaken(SteppedNetwork(NETWORK), seed=7)
    with pytest.raises(
        TrainerError, match=r"slides_frame_tokens_f32\.tflite: exported and trained"
    ):
        export_classifier(network, CONFIG, Slides(4, 1), tmp_path, FACTS)
    assert list(tmp_path.iterdir()) == []
