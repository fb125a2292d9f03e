"""What a TokenLearner saves, by where it stands, and what a live stream costs.

Ratios of exact multiply-adds, so they hold on any machine; what they mean for time on one is
another question.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from flowlace_trainers.video.computation import multiply_adds
from flowlace_trainers.video.embedding import CHANNELS, PatchOptions
from flowlace_trainers.video.image_network import ImageNetwork, ImageNetworkOptions
from flowlace_trainers.video.joint_clip_network import JointClipNetwork, JointClipOptions
from flowlace_trainers.video.sizes import TI, B
from flowlace_trainers.video.stepped_network import (
    FrameTokens,
    SteppedOptions,
    TemporalHead,
)
from flowlace_trainers.video.token_learner import TokenLearnerOptions

_IMAGE_CLASSES = 1000
_CLIP_CLASSES = 400
_QUARTERS = (1, 2, 3)
_STREAM_PX = 112


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """One network with tokens learned at three depths."""

    network: str
    """In words."""
    multiply_adds: int
    """Without a TokenLearner."""
    ratios: tuple[float, ...]
    """With one after 1/4, 1/2 and 3/4 of the layers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamCost:
    """One way to classify a stream anew at every step."""

    way: str
    """In words."""
    multiply_adds: int
    """A step."""
    ratio: float
    """To running the joint network without TokenLearner on the whole window."""


def placements(tokens: int) -> Iterator[Placement]:
    """Yields the networks of the table, each with `tokens` learned from a picture or step."""
    for side in (224, 512):
        images = ImageNetworkOptions(
            classes=_IMAGE_CLASSES, size=B, patches=PatchOptions(width_px=side, height_px=side)
        )
        yield _placement(f"ViT-B/16, {side} px", images, tokens)
    for side in (224, 112):
        yield _placement(f"ViViT-Ti/16x2, 32 frames, {side} px", _joint(side), tokens)


def stream_costs(tokens: int) -> list[StreamCost]:
    """Returns what each new step of a stream costs: 2 frames of 112 px, a window of 16 steps."""
    joint = _joint(_STREAM_PX)
    whole = _cost(joint)
    learned = replace(joint, token_learner=_learner(joint.size.layers // 4, tokens))
    ways = {
        "the clip again": whole,
        "the clip again, tokens learned after 3 layers": _cost(learned),
        "ring of all places, 3 + 9 layers": _step_cost(3, None),
    }
    for early in (3, 6, 9):
        name = f"ring of learned tokens, {early} + {joint.size.layers - early} layers"
        ways[name] = _step_cost(early, _learner(early, tokens))
    return [
        StreamCost(way=way, multiply_adds=cost, ratio=cost / whole) for way, cost in ways.items()
    ]


def _placement(
    name: str, options: ImageNetworkOptions | JointClipOptions, tokens: int
) -> Placement:
    whole = _cost(options)
    depths = [options.size.layers * quarter // 4 for quarter in _QUARTERS]
    costs = [_cost(replace(options, token_learner=_learner(at, tokens))) for at in depths]
    return Placement(
        network=name, multiply_adds=whole, ratios=tuple(cost / whole for cost in costs)
    )


def _learner(at: int, tokens: int) -> TokenLearnerOptions:
    return TokenLearnerOptions(at=at, tokens=tokens)


def _joint(side_px: int) -> JointClipOptions:
    tubelets = PatchOptions(width_px=side_px, height_px=side_px, frames=2)
    return JointClipOptions(classes=_CLIP_CLASSES, size=TI, tubelets=tubelets)


def _cost(options: ImageNetworkOptions | JointClipOptions) -> int:
    if isinstance(options, ImageNetworkOptions):
        make: Callable[[], nn.Module] = partial(ImageNetwork, options)
        patches, steps = options.patches, 1
    else:
        make = partial(JointClipNetwork, options)
        patches, steps = options.tubelets, options.steps
    channels = CHANNELS * patches.frames * steps
    return multiply_adds(make, 1, channels, patches.height_px, patches.width_px)


def _step_cost(early: int, learner: TokenLearnerOptions | None) -> int:
    """Returns the cost of one step through the first part and the window through the second."""
    side = _STREAM_PX
    options = SteppedOptions(
        classes=_CLIP_CLASSES,
        tubelets=PatchOptions(width_px=side, height_px=side, frames=2),
        spatial_layers=early,
        temporal_layers=TI.layers - early,
        token_learner=learner,
    )
    tokens = options.tubelets.places if learner is None else learner.tokens
    channels = CHANNELS * options.tubelets.frames
    return multiply_adds(partial(FrameTokens, options), 1, channels, side, side) + multiply_adds(
        partial(TemporalHead, options, tokens), 1, options.steps, tokens, TI.width
    )


def placement_table(rows: Sequence[Placement]) -> tuple[list[str], list[list[str]]]:
    """Returns head and rows of the table."""
    head = ["network", "GMAC without", "at 1/4", "at 1/2", "at 3/4"]
    return head, [
        [
            one.network,
            f"{one.multiply_adds / 1e9:.2f}",
            *(f"{ratio:.3f}" for ratio in one.ratios),
        ]
        for one in rows
    ]


def stream_table(rows: Sequence[StreamCost]) -> tuple[list[str], list[list[str]]]:
    """Returns head and rows of the table."""
    head = ["each new step", "GMAC", "ratio"]
    return head, [[one.way, f"{one.multiply_adds / 1e9:.3f}", f"{one.ratio:.3f}"] for one in rows]
