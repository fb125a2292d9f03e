import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from flowlace_trainers.detector.backbone import Stage
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.fit import FitOptions, fit, load_best
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.coatnet import AttentionStage, CoAtNetOptions
from flowlace_trainers.video.config import Folders
from flowlace_trainers.video.stepped_network import SteppedOptions
from flowlace_trainers.video.task import VideoTask, mixed, smoothed
from flowlace_trainers.video.token_learner import TokenLearnerOptions

from tests.trainers.video.toy_task import CONFIG, NETWORK, Slides

HARD = Phase(share=1.0, width_px=24, height_px=16, strength=1.0, drop=0.0)
EASY = replace(HARD, strength=0.0)


@pytest.fixture(autouse=True)
def quiet() -> None:
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)


def test_a_toy_is_learned_and_told_by_its_motion(tmp_path: Path) -> None:
    task = VideoTask(CONFIG, Folders(tmp_path))
    fit(task, CONFIG.fit, tmp_path / "run")
    model = load_best(task, tmp_path / "run")
    assert task.scores(model, task.evaluation).accuracy > 0.95
    assert task.scores(model, task.evaluation, is_shuffled=True).accuracy < 0.8


def test_a_batch_is_a_function_of_its_step(tmp_path: Path) -> None:
    first, again = (VideoTask(CONFIG, Folders(tmp_path)).batch(3, HARD) for _ in range(2))
    other = VideoTask(CONFIG, Folders(tmp_path)).batch(4, HARD)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first.clips, other.clips)


def test_every_round_shows_every_clip_once(tmp_path: Path) -> None:
    task = VideoTask(CONFIG, Folders(tmp_path))
    assert sorted(task._shuffled(place) for place in range(128, 256)) == list(range(128))


def test_without_strength_clips_and_classes_are_plain(tmp_path: Path) -> None:
    config = replace(CONFIG, augment=replace(CONFIG.augment, rates=(1.0, 1.0), mirrored={}))
    task = VideoTask(config, Folders(tmp_path))
    batch = task.batch(0, EASY)
    assert set(batch.truth.unique().tolist()) == {0.0, 1.0}
    assert batch.filled.tolist() == [4] * 16
    clip = task.training[task._shuffled(0)]
    wanted = clip.frames.transpose(0, 3, 1, 2).reshape(24, 16, 24) / 127.5 - 1
    np.testing.assert_allclose(batch.clips[0], wanted, atol=1e-6)


def test_shares_of_classes_make_one(tmp_path: Path) -> None:
    batch = VideoTask(CONFIG, Folders(tmp_path)).batch(0, HARD)
    torch.testing.assert_close(batch.truth.sum(1), torch.ones(16))
    assert batch.truth.min() >= 0.1 / 2 - 1e-6
    assert 1 <= batch.filled.min() < 4


def test_labels_are_smoothed_to_the_mean_of_all() -> None:
    torch.testing.assert_close(
        smoothed(torch.tensor([1, 0]), 4, 0.2),
        torch.tensor([[0.05, 0.85, 0.05, 0.05], [0.85, 0.05, 0.05, 0.05]]),
    )


def test_neighbours_are_mixed() -> None:
    values = torch.tensor([[0.0], [4.0], [8.0]])
    assert mixed(values, 0.75).flatten().tolist() == [2.0, 3.0, 7.0]
    assert mixed(values, 1.0) is values


def test_a_network_with_batch_norms_is_trained_too(tmp_path: Path) -> None:
    phase = replace(HARD, width_px=64, height_px=32)
    network = CoAtNetOptions(
        classes=2,
        width_px=64,
        height_px=32,
        stem=4,
        convolution_stages=(Stage(width=8, blocks=1, stride=2, expansion=2, is_fused=True),),
        attention_stages=(AttentionStage(width=32, blocks=1),),
    )
    options = FitOptions(steps=2, phases=(phase,), warm_up_steps=1, evaluate_every=2, threads=1)
    config = replace(
        CONFIG,
        network=network,
        training=lambda _: Pictures(16, 1),
        development=lambda _: Pictures(8, 2),
        batch_size=4,
        fit=options,
    )
    best = fit(VideoTask(config, Folders(tmp_path)), options, tmp_path / "run")
    assert best.exists()


class Pictures(Slides):
    def __getitem__(self, index: int):  # type: ignore[no-untyped-def]
        clip = super().__getitem__(index)
        frames = np.zeros((1, 32, 64, 3), np.uint8)
        frames[:, :16, :24] = clip.frames[:1]
        return replace(clip, frames=frames, times_us=clip.times_us[:1])


class Others(Slides):
    labels = ("right", "left")


def test_data_that_do_not_fit_the_network_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="'slides': the network has 3 classes, the clips 2"):
        _ = VideoTask(
            replace(CONFIG, network=replace(NETWORK, classes=3)), Folders(tmp_path)
        ).training
    with pytest.raises(TrainerError, match="takes frames of 24×16, the clips have 64×32"):
        _ = VideoTask(
            replace(CONFIG, training=lambda _: Pictures(2, 1)), Folders(tmp_path)
        ).training
    with pytest.raises(TrainerError, match="labels differ between training and other clips"):
        _ = VideoTask(
            replace(CONFIG, development=lambda _: Others(2, 1)), Folders(tmp_path)
        ).development
    with pytest.raises(TrainerError, match="a set of clips is empty"):
        _ = VideoTask(replace(CONFIG, training=lambda _: Slides(0, 1)), Folders(tmp_path)).training
    strange = replace(CONFIG, augment=replace(CONFIG.augment, mirrored={"left": "rihgt"}))
    with pytest.raises(TrainerError, match="mirrored has rihgt, but the labels are left, right"):
        _ = VideoTask(strange, Folders(tmp_path)).training


def test_settings_that_do_not_fit_each_other_are_told(tmp_path: Path) -> None:
    small = replace(CONFIG.fit, phases=(replace(HARD, width_px=16),))
    with pytest.raises(
        TrainerError, match="the last phase has 16×16 pixels, but the network takes 24×16"
    ):
        VideoTask(replace(CONFIG, fit=small), Folders(tmp_path))
    with pytest.raises(TrainerError, match="period_us is 0; it has to be 1 or more"):
        VideoTask(replace(CONFIG, period_us=0), Folders(tmp_path))


def test_early_phases_may_show_smaller_clips(tmp_path: Path) -> None:
    small = replace(HARD, share=0.5, width_px=16, height_px=8)
    options = FitOptions(
        steps=2,
        phases=(small, replace(HARD, share=0.5)),
        warm_up_steps=1,
        evaluate_every=2,
        threads=1,
    )
    task = VideoTask(replace(CONFIG, fit=options), Folders(tmp_path))
    assert task.batch(0, small).clips.shape == (16, 24, 8, 16)
    best = fit(task, options, tmp_path / "run")
    assert best.exists()


@pytest.mark.parametrize(
    ("network", "width_px", "told"),
    [
        (NETWORK, 20, "a phase has 20×16 pixels; expected multiples of 8 up to 24×16"),
        (NETWORK, 0, "a phase has 0×16 pixels; expected multiples of 8 up to 24×16"),
        (NETWORK, 32, "a phase has 32×16 pixels; expected multiples of 8 up to 24×16"),
        (
            replace(NETWORK, token_learner=TokenLearnerOptions(at=1, tokens=2, version="1")),
            16,
            "a phase has 16×16 pixels, but the network takes 24×16, always",
        ),
    ],
)
def test_phases_that_the_network_can_not_see_are_refused(
    network: SteppedOptions, width_px: int, told: str, tmp_path: Path
) -> None:
    phases = (replace(HARD, share=0.5, width_px=width_px), replace(HARD, share=0.5))
    config = replace(CONFIG, network=network, fit=replace(CONFIG.fit, phases=phases))
    with pytest.raises(TrainerError, match=told):
        VideoTask(config, Folders(tmp_path))


def test_views_are_averaged_as_probabilities(tmp_path: Path) -> None:
    task = VideoTask(CONFIG, Folders(tmp_path))
    model, clips = task.make_model(), Slides(6, 9)
    one, many = (task.scores(model, clips, views=views) for views in (1, 3))
    assert many == pytest.approx(one, abs=1e-5)  # clips are as long as a window: all views alike


def test_a_phase_may_not_be_higher_than_the_network_sees(tmp_path: Path) -> None:
    tall = replace(HARD, share=0.5, width_px=16, height_px=24)
    phases = (tall, replace(HARD, share=0.5))
    with pytest.raises(TrainerError, match="16×24 pixels; expected multiples of 8 up to 24×16"):
        VideoTask(replace(CONFIG, fit=replace(CONFIG.fit, phases=phases)), Folders(tmp_path))
