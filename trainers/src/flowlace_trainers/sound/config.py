"""What a sound classifier is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.sound.network import SoundNetworkOptions
from flowlace_trainers.sound.pool import PoolOptions


@dataclass(frozen=True, kw_only=True)
class SoundConfig:
    """Everything about one sound classifier; a configuration file makes one of these."""

    name: str
    """Of the model."""
    card: CardText
    """What the card says besides numbers."""
    summary: str
    """One sentence for listings."""
    licence: str
    """Of the weights, as an SPDX name."""
    labels: Sequence[str]
    """The classes, in order."""
    named: Sequence[str]
    """Classes whose clip accuracy is stated by itself, such as those of a known benchmark."""
    licences: Sequence[str]
    """What the table of clips may state as licence; others are left out."""
    folders: Sequence[str] = ()
    """First folders of files that are taken; none for all."""
    network: SoundNetworkOptions
    """How large it is."""
    pool: PoolOptions
    """What it learns from."""
    batch_size: int
    """Windows a step."""
    fit: FitOptions
    """How long and how fast."""
    teacher_labels: Mapping[str, Sequence[str]]
    """By class: the teacher's labels that mean it, to see how good the teacher is by itself."""
    likeness: float = 0.3
    """Weight of the teacher's features beside the classes."""
