import torch
from flowlace_trainers.averaging import settle_norms
from flowlace_trainers.detector.network import Detector, cell_middles, corners
from torch import nn

from tests.trainers.detector.toys import HEIGHT, NETWORK, WIDTH


def test_cells_go_from_fine_to_coarse_and_row_by_row() -> None:
    middles, strides = cell_middles(64, 32)
    assert strides.tolist() == [8.0] * 32 + [16.0] * 8 + [32.0] * 2
    assert middles[[0, 1, 8, 32, 40, 41]].tolist() == [
        [4, 4], [12, 4], [4, 12], [8, 8], [16, 16], [48, 16]
    ]  # fmt: skip


def test_a_detector_says_something_for_every_cell() -> None:
    raw = Detector(NETWORK)(torch.rand(2, 3, HEIGHT, WIDTH))
    cells = len(cell_middles(WIDTH, HEIGHT)[0])
    assert raw.logits.shape == (2, cells, 2)
    assert raw.boxes.shape == (2, cells, 4)
    assert (raw.boxes[..., 2:] > 0).all()


def test_outputs_follow_the_order_of_cells() -> None:
    detector = Detector(NETWORK).eval()
    dark = torch.zeros(1, 3, HEIGHT, WIDTH)
    lit = dark.clone()
    lit[:, :, 44:, 80:] = 1.0  # the last cells of the finest map
    changed = (detector(lit).logits - detector(dark).logits).abs().amax(-1)[0, :96]
    row, column = divmod(int(changed.argmax()), 12)
    assert row >= 4
    assert column >= 8


def test_a_fresh_detector_finds_nothing() -> None:
    raw = Detector(NETWORK).eval()(torch.rand(1, 3, HEIGHT, WIDTH))
    assert float(raw.logits.detach().sigmoid().max()) < 0.05


def test_both_ranges_of_input_give_the_same() -> None:
    detector = Detector(NETWORK).eval()
    pictures = torch.rand(1, 3, HEIGHT, WIDTH)
    torch.testing.assert_close(detector(pictures), detector.from_centred(pictures * 2 - 1))


def test_corners_are_the_middle_and_half_the_sides() -> None:
    said = corners(torch.tensor([[1.0, -2.0, 10.0, 20.0]]), torch.tensor([[20.0, 30.0]]))
    assert said.tolist() == [[16.0, 18.0, 26.0, 38.0]]


def test_a_trained_network_says_the_same_in_use_as_in_training() -> None:
    # Statistics of norms that mix scales once made every box a seventh too large.
    torch.manual_seed(0)
    detector = Detector(NETWORK)
    for layer in detector.head.logits:
        nn.init.normal_(layer.weight, std=0.3)
    pictures = torch.rand(16, 3, HEIGHT, WIDTH) * torch.rand(16, 3, 1, 1)
    settle_norms(detector, [pictures])
    with torch.no_grad():
        in_use = detector.eval()(pictures).logits
        in_training = detector.train()(pictures).logits
    difference = (in_use - in_training).square().mean().sqrt() / in_training.std()
    assert float(difference) < 0.05
