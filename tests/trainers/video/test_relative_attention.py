import torch
from flowlace_trainers.video.relative_attention import RelativeAttention, offset_numbers
from torch import nn

from tests.trainers.video.toys import noise, shaken

GRID = (3, 4)


def test_places_equally_far_apart_share_a_number() -> None:
    numbers = offset_numbers(GRID).reshape(*GRID, *GRID)
    assert numbers[0, 0, 1, 2] == numbers[1, 1, 2, 3] == numbers[1, 0, 2, 2]
    assert numbers[0, 0, 1, 2] != numbers[1, 2, 0, 0]
    assert numbers.unique().tolist() == list(range(5 * 7))


def test_nearness_is_added_to_the_products_of_queries_and_keys() -> None:
    attention = RelativeAttention(6, 8, 2, GRID)
    shaken(attention)
    x = noise(1, 12, 6)
    q, k, v = (one.reshape(12, 2, 4).transpose(0, 1) for one in attention.enter(x)[0].chunk(3, -1))
    near = attention.nearness[:, offset_numbers(GRID)]
    seen = torch.softmax(q @ k.transpose(1, 2) / 2 + near, -1) @ v
    wanted = attention.leave(seen.transpose(0, 1).reshape(12, 8))
    torch.testing.assert_close(attention(x)[0], wanted)


def test_a_strong_table_looks_at_the_right_hand_neighbour() -> None:
    attention = RelativeAttention(4, 4, 1, (1, 4))
    nn.init.eye_(attention.leave.weight)
    nn.init.zeros_(attention.enter.weight)
    with torch.no_grad():
        attention.enter.weight[8:] = torch.eye(4)
        attention.nearness[0, 4] = 1e4  # one column further
    x = noise(1, 4, 4)
    torch.testing.assert_close(attention(x)[0, :3], x[0, 1:])


def test_training_reaches_the_table() -> None:
    attention = RelativeAttention(6, 8, 2, GRID)
    shaken(attention)
    attention(noise(1, 12, 6)).square().sum().backward()
    assert attention.nearness.grad is not None
    assert (attention.nearness.grad != 0).all()
