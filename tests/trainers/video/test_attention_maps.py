from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.attention_maps import (
    lit,
    map_frame,
    map_sheet,
    token_maps,
    write_sheet,
    write_video,
)
from flowlace_trainers.video.encoder import token_learners
from flowlace_trainers.video.image_network import ImageNetwork
from flowlace_trainers.video.joint_clip_network import JointClipNetwork
from flowlace_trainers.video.stepped_network import SteppedNetwork
from numpy.typing import NDArray
from torch import nn

from flowlace.sources.video_file import VideoFileSource
from tests.trainers.video.toys import IMAGE, JOINT, LEARNER, STEPPED, STEPS, noise, shaken

GRAY = np.full((16, 24, 3), 100, np.uint8)
MAPS = np.zeros((12, 3, 2, 3), np.float32)
MAPS[:, :, 0, 0] = 1
TIMES = [number * 100_000 for number in range(12)]


@pytest.mark.parametrize(
    ("network", "steps", "channels"),
    [
        (ImageNetwork(replace(IMAGE, token_learner=LEARNER, pooling="class_token")), 1, 3),
        (JointClipNetwork(replace(JOINT, token_learner=LEARNER)), STEPS, STEPS * 6),
        (SteppedNetwork(STEPPED), STEPS, STEPS * 6),
        (ImageNetwork(replace(IMAGE, token_learner=replace(LEARNER, is_fused=True))), 1, 3),
    ],
    ids=["pictures", "joint", "stepped", "fused"],
)
def test_maps_are_those_the_network_used(network: nn.Module, steps: int, channels: int) -> None:
    shaken(network)
    clip, seen = noise(1, channels, 16, 24), []
    hook = token_learners(network)[0].register_forward_hook(
        lambda learner, inputs, output: seen.append((inputs[0], output))
    )
    network(clip)
    hook.remove()
    maps = token_maps(network, clip, (2, 3), steps)
    assert maps.shape == (steps, 3, 2, 3)
    ((places, tokens),) = seen
    made = torch.from_numpy(maps.reshape(steps, 3, 6)) @ places
    torch.testing.assert_close(made, tokens, rtol=1e-4, atol=1e-5)
    network(clip)
    assert len(seen) == 1


def test_a_network_without_learned_tokens_has_no_maps() -> None:
    with pytest.raises(TrainerError, match="ImageNetwork learns no tokens"):
        token_maps(ImageNetwork(IMAGE), noise(1, 3, 16, 24), (2, 3), 1)


def test_light_lies_where_the_token_looks() -> None:
    shown = lit(GRAY, MAPS[0, 0])
    assert shown[2, 2].sum() > 2 * shown[14, 22].sum()
    assert shown.dtype == np.uint8
    assert lit(GRAY, np.zeros((2, 3), np.float32)).max() < 60


def test_a_sheet_has_a_row_a_step_and_a_column_a_token() -> None:
    sheet = map_sheet([GRAY] * 2, MAPS[:2], ["0 s", "1 s"])
    assert sheet.shape == (18 + 2 * (18 + 16), 4 * (24 + 4) - 4, 3)
    np.testing.assert_array_equal(sheet[36:52, :24], GRAY)
    np.testing.assert_array_equal(sheet[36:52, 28:52], lit(GRAY, MAPS[0, 0]))


def test_a_frame_of_a_video_is_near_a_square() -> None:
    assert map_frame(GRAY, MAPS[0]).shape == (2 * 16 + 4, 2 * 24 + 4, 3)
    nine = np.repeat(MAPS[0, :1], 8, 0)
    assert map_frame(GRAY, nine).shape == (3 * 16 + 8, 3 * 24 + 8, 3)


def read(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(np.uint8)


def test_a_picture_file_shows_at_most_eight_steps(tmp_path: Path) -> None:
    write_sheet(tmp_path / "maps.png", [GRAY] * 12, MAPS, TIMES)
    assert read(tmp_path / "maps.png").shape[0] == 18 + 8 * (18 + 144)


def test_a_video_file_has_a_frame_a_step_at_its_time(tmp_path: Path) -> None:
    write_video(tmp_path / "maps.mp4", [GRAY] * 12, MAPS, TIMES)
    with VideoFileSource(tmp_path / "maps.mp4") as source:
        times = [frame.timestamp_us for frame in iter(source.read, None)]
    assert times == TIMES


@pytest.mark.parametrize("name", ["maps.txt", "maps", "none/maps.png"])
def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainerError, match=r"take \.png|can't be written"):
        write_sheet(tmp_path / name, [GRAY] * 12, MAPS, TIMES)


@pytest.mark.parametrize("name", ["maps.txt", "none/maps.mp4"])
def test_a_video_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainerError, match="maps can't be written to"):
        write_video(tmp_path / name, [GRAY] * 12, MAPS, TIMES)
