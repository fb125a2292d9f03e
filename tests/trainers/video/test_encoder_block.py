import torch
from flowlace_trainers.video.encoder_block import (
    Attention,
    EncoderBlock,
    RandomSkip,
    set_skips,
)
from torch import nn

from tests.trainers.video.toys import SIZE, noise, shaken


def test_attention_is_the_papers_formula_for_each_head() -> None:
    attention = Attention(6, 2)
    shaken(attention)
    x = noise(1, 4, 6)
    q, k, v = attention.enter(x)[0].chunk(3, -1)

    def head(place: slice) -> torch.Tensor:
        weights = torch.softmax(q[:, place] @ k[:, place].T / 3**0.5, -1)
        seen: torch.Tensor = weights @ v[:, place]
        return seen

    wanted = attention.leave(torch.cat([head(slice(0, 3)), head(slice(3, 6))], -1))
    torch.testing.assert_close(attention(x)[0], wanted)


def test_a_block_treats_all_tokens_alike() -> None:
    block = shaken(EncoderBlock(SIZE))
    x, order = noise(2, 6, SIZE.width), [3, 1, 5, 0, 2, 4]
    torch.testing.assert_close(block(x)[:, order], block(x[:, order]))


def test_a_block_without_weights_changes_nothing() -> None:
    block = EncoderBlock(SIZE).eval()
    nn.init.zeros_(block.attention.leave.weight)
    nn.init.zeros_(block.perceptron.get_parameter("2.weight"))
    x = noise(2, 6, SIZE.width)
    torch.testing.assert_close(block(x), x, rtol=0, atol=0)


def test_skipping_keeps_the_expectation() -> None:
    torch.manual_seed(0)
    skip = RandomSkip().train()
    skip.drop = 0.25
    kept = skip(torch.ones(20_000, 1))
    assert set(kept.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(kept.mean().item() - 1) < 0.02


def test_nothing_is_skipped_in_use() -> None:
    skip = RandomSkip().eval()
    skip.drop = 0.9
    assert skip(torch.ones(8, 1)).sum() == 8


def test_deeper_blocks_are_skipped_more() -> None:
    blocks = nn.Sequential(*(EncoderBlock(SIZE) for _ in range(3)))
    set_skips(blocks, 0.2)
    torch.testing.assert_close(
        [one.drop for one in blocks.modules() if isinstance(one, RandomSkip)], [0.0, 0.1, 0.2]
    )
