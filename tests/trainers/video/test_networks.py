from dataclasses import replace

import pytest
import torch
from flowlace_trainers.video.coatnet import CoAtNetOptions
from flowlace_trainers.video.encoder_block import RandomSkip
from flowlace_trainers.video.networks import (
    NetworkInput,
    NetworkOptions,
    grid_of,
    input_of,
    make_network,
    set_drop,
)

from tests.trainers.video.test_coatnet import TOY as COATNET
from tests.trainers.video.toys import IMAGE, JOINT, STEPPED, STEPS

CLIP = NetworkInput(width_px=24, height_px=16, steps=STEPS, frames_a_step=2)


@pytest.mark.parametrize(
    ("options", "takes", "grid"),
    [
        (IMAGE, NetworkInput(width_px=24, height_px=16), (2, 3)),
        (COATNET, NetworkInput(width_px=64, height_px=32), (1, 1)),
        (JOINT, CLIP, (2, 3)),
        (STEPPED, CLIP, (2, 3)),
    ],
)
def test_a_network_takes_what_its_options_say(
    options: NetworkOptions, takes: NetworkInput, grid: tuple[int, int]
) -> None:
    assert input_of(options) == takes
    assert grid_of(options) == grid
    clips = torch.zeros(2, 3 * takes.frames, takes.height_px, takes.width_px)
    assert make_network(options)(clips).shape == (2, 4)


@pytest.mark.parametrize("options", [IMAGE, COATNET, replace(STEPPED, is_factorised=True)])
def test_the_deepest_block_of_any_network_is_left_out_most(options: NetworkOptions) -> None:
    network = make_network(options)
    set_drop(network, 0.3)
    drops = [one.drop for one in network.modules() if isinstance(one, RandomSkip)]
    assert max(drops) == drops[-1] == pytest.approx(0.3)
    assert isinstance(options, CoAtNetOptions) or drops[0] == 0
