import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.embedding import PatchOptions, Tubelets
from torch.nn import functional

from tests.trainers.video.toys import TUBELETS, noise


def test_a_tubelet_is_a_3d_convolution_over_frames() -> None:
    embedding = Tubelets(TUBELETS, 10)
    stacked = noise(2, 5 * 2 * 3, 16, 24)
    frames = stacked.reshape(2, 10, 3, 16, 24).transpose(1, 2)  # [n, channel, frame, y, x]
    kernel = embedding.convolution.weight.reshape(10, 2, 3, 8, 8).transpose(1, 2)
    deep = functional.conv3d(frames, kernel, embedding.convolution.bias, stride=(2, 8, 8))
    wanted = deep.permute(0, 2, 3, 4, 1).reshape(2 * 5, 2 * 3, 10)
    torch.testing.assert_close(embedding(stacked), wanted, rtol=1e-4, atol=1e-5)


def test_places_go_row_by_row() -> None:
    embedding = Tubelets(PatchOptions(width_px=24, height_px=16, patch_px=8), 4)
    picture = torch.zeros(1, 3, 16, 24)
    picture[:, :, 8:, :8] = 1
    changed = (embedding(picture) != embedding(torch.zeros(1, 3, 16, 24))).any(-1)[0]
    assert changed.tolist() == [False, False, False, True, False, False]


def test_sides_that_patches_do_not_fill_are_refused() -> None:
    with pytest.raises(TrainerError, match="width_px is 100; it has to be a multiple of patch_px"):
        PatchOptions(width_px=100)
