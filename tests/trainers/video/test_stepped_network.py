"""The clip as a whole, and step by step through a ring."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.computation import parameters
from flowlace_trainers.video.sizes import B
from flowlace_trainers.video.stepped_network import (
    SteppedNetwork,
    SteppedOptions,
    factorised,
    has_come,
)
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.trainers.video.test_image_network import without_gradient
from tests.trainers.video.toys import LEARNER, SIZE, STEPPED, STEPS, noise, shaken

FACTORISED = factorised(replace(STEPPED, token_learner=None))
VARIANTS = {
    "learned": STEPPED,
    "learned in the middle": replace(STEPPED, token_learner=replace(LEARNER, at=1)),
    "learned by version 1": replace(STEPPED, token_learner=replace(LEARNER, version="1")),
    "with a class token": replace(STEPPED, pooling="class_token"),
    "all places": replace(STEPPED, token_learner=None),
    "factorised": FACTORISED,
    "factorised and learned": replace(FACTORISED, token_learner=LEARNER),
    "factorised, mean": replace(FACTORISED, pooling="mean"),
}
LENGTH = 3 * STEPS


class Ranks(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the dimensions of every tensor that is made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self.seen |= {one.ndim for one in tree_leaves(made) if isinstance(one, Tensor)}
        return made


def streamed(network: SteppedNetwork, steps: Tensor) -> Iterator[Tensor]:
    """Yields what each step of a stream gives: every step is looked at once."""
    width = network.temporal_head.times.shape[-1]
    empty = torch.zeros(network.frame_tokens.tokens, width)
    ring = deque([empty] * STEPS, maxlen=STEPS)
    for step in steps:
        ring.append(network.frame_tokens(step[None])[0])
        yield network.temporal_head(torch.stack(list(ring))[None])


@pytest.fixture(params=VARIANTS)
def network(request: pytest.FixtureRequest) -> SteppedNetwork:
    made = SteppedNetwork(VARIANTS[request.param])
    shaken(made)
    return made


@torch.no_grad()
def test_the_ring_gives_what_the_whole_clip_gives_at_every_step(network: SteppedNetwork) -> None:
    stream = noise(LENGTH, 6, 16, 24)
    ends = range(STEPS, LENGTH + 1)
    clips = torch.stack([stream[end - STEPS : end].flatten(0, 1) for end in ends])
    ringed = torch.cat(list(streamed(network, stream)))[STEPS - 1 :]
    torch.testing.assert_close(ringed, network(clips), rtol=0, atol=2e-6)
    assert ringed.std(0).min() > 1e-4


@torch.no_grad()
def test_the_ring_gives_what_a_clip_that_is_not_full_gives_while_it_warms_up(
    network: SteppedNetwork,
) -> None:
    stream = noise(STEPS, 6, 16, 24)
    rubbish = noise(STEPS, 6, 16, 24, seed=5)
    ringed = torch.cat(list(streamed(network, stream)))
    clips = torch.stack(
        [torch.cat([rubbish[end:], stream[:end]]).flatten(0, 1) for end in range(1, STEPS + 1)]
    )
    wanted = network(clips, torch.arange(1, STEPS + 1))
    torch.testing.assert_close(ringed, wanted, rtol=0, atol=2e-6)


def test_a_step_knows_nothing_of_other_steps(network: SteppedNetwork) -> None:
    steps = noise(3, 6, 16, 24)
    torch.testing.assert_close(
        network.frame_tokens(steps)[1:2], network.frame_tokens(steps[1:2]), rtol=1e-5, atol=1e-6
    )


def test_training_reaches_all_weights(network: SteppedNetwork) -> None:
    network(noise(2, STEPS * 6, 16, 24)).square().sum().backward()
    assert without_gradient(network) == []


def test_without_times_the_order_of_steps_does_not_matter(network: SteppedNetwork) -> None:
    clip = noise(1, STEPS, 6, 16, 24)
    forwards, backwards = clip.flatten(1, 2), clip.flip(1).flatten(1, 2)
    assert not torch.allclose(network(forwards), network(backwards), atol=1e-4)
    torch.nn.init.zeros_(network.temporal_head.times)
    torch.testing.assert_close(network(forwards), network(backwards), rtol=1e-4, atol=1e-5)


def test_the_factorised_encoder_has_as_many_weights_as_published() -> None:
    options = factorised(SteppedOptions(classes=400, size=B))
    assert parameters(partial(SteppedNetwork, options)) / 1e6 == pytest.approx(115.1, abs=0.06)


def test_the_factorised_encoder_keeps_one_token_a_step() -> None:
    network = SteppedNetwork(FACTORISED)
    assert network.frame_tokens(noise(2, 6, 16, 24)).shape == (2, 1, SIZE.width)


def test_no_tensor_has_more_than_four_dimensions(network: SteppedNetwork) -> None:
    step, window = noise(1, 6, 16, 24), noise(1, STEPS, network.frame_tokens.tokens, SIZE.width)
    with Ranks() as ranks, sdpa_kernel(SDPBackend.MATH):
        network.frame_tokens(step)
        network.temporal_head(window)
    assert max(ranks.seen) == 4


def test_steps_that_have_not_come_are_the_oldest() -> None:
    assert has_come(torch.tensor([1, 3]), 4).int().tolist() == [[0, 0, 0, 1], [0, 1, 1, 1]]


def test_a_window_without_steps_is_refused() -> None:
    with pytest.raises(TrainerError, match="steps is 0; a window has 1 or more"):
        SteppedNetwork(replace(STEPPED, steps=0))
