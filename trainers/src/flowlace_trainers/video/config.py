"""All that makes one classifier of pictures or clips."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowlace_trainers.fit import FitOptions
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.networks import NetworkOptions

AUGMENT = ClipAugmentOptions()
"""Mild, and nothing is mirrored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoConfig:
    """Network, data and schedule."""

    name: str
    """Of the model."""
    summary: str = ""
    """One sentence for listings."""
    licence: str = ""
    """Of the weights, as an SPDX name."""
    network: NetworkOptions
    """Which one, and how large."""
    training: Callable[[Path], ClipSet]
    """Makes what it learns from; the folder is for data that can be made again."""
    development: Callable[[Path], ClipSet]
    """Makes what tells the best checkpoint."""
    evaluation: Callable[[Path], ClipSet]
    """Makes what results are told of."""
    fit: FitOptions
    """Steps and step sizes."""
    period_us: int = 66_667
    """From frame to frame of a window; 15 frames a second."""
    batch_size: int = 32
    """Clips a step."""
    augment: ClipAugmentOptions = AUGMENT
    """What may change at strength 1."""
