"""Networks so small that a test is over in milliseconds, with weights that do something."""

import torch
from flowlace_trainers.video.embedding import PatchOptions
from flowlace_trainers.video.image_network import ImageNetworkOptions
from flowlace_trainers.video.joint_clip_network import JointClipOptions
from flowlace_trainers.video.sizes import EncoderSize
from flowlace_trainers.video.stepped_network import SteppedOptions
from flowlace_trainers.video.token_learner import TokenLearnerOptions
from torch import Tensor, nn

SIZE = EncoderSize(layers=4, width=24, heads=3, inside=32)
PATCHES = PatchOptions(width_px=24, height_px=16, patch_px=8)
TUBELETS = PatchOptions(width_px=24, height_px=16, patch_px=8, frames=2)
STEPS = 5
LEARNER = TokenLearnerOptions(at=2, tokens=3)

IMAGE = ImageNetworkOptions(classes=4, size=SIZE, patches=PATCHES)
JOINT = JointClipOptions(classes=4, size=SIZE, tubelets=TUBELETS, steps=STEPS)
STEPPED = SteppedOptions(
    classes=4,
    size=SIZE,
    tubelets=TUBELETS,
    steps=STEPS,
    spatial_layers=2,
    temporal_layers=2,
    token_learner=LEARNER,
)


def shaken(network: nn.Module, seed: int = 0) -> nn.Module:
    """All weights random, also those that begin with zeros."""
    generator = torch.Generator().manual_seed(seed)
    for one in network.parameters():
        nn.init.normal_(one, std=0.2, generator=generator)
    return network.eval()


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
