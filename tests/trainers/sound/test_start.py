import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.network import SoundHead, SoundNetworkOptions
from flowlace_trainers.sound.start import start_head, trunk_from
from flowlace_trainers.sound.teacher import Yamnet, conv_of

from tests.trainers.sound.toys import layers

WINDOW = torch.rand(2, 1, 96, 64)


def test_the_trunk_gives_what_the_teachers_first_layers_give() -> None:
    teacher = Yamnet(layers()).eval()
    trunk = trunk_from(layers())
    with torch.inference_mode():
        assert torch.allclose(trunk(WINDOW), teacher.layers[: len(trunk)](WINDOW), atol=1e-5)


def test_the_trunk_does_not_learn() -> None:
    assert not any(one.requires_grad for one in trunk_from(layers()).parameters())


def test_a_block_of_full_rank_is_the_teachers() -> None:
    head = SoundHead(SoundNetworkOptions(classes=2, ranks=(512,)))
    start_head(head, layers())
    features = trunk_from(layers())(WINDOW)
    wanted = torch.nn.Sequential(*map(conv_of, layers()[13:15]))(features)
    with torch.inference_mode():
        assert torch.allclose(head.blocks(features), wanted, atol=1e-3)


def test_a_higher_rank_is_nearer_to_the_teacher() -> None:
    matrix = layers()[14].weights[:, :, 0, 0]

    def distance(rank: int) -> float:
        head = SoundHead(SoundNetworkOptions(classes=2, ranks=(rank,)))
        start_head(head, layers())
        (block,) = head.blocks
        up, down = block.up.weight[:, :, 0, 0], block.down.weight[:, :, 0, 0]  # type: ignore[union-attr, index]
        return float((up @ down - matrix).detach().square().sum())

    singular = torch.linalg.svdvals(matrix).square()
    assert distance(64) == pytest.approx(float(singular[64:].sum()), rel=1e-3)
    assert distance(128) < distance(64)


def test_layers_of_another_network_are_refused() -> None:
    with pytest.raises(TrainerError, match="layer 1 of the network has weights"):
        trunk_from([layers()[0], *layers()[2:]])
