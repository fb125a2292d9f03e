"""What a network of any options costs: as a whole, and on a stream."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from flowlace_trainers.video.computation import multiply_adds, parameters
from flowlace_trainers.video.embedding import CHANNELS
from flowlace_trainers.video.networks import NetworkOptions, input_of, make_network
from flowlace_trainers.video.stepped_network import (
    FrameTokens,
    SteppedOptions,
    TemporalHead,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartCost:
    """A network, or a part of one."""

    part: str
    """In words."""
    multiply_adds: int
    """Of one run."""
    parameters: int
    """How many weights."""


def part_costs(options: NetworkOptions) -> list[PartCost]:
    """Returns the cost of the whole network, then of what runs at each step of a stream."""
    takes = input_of(options)
    picture = takes.height_px, takes.width_px
    whole = partial(make_network, options)
    costs = [_cost("a clip or picture", whole, 1, CHANNELS * takes.frames, *picture)]
    if isinstance(options, SteppedOptions):
        with torch.device("meta"):
            tokens = FrameTokens(options).tokens
        early, late = partial(FrameTokens, options), partial(TemporalHead, options, tokens)
        width = options.size.width
        costs += [
            _cost("frame_tokens, a step", early, 1, CHANNELS * takes.frames_a_step, *picture),
            _cost("temporal_head, a step", late, 1, takes.steps, tokens, width),
        ]
    return costs


def cost_table(costs: list[PartCost]) -> tuple[list[str], list[list[str]]]:
    """Returns head and rows of the table."""
    return ["part", "GMAC", "parameters"], [
        [one.part, f"{one.multiply_adds / 1e9:.4f}", f"{one.parameters:,}"] for one in costs
    ]


def _cost(part: str, make: Callable[[], nn.Module], *shape: int) -> PartCost:
    return PartCost(
        part=part, multiply_adds=multiply_adds(make, *shape), parameters=parameters(make)
    )
