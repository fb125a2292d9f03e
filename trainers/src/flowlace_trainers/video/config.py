"""All that makes one classifier of pictures or clips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowlace_trainers.card import CardText
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.networks import NetworkOptions, input_of, patch_of

AUGMENT = ClipAugmentOptions()
"""Mild, and nothing is mirrored."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where clips are."""

    data: Path
    """For what can be made again."""
    clips: Path | None = None
    """Of clips that were recorded; None where none were given."""

    def recorded(self) -> Path:
        """Returns the folder of recorded clips.

        Raises:
            TrainerError: none was given.
        """
        if self.clips is None:
            raise TrainerError("this configuration learns from recorded clips: --clips FOLDER")
        return self.clips


Clips = Callable[[Folders], ClipSet]
"""Makes a set of clips."""


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
    training: Clips
    """Makes what it learns from."""
    development: Clips
    """Makes what tells the best checkpoint."""
    evaluation: Clips
    """Makes what results are told of."""
    others: Mapping[str, Clips] = field(default_factory=dict)
    """More to tell results of, by name, where clips were given."""
    card: CardText | None = None
    """What nobody can measure; without it no card is written."""
    start: Path | None = None
    """File of weights or folder of a run to begin with: all that have the same name and shape."""
    fit: FitOptions
    """Steps and step sizes. Early phases may show smaller clips, as whole numbers of patches; the
    last one has the network's size."""
    period_us: int = 66_667
    """From frame to frame of a window; 15 frames a second."""
    batch_size: int = 32
    """Clips a step."""
    augment: ClipAugmentOptions = AUGMENT
    """What may change at strength 1."""


def check_config(config: VideoConfig) -> None:
    """Raises TrainerError where the parts of a configuration don't fit each other."""
    name = config.name
    _check_phases(config)
    for what in ("period_us", "batch_size"):
        if getattr(config, what) < 1:
            raise TrainerError(
                f"configuration {name!r}: {what} is {getattr(config, what)}; it has to be 1 or more"
            )


def check_clips(config: VideoConfig, clips: ClipSet) -> None:
    """Raises TrainerError where clips don't fit a configuration."""
    takes, classes, where = input_of(config.network), config.network.classes, config.name
    if len(clips) == 0:
        raise TrainerError(f"configuration {where!r}: a set of clips is empty")
    if len(clips.labels) != classes:
        raise TrainerError(
            f"configuration {where!r}: the network has {classes} classes, the clips "
            f"{len(clips.labels)}: {', '.join(clips.labels)}"
        )
    strange = {*config.augment.mirrored, *config.augment.mirrored.values()} - {*clips.labels}
    if strange:
        raise TrainerError(
            f"configuration {where!r}: augment.mirrored has {', '.join(sorted(strange))}, but the "
            f"labels are {', '.join(clips.labels)}"
        )
    rows, columns = clips[0].frames.shape[1:3]
    if (rows, columns) != (takes.height_px, takes.width_px):
        raise TrainerError(
            f"configuration {where!r}: the network takes frames of {takes.width_px}×"
            f"{takes.height_px}, the clips have {columns}×{rows}"
        )


def _check_phases(config: VideoConfig) -> None:
    takes, name = input_of(config.network), config.name
    patch_px = patch_of(config.network)
    full = takes.width_px, takes.height_px
    for phase in config.fit.phases:
        size = phase.width_px, phase.height_px
        if size == full:
            continue
        if patch_px is None:
            raise TrainerError(
                f"configuration {name!r}: a phase has {size[0]}×{size[1]} pixels, but the network "
                f"takes {full[0]}×{full[1]}, always"
            )
        if any(
            not patch_px <= side <= most or side % patch_px
            for side, most in zip(size, full, strict=True)
        ):
            raise TrainerError(
                f"configuration {name!r}: a phase has {size[0]}×{size[1]} pixels; expected "
                f"multiples of {patch_px} up to {full[0]}×{full[1]}"
            )
    last = config.fit.phases[-1]
    if (last.width_px, last.height_px) != full:
        raise TrainerError(
            f"configuration {name!r}: the last phase has {last.width_px}×{last.height_px} pixels, "
            f"but the network takes {full[0]}×{full[1]}"
        )
