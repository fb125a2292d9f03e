"""The U-Net for nowcasting as the training loop sees it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.nowcasting.aligned_frames import CHANNELS, GREY_UNIT, UNKNOWN_GREY
from flowlace.nowcasting.decibels import to_grey
from flowlace_trainers.averaging import settle_norms
from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.nowcast.augmentation import RainAugmentOptions, RainWindow, window
from flowlace_trainers.nowcast.events import RainEvent
from flowlace_trainers.nowcast.losses import adjusted_squared_error, exceedance_loss
from flowlace_trainers.nowcast.network import RainUnet, UnetOptions
from flowlace_trainers.nowcast.samples import EventSamples, network_inputs, samples_of
from flowlace_trainers.schedule import Phase

"""Of rain as the network gives it, the same as of its input."""

_SETTLING_BATCHES = 24
_CHECKED_STARTS = 12
_CHECKED_SIDE = 384
_CUTS = 50


@dataclass(frozen=True, kw_only=True)
class RainUnetConfig:
    """Everything about one model; a configuration file makes one of these."""

    name: str
    """Of the model."""
    card: CardText
    """What the card says besides numbers."""
    summary: str
    """One sentence for listings."""
    licence: str
    """Of the weights, as an SPDX name."""
    training: Callable[[Path], list[RainEvent]]
    """Reads what it learns from; gets the folder of radar data."""
    development: Callable[[Path], list[RainEvent]]
    """Reads what tells the best checkpoint."""
    shares: Mapping[str, float]
    """By network: its share of the windows."""
    leads_minutes: tuple[float, ...]
    """That the network answers; others lie between them."""
    thresholds_mm_h: tuple[float, ...]
    """Likewise."""
    threshold_weights: tuple[float, ...]
    """Of the thresholds in the loss."""
    rate_weight: float
    """Of the rate's loss beside that of the probabilities."""
    widths: tuple[int, ...]
    """Channels of the network at each resolution."""
    batch_size: int
    """Windows a step."""
    tile_px: int
    """Side of the exported model's input."""
    fit: FitOptions
    """How long and how fast."""
    network_weights: tuple[float, ...] = ()
    """By lead, of the network's logits when they are pooled with those of Lagrangian probability;
    none for 1 at each lead."""
    lagrangian_weights: tuple[float, ...] = ()
    """Of the latter; none for 0."""
    network_blur_km_minute: float = 0.0
    """σ of the Gaussian the network's logits are smoothed with before, for each minute of lead."""
    augment: RainAugmentOptions = field(default_factory=RainAugmentOptions)
    """What may change at strength 1."""

    @property
    def network(self) -> UnetOptions:
        """How large the network is."""
        outputs = len(self.leads_minutes) * (len(self.thresholds_mm_h) + 1)
        return UnetOptions(inputs=CHANNELS, outputs=outputs, widths=self.widths)


class Batch(NamedTuple):
    """Windows of one step."""

    inputs: Tensor
    """`[n, channel, y, x]`."""
    targets: Tensor
    """`[n, lead, y, x]` grey values."""


class RainUnetTask:
    """Data, model, loss and score of a configuration."""

    score_name = "CSI"

    def __init__(self, config: RainUnetConfig, radar: Path, data: Path) -> None:
        self.config = config
        self._radar = radar
        self._data = data

    @cached_property
    def training_events(self) -> list[RainEvent]:
        """What it learns from."""
        return self.config.training(self._radar)

    @cached_property
    def training(self) -> list[EventSamples]:
        """What it learns from, ready."""
        config = self.config
        return samples_of(
            self.training_events, config.leads_minutes, is_varied=True, data=self._data
        )

    @cached_property
    def development_events(self) -> list[RainEvent]:
        """What tells the best checkpoint."""
        return self.config.development(self._radar)

    @cached_property
    def development(self) -> list[EventSamples]:
        """What tells the best checkpoint, ready."""
        return samples_of(
            self.development_events,
            self.config.leads_minutes,
            is_varied=False,
            data=self._data,
        )

    def make_model(self) -> RainUnet:
        """Returns a network with fresh weights."""
        return RainUnet(self.config.network)

    def set_drop(self, model: nn.Module, drop: float) -> None:
        """Sets the share of the deepest channels left out."""
        assert isinstance(model, RainUnet)
        model.drop.p = drop

    def batch(self, step: int, phase: Phase) -> Batch:
        """Returns random windows of random events."""
        rng = np.random.default_rng((self.config.fit.seed, 51, step))
        chosen = rng.choice(len(self.training), self.config.batch_size, p=self._shares)
        return as_batch(
            [
                window(self.training[one], phase.width_px, phase.strength, self.config.augment, rng)
                for one in chosen
            ]
        )

    def losses(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Mapping[str, Tensor]:
        """Returns the losses of probabilities and rate."""
        targets = fabric.to_device(batch.targets)
        logits, rate = parts(model(fabric.to_device(batch.inputs)).float(), self.config)
        limits = fabric.to_device(torch.from_numpy(grey_limits(self.config.thresholds_mm_h)))
        is_seen = (targets != UNKNOWN_GREY)[:, :, None]
        truth = (targets[:, :, None] >= limits[:, None, None]) & is_seen
        weights = fabric.to_device(torch.tensor(self.config.threshold_weights))
        seen = is_seen[:, :, 0]
        wanted = torch.where(seen, targets.float() * GREY_UNIT, 0)
        # What nobody saw is no part of either field.
        given = torch.where(seen, rate, 0)
        side = given.shape[-1]
        error = adjusted_squared_error(
            given.reshape(-1, side, side), wanted.reshape(-1, side, side)
        )
        return {
            "chance": exceedance_loss(logits, truth.float(), is_seen.float(), weights),
            "rate": self.config.rate_weight * error,
        }

    def settle(self, model: nn.Module) -> None:
        """Measures the statistics of norms on windows as they were learnt."""
        self.set_drop(model, 0.0)
        phase = self.config.fit.phases[-1]
        device = next(model.parameters()).device
        batches = (self.batch(10**6 + one, phase) for one in range(_SETTLING_BATCHES))
        settle_norms(model, (one.inputs.to(device) for one in batches))

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Returns scores of some starts of the development events, each event weighing alike.

        In place, before the output is carried to its time: `evaluate` of the command line
        measures nowcasts as users get them.
        """
        by_event = [_scores(model, one, self.config) for one in self.development]
        networks = sorted({one.network for one in self.development})
        means = []
        for network in networks:
            of_it = [
                score
                for score, one in zip(by_event, self.development, strict=True)
                if one.network == network
            ]
            means.append({name: float(np.mean([one[name] for one in of_it])) for name in of_it[0]})
        return {name: float(np.mean([one[name] for one in means])) for name in means[0]}

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """Returns how likely each event is chosen: by network, then by how many starts it has."""
        starts = {one.network: 0 for one in self.training}
        for one in self.training:
            starts[one.network] += len(one)
        shares = np.array(
            [
                self.config.shares.get(one.network, 1.0) * len(one) / starts[one.network]
                for one in self.training
            ]
        )
        made: NDArray[np.float64] = shares / shares.sum()
        return made


def grey_limits(thresholds_mm_h: Sequence[float]) -> NDArray[np.uint8]:
    """Returns the lowest grey value of rain of at least each threshold."""
    return to_grey(np.asarray(thresholds_mm_h, np.float32))


def parts(output: Tensor, config: RainUnetConfig) -> tuple[Tensor, Tensor]:
    """Returns logits `[n, lead, threshold, y, x]` and rate `[n, lead, y, x]` of an output."""
    leads = len(config.leads_minutes)
    by_lead = output.reshape(len(output), leads, -1, *output.shape[2:])
    return by_lead[:, :, :-1], by_lead[:, :, -1]


def as_batch(windows: Sequence[RainWindow]) -> Batch:
    """Returns tensors of windows of one size."""
    inputs = network_inputs(
        np.stack([one.grey for one in windows]),
        np.stack([one.ages_minutes for one in windows]),
        np.stack([one.speed for one in windows]),
    )
    targets = torch.from_numpy(np.stack([one.targets for one in windows]))
    # A view: channels stay last in memory, as convolutions on the CPU like it.
    return Batch(torch.from_numpy(inputs).permute(0, 3, 1, 2), targets)


def middles(samples: EventSamples, starts: int, side_px: int) -> Iterator[RainWindow]:
    """Yields the middle of samples from all over an event, unchanged."""
    rows, columns = (
        slice(max(0, (size - side_px) // 2) // 16 * 16, None) for size in samples.grey.shape[-2:]
    )
    rows, columns = (
        slice(one.start, one.start + min(side_px, size - one.start) // 16 * 16)
        for one, size in zip((rows, columns), samples.grey.shape[-2:], strict=True)
    )
    for number in np.unique(np.linspace(0, len(samples) - 1, starts).astype(int)):
        yield RainWindow(
            samples.grey[number][:, rows, columns],
            samples.ages_minutes[number],
            samples.speed[number][rows, columns],
            samples.targets[number][:, rows, columns],
        )


@torch.inference_mode()
def _scores(model: nn.Module, samples: EventSamples, config: RainUnetConfig) -> dict[str, float]:
    """Returns the best CSI of all cuts at 0.2, 1 and 2 mm/h, Brier score and error of the rate."""
    model.eval()
    device = next(model.parameters()).device
    leads = [config.leads_minutes.index(one) for one in (30.0, 60.0)]
    limits = grey_limits(config.thresholds_mm_h)
    wanted = [config.thresholds_mm_h.index(one) for one in (0.2, 1.0, 2.0)]
    tables = np.zeros((len(leads), len(wanted), 2, _CUTS))
    squares, pixels, errors = np.zeros(len(leads)), np.zeros(len(leads)), np.zeros(len(leads))
    for one in middles(samples, _CHECKED_STARTS, _CHECKED_SIDE):
        logits, rate = parts(model(as_batch([one]).inputs.to(device)).float().cpu(), config)
        chances = torch.sigmoid(logits[0]).numpy()
        for row, lead in enumerate(leads):
            is_seen = one.targets[lead] != UNKNOWN_GREY
            target = one.targets[lead][is_seen]
            for place, number in enumerate(wanted):
                is_wet = target >= limits[number]
                bins = np.minimum((chances[lead, number][is_seen] * _CUTS).astype(int), _CUTS - 1)
                tables[row, place, 0] += np.bincount(bins, minlength=_CUTS)
                tables[row, place, 1] += np.bincount(bins[is_wet], minlength=_CUTS)
            chance = chances[lead, config.thresholds_mm_h.index(1.0)][is_seen]
            squares[row] += ((chance - (target >= limits[wanted[1]])) ** 2).sum()
            errors[row] += np.abs(rate[0, lead].numpy()[is_seen] - target * GREY_UNIT).sum()
            pixels[row] += target.size
    said = np.cumsum(tables[:, :, 0, ::-1], axis=-1)
    hits = np.cumsum(tables[:, :, 1, ::-1], axis=-1)
    csi = (hits / np.maximum(said + hits[..., -1:] - hits, 1)).max(-1)
    return {
        "CSI": float(csi.mean()),
        **{f"CSI +{30 * (row + 1)}": float(one.mean()) for row, one in enumerate(csi)},
        "Brier": float((squares / np.maximum(pixels, 1)).mean()),
        "error": float((errors / np.maximum(pixels, 1)).mean()),
    }
