import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.embedding import (
    PatchOptions,
    StemStage,
    Tubelets,
    position_table,
    positions_for,
)
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


STEMMED = PatchOptions(
    width_px=24,
    height_px=16,
    patch_px=8,
    frames=2,
    stem=(StemStage(width=5, side_px=5, stride=2), StemStage(width=7)),
)


def test_a_stem_makes_the_same_places_of_convolutions() -> None:
    embedding = Tubelets(STEMMED, 10).eval()
    assert [one.weight.shape[:2] for one in embedding.stem if hasattr(one, "kernel_size")] == [
        (5, 6),
        (7, 5),
    ]
    assert embedding.convolution.kernel_size == (2, 2)
    assert embedding(noise(2, 5 * 2 * 3, 16, 24)).shape == (2 * 5, 2 * 3, 10)


def test_a_stem_sees_over_the_edges_of_patches() -> None:
    embedding = Tubelets(STEMMED, 10).eval()
    black, dotted = torch.zeros(1, 6, 16, 24), torch.zeros(1, 6, 16, 24)
    dotted[:, :, 2, 8] = 1  # in the second patch, next to the first
    changed = (embedding(dotted) - embedding(black)).abs().amax(-1)[0] > 0
    assert changed.tolist() == [True, True, False, False, False, False]


def test_a_stem_that_does_not_make_patches_is_refused() -> None:
    with pytest.raises(TrainerError, match="strides make 6 together; they have to divide patch_px"):
        PatchOptions(patch_px=16, stem=(StemStage(width=8, stride=3), StemStage(width=8)))


def test_positions_of_a_smaller_picture_lie_between_those_of_the_full_one() -> None:
    options = PatchOptions(width_px=32, height_px=16, patch_px=8)
    table = torch.zeros(1, 1 + 2 * 2 * 4, 1)
    table[0, 0] = 9.0
    table[0, 1:, 0] = torch.arange(4.0).repeat(4)  # columns from 0 to 3, in both steps
    small = positions_for(table, options, torch.zeros(1, 3, 8, 16), leading=1, steps=2)
    assert small[0, :, 0].tolist() == [9.0, 0.5, 2.5, 0.5, 2.5]


def test_positions_of_the_full_size_are_the_table_itself() -> None:
    table = position_table(6, 4)
    assert positions_for(table, STEMMED, torch.zeros(1, 6, 16, 24)) is table
