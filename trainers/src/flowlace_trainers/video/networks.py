"""Any of the networks by its options, and what it takes."""

from dataclasses import dataclass

from torch import nn

from flowlace_trainers.video.coatnet import CoAtNet, CoAtNetOptions
from flowlace_trainers.video.embedding import PatchOptions
from flowlace_trainers.video.encoder_block import set_skips
from flowlace_trainers.video.image_network import ImageNetwork, ImageNetworkOptions
from flowlace_trainers.video.joint_clip_network import JointClipNetwork, JointClipOptions
from flowlace_trainers.video.stepped_network import SteppedNetwork, SteppedOptions

NetworkOptions = ImageNetworkOptions | CoAtNetOptions | JointClipOptions | SteppedOptions
"""Of pictures: the first two; of clips: the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkInput:
    """What a network takes: `[n, steps · frames_a_step · 3, height_px, width_px]`."""

    width_px: int
    height_px: int
    steps: int = 1
    frames_a_step: int = 1

    @property
    def frames(self) -> int:
        """In all."""
        return self.steps * self.frames_a_step


def make_network(options: NetworkOptions) -> nn.Module:
    """Returns the network of the options, with fresh weights."""
    match options:
        case ImageNetworkOptions():
            return ImageNetwork(options)
        case CoAtNetOptions():
            return CoAtNet(options)
        case JointClipOptions():
            return JointClipNetwork(options)
        case SteppedOptions():
            return SteppedNetwork(options)


def input_of(options: NetworkOptions) -> NetworkInput:
    """Returns what the network of the options takes."""
    match options:
        case ImageNetworkOptions():
            return _cut(options.patches, 1)
        case CoAtNetOptions():
            return NetworkInput(width_px=options.width_px, height_px=options.height_px)
        case JointClipOptions() | SteppedOptions():
            return _cut(options.tubelets, options.steps)


def grid_of(options: NetworkOptions) -> tuple[int, int]:
    """Returns rows and columns of patches; one patch where the network has none."""
    match options:
        case ImageNetworkOptions():
            return options.patches.grid
        case CoAtNetOptions():
            return 1, 1
        case JointClipOptions() | SteppedOptions():
            return options.tubelets.grid


def patch_of(options: NetworkOptions) -> int | None:
    """Returns the side of a patch in pixels of a network that takes pictures of other sizes too.

    None for those that don't: their maps or positions are made for one size.
    """
    match options:
        case ImageNetworkOptions():
            patches, learner = options.patches, options.token_learner
        case JointClipOptions() | SteppedOptions():
            patches, learner = options.tubelets, options.token_learner
        case CoAtNetOptions():
            return None
    if learner is not None and learner.version == "1":
        return None
    return patches.patch_px


def set_drop(network: nn.Module, drop: float) -> None:
    """Sets how likely the deepest block is left out while training; earlier ones are less."""
    if isinstance(network, CoAtNet):
        network.set_drop(drop)
    else:
        set_skips(network, drop)


def _cut(patches: PatchOptions, steps: int) -> NetworkInput:
    return NetworkInput(
        width_px=patches.width_px,
        height_px=patches.height_px,
        steps=steps,
        frames_a_step=patches.frames,
    )
