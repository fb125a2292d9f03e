"""The detector as the training loop sees it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace_trainers.averaging import settle_norms
from flowlace_trainers.card import CardText
from flowlace_trainers.detector.assignment import Truth
from flowlace_trainers.detector.augmentation import AugmentOptions, augmented, letterbox, moved
from flowlace_trainers.detector.decoding import DecodeOptions, Found, decode
from flowlace_trainers.detector.losses import detector_loss
from flowlace_trainers.detector.network import Detector, NetworkOptions
from flowlace_trainers.detector.samples import Floats, Sample, Samples
from flowlace_trainers.detector.scoring import coco_scores
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase

_MOSAIC_TILES = 4
_PICTURES_AT_A_TIME = 16
_SETTLING_PICTURES = 256


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """Everything about one detector; a configuration file makes one of these."""

    name: str
    """Of the model."""
    card: CardText
    """What the card says besides numbers."""
    summary: str
    """One sentence for listings."""
    licence: str
    """Of the weights, as an SPDX name."""
    training: Callable[[Path], Samples]
    """Opens what it learns from; gets the folder for data."""
    development: Callable[[Path], Samples]
    """Opens what tells the best checkpoint."""
    evaluation: Callable[[Path], Samples]
    """Opens what nobody looks at before the model is done."""
    network: NetworkOptions
    """How large it is."""
    width_px: int
    """Columns of the exported model's input."""
    height_px: int
    """Rows of the exported model's input."""
    batch_size: int
    """Pictures a step."""
    fit: FitOptions
    """How long and how fast."""
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    """What may change at strength 1."""
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    """What counts as found in evaluations."""
    shown_score: float = 0.4
    """Graphs show boxes at least this sure."""


class Batch(NamedTuple):
    """Pictures and objects of one step."""

    pictures: Tensor
    """`[n, 3, y, x]`, 0 to 1."""
    truth: Truth
    """Their objects."""


class DetectorTask:
    """Data, model, loss and score of a configuration."""

    score_name = "mAP"

    def __init__(self, config: DetectorConfig, data: Path) -> None:
        self.config = config
        self._data = data

    @cached_property
    def training(self) -> Samples:
        """What it learns from."""
        return self.config.training(self._data)

    @cached_property
    def development(self) -> Samples:
        """What tells the best checkpoint."""
        return self.config.development(self._data)

    @cached_property
    def evaluation(self) -> Samples:
        """What the card is made from."""
        return self.config.evaluation(self._data)

    def make_model(self) -> Detector:
        """Returns a detector with fresh weights."""
        return Detector(self.config.network)

    def set_drop(self, model: nn.Module, drop: float) -> None:
        """Sets how likely the deepest block is skipped."""
        assert isinstance(model, Detector)
        model.backbone.set_drop(drop)

    def batch(self, step: int, phase: Phase) -> Batch:
        """Returns the batch of a step: a stretch of a shuffled round through all samples."""
        seed, size = self.config.fit.seed, self.config.batch_size
        made = []
        for place in range(step * size, (step + 1) * size):
            rng = np.random.default_rng((seed, 21, place))
            first = self._shuffled(place)
            others = rng.integers(0, len(self.training), _MOSAIC_TILES - 1)
            made.append(
                augmented(
                    [self.training[number] for number in (first, *map(int, others))],
                    phase.width_px,
                    phase.height_px,
                    phase.strength,
                    self.config.augment,
                    rng,
                )
            )
        return as_batch(made)

    def losses(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Mapping[str, Tensor]:
        """Returns the losses of boxes and classes."""
        height, width = batch.pictures.shape[2:]
        pictures = fabric.to_device(batch.pictures)
        truth = Truth(*(fabric.to_device(one) for one in batch.truth))
        return detector_loss(model(pictures), truth, width, height)

    def settle(self, model: nn.Module) -> None:
        """Measures the statistics of norms on training pictures as a graph would show them."""
        self.set_drop(model, 0.0)
        device = next(model.parameters()).device
        settle_norms(model, (one.to(device) for one in self._plain_pictures(_SETTLING_PICTURES)))

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Returns COCO's scores on the development samples."""
        results = score(torch_detector(model), self.development, self.config)
        return {name: value for name, value in results.items() if " " not in name}

    def _plain_pictures(self, count: int) -> Iterator[Tensor]:
        """Gives training pictures unchanged, from all over the samples, some at a time."""
        numbers = np.linspace(0, len(self.training) - 1, count).astype(int)
        # Shuffled: neighbours may be of one place, and every batch has to look like all.
        order = np.random.default_rng((self.config.fit.seed, 23)).permutation(numbers)
        width, height = self.config.width_px, self.config.height_px
        for some in np.split(order, count // _PICTURES_AT_A_TIME):
            samples = [boxed_in(self.training[int(one)], width, height) for one in some]
            yield as_batch(samples).pictures

    def _shuffled(self, place: int) -> int:
        count = len(self.training)
        order = np.random.default_rng((self.config.fit.seed, 22, place // count))
        # A permutation a sample is cheap beside the picture itself.
        return int(order.permutation(count)[place % count])


Network = Callable[[Floats], tuple[Floats, Floats]]
"""Turns pictures `[n, y, x, 3]` into logits `[n, cells, classes]` and boxes `[n, cells, 4]`."""


def torch_detector(model: nn.Module) -> Network:
    """Returns a trained model as a function of arrays."""
    device = next(model.parameters()).device

    @torch.inference_mode()
    def run(pictures: Floats) -> tuple[Floats, Floats]:
        model.eval()
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2).to(device)
        logits, boxes = model(x)
        return logits.float().cpu().numpy(), boxes.float().cpu().numpy()

    return run


def boxed_in(sample: Sample, width_px: int, height_px: int) -> Sample:
    """Returns a sample as a graph shows it to the model, with black bars where it doesn't fit."""
    rows, columns = sample.image.shape[:2]
    return moved(sample, letterbox(columns, rows, width_px, height_px), width_px, height_px, 0.0)


def score(network: Network, samples: Samples, config: DetectorConfig) -> dict[str, float]:
    """Returns COCO's scores of a network, measured in pixels of its input."""
    truth: list[Sample] = []
    found: list[Found] = []
    for some in _stretches(samples, config):
        logits, boxes = network(as_floats(some))
        found += [
            decode(*one, config.width_px, config.height_px, config.decode)
            for one in zip(logits, boxes, strict=True)
        ]
        truth += some
    return coco_scores(truth, found, samples.labels)


def as_floats(samples: list[Sample]) -> Floats:
    """Returns `[n, y, x, 3]` values from 0 to 1."""
    return np.stack([one.image for one in samples]).astype(np.float32) / np.float32(255)


def as_batch(samples: list[Sample]) -> Batch:
    """Returns tensors of samples of one size."""
    most = max(1, *(len(one.classes) for one in samples))

    def filled(name: str, dtype: type, *shape: int) -> Tensor:
        table: NDArray[Any] = np.zeros((len(samples), most, *shape), dtype)
        for row, sample in zip(table, samples, strict=True):
            values = getattr(sample, name)
            row[: len(values)] = values
        return torch.from_numpy(table)

    exists = torch.tensor([len(one.classes) for one in samples])[:, None] > torch.arange(most)
    is_ignored = filled("is_ignored", np.bool_)
    truth = Truth(
        boxes=filled("boxes", np.float32, 4),
        classes=filled("classes", np.int64),
        is_object=exists & ~is_ignored,
        is_ignored=is_ignored,
        scores=filled("scores", np.float32),
    )
    pictures = torch.from_numpy(as_floats(samples)).permute(0, 3, 1, 2)
    return Batch(pictures, truth)


def _stretches(samples: Samples, config: DetectorConfig) -> Iterator[list[Sample]]:
    for start in range(0, len(samples), _PICTURES_AT_A_TIME):
        numbers = range(start, min(start + _PICTURES_AT_A_TIME, len(samples)))
        yield [boxed_in(samples[number], config.width_px, config.height_px) for number in numbers]
