import torch
from flowlace_trainers.nowcast.network import RainUnet, UnetOptions, multiply_adds_a_pixel

SMALL = UnetOptions(inputs=3, outputs=5, widths=(4, 6, 8))


def test_the_output_is_as_large_as_the_input() -> None:
    assert RainUnet(SMALL)(torch.zeros(2, 3, 16, 24)).shape == (2, 5, 16, 24)


def test_every_weight_learns() -> None:
    network = RainUnet(SMALL)
    network(torch.rand(2, 3, 16, 16)).square().sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in network.parameters())


def test_a_pixel_far_away_has_a_say() -> None:
    network = RainUnet(SMALL).eval()
    x = torch.zeros(1, 3, 64, 64)
    before = network(x)[0, :, 32, 32]
    x[0, :, 32, 46] = 1
    assert not torch.equal(network(x)[0, :, 32, 32], before)


def test_a_shift_by_the_coarsest_pixel_shifts_the_output() -> None:
    network = RainUnet(SMALL).eval()
    x = torch.zeros(1, 3, 96, 96)
    x[:, :, 40:50, 40:50] = torch.rand(10, 10)
    moved = torch.roll(x, (4, 8), (2, 3))
    there = torch.roll(network(x), (4, 8), (2, 3))
    assert torch.allclose(network(moved)[..., 30:70, 30:70], there[..., 30:70, 30:70], atol=1e-5)


def test_multiplications_are_counted_by_hand() -> None:
    # One level: 3·4·9 + 4·4·9 + 3·4 for the basic layer, and (4 + 3)·5 for the head.
    options = UnetOptions(inputs=3, outputs=5, widths=(4,))
    assert multiply_adds_a_pixel(options) == 3 * 4 * 9 + 4 * 4 * 9 + 3 * 4 + 7 * 5
