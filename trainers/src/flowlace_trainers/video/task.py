"""A classifier of pictures or clips as the training loop sees it."""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.averaging import settle_norms
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.augmentation import augmented
from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.config import Folders, VideoConfig, check_clips, check_config
from flowlace_trainers.video.networks import input_of, make_network, set_drop
from flowlace_trainers.video.sampling import (
    Window,
    random_window,
    sized,
    stacked,
    windows_over,
)
from flowlace_trainers.video.scoring import Scores, scores_of
from flowlace_trainers.video.stepped_network import SteppedNetwork
from flowlace_trainers.video.weights import begin_with

_AT_A_TIME = 32
_SETTLING_CLIPS = 512


class Batch(NamedTuple):
    """Clips of one step."""

    clips: Tensor
    """`[n, frame · 3, y, x]`, −1 to 1."""
    filled: Tensor
    """`[n]`, steps of the window that have come."""
    truth: Tensor
    """`[n, class]`, shares that make 1."""


class VideoTask:
    """Data, model, loss and score of a configuration.

    Raises:
        TrainerError: the parts of the configuration don't fit each other, or the clips don't fit.
    """

    score_name = "accuracy"

    def __init__(self, config: VideoConfig, folders: Folders) -> None:
        self.config = config
        check_config(config)
        self.takes = input_of(config.network)
        self.folders = folders

    @cached_property
    def training(self) -> ClipSet:
        """What it learns from."""
        return self._checked(self.config.training(self.folders))

    @cached_property
    def development(self) -> ClipSet:
        """What tells the best checkpoint."""
        return self._checked(self.config.development(self.folders), like=self.training)

    @cached_property
    def evaluation(self) -> ClipSet:
        """What results are told of."""
        return self._checked(self.config.evaluation(self.folders), like=self.training)

    @cached_property
    def measured_on(self) -> Mapping[str, ClipSet]:
        """The sets that results are told of, by name."""
        sets = {"evaluation": self.evaluation}
        if self.folders.clips is not None:
            sets |= {name: make(self.folders) for name, make in self.config.others.items()}
        return sets

    def make_model(self) -> nn.Module:
        """Returns a network with fresh weights, or with those it starts from."""
        made = make_network(self.config.network)
        if self.config.start is not None:
            begin_with(made, self.config.start)
        return made

    def set_drop(self, model: nn.Module, drop: float) -> None:
        """Sets how likely the deepest block is left out."""
        set_drop(model, drop)

    def batch(self, step: int, phase: Phase) -> Batch:
        """Returns the batch of a step: a stretch of a shuffled round through all clips."""
        size, seed = self.config.batch_size, self.config.fit.seed
        places = range(step * size, (step + 1) * size)
        made = [self._sample(place, phase) for place in places]
        clips = torch.from_numpy(np.stack([clip for clip, _, _ in made]))
        filled = torch.tensor([count for _, count, _ in made])
        numbers = torch.tensor([number for _, _, number in made])
        rng = np.random.default_rng((seed, 53, step))
        smoothing = self.config.augment.smoothing * phase.strength
        truth = smoothed(numbers, len(self.training.labels), smoothing)
        alpha = self.config.augment.mixing
        share = rng.beta(alpha, alpha) if alpha > 0 and phase.strength > 0 else 1.0
        return Batch(mixed(clips, share), filled, mixed(truth, share))

    def losses(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Mapping[str, Tensor]:
        """Returns the loss of classes."""
        clips, filled, truth = (fabric.to_device(one) for one in batch)
        logits = _logits(model, clips, filled)
        return {"classes": functional.cross_entropy(logits, truth)}

    def settle(self, model: nn.Module) -> None:
        """Measures the statistics of batch norms on training clips; others have none."""
        if not any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in model.modules()):
            return
        self.set_drop(model, 0.0)
        device = next(model.parameters()).device
        count = min(_SETTLING_CLIPS, len(self.training))
        numbers = np.random.default_rng(self.config.fit.seed).permutation(len(self.training))
        settle_norms(
            model, (clips.to(device) for clips, _ in self._windows(self.training, numbers[:count]))
        )

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Returns scores on the development clips."""
        return self.scores(model, self.development)._asdict()

    def scores(
        self, model: nn.Module, clips: ClipSet, *, views: int = 1, is_shuffled: bool = False
    ) -> Scores:
        """Returns how well a network tells clips.

        Args:
            model: the network.
            clips: to tell.
            views: windows of each clip, evenly spaced up to the one that ends with it; their
                probabilities are averaged (multi-view evaluation: Arnab et al. 2021, §4.1).
            is_shuffled: frames come in random order: what is left needs no motion.
        """
        logits = self._classify(model, clips, views=views, is_shuffled=is_shuffled)
        return scores_of(logits, truth_of(clips), len(clips.labels))

    @torch.inference_mode()
    def _classify(
        self, model: nn.Module, clips: ClipSet, *, views: int, is_shuffled: bool
    ) -> Tensor:
        model.eval()
        device = next(model.parameters()).device
        numbers = np.arange(len(clips))
        parts = [
            _logits(model, one.to(device), filled.to(device)).float().cpu()
            for one, filled in self._windows(clips, numbers, views, is_shuffled=is_shuffled)
        ]
        of_views = torch.cat(parts).reshape(len(clips), views, -1)
        return torch.logsumexp(torch.log_softmax(of_views, -1), 1) - math.log(views)

    def _windows(
        self,
        clips: ClipSet,
        numbers: NDArray[np.int64],
        views: int = 1,
        *,
        is_shuffled: bool = False,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        for some in np.split(numbers, range(_AT_A_TIME, len(numbers), _AT_A_TIME)):
            windows = []
            for number in some:
                taken = windows_over(clips[int(number)], self.takes, self.config.period_us, views)
                if is_shuffled:
                    order = np.random.default_rng((61, int(number))).permutation(self.takes.frames)
                    taken = [Window(one.frames[order], one.filled) for one in taken]
                windows += taken
            pixels = torch.from_numpy(np.stack([stacked(one.frames) for one in windows]))
            yield pixels, torch.tensor([one.filled for one in windows])

    def _sample(self, place: int, phase: Phase) -> tuple[NDArray[np.float32], int, int]:
        """Returns a clip, how many steps of it have come, and its class."""
        options, takes, strength = self.config.augment, self.takes, phase.strength
        rng = np.random.default_rng((self.config.fit.seed, 51, place))
        clip = self.training[self._shuffled(place)]
        window = random_window(clip, takes, self.config.period_us, options.rates, rng)
        frames, label = augmented(window.frames, clip.label, strength, options, rng)
        filled = window.filled
        if rng.random() < options.short * strength:
            filled = min(filled, int(rng.integers(max(1, takes.steps // 4), takes.steps + 1)))
        frames = sized(frames, phase.width_px, phase.height_px)
        return stacked(frames), filled, self.training.labels.index(label)

    def _shuffled(self, place: int) -> int:
        count = len(self.training)
        order = np.random.default_rng((self.config.fit.seed, 52, place // count))
        return int(order.permutation(count)[place % count])

    def _checked(self, clips: ClipSet, like: ClipSet | None = None) -> ClipSet:
        check_clips(self.config, clips)
        if like is not None and clips.labels != like.labels:
            raise TrainerError(
                f"configuration {self.config.name!r}: labels differ between training and other "
                "clips; give ClipStore the same labels"
            )
        return clips


def truth_of(clips: ClipSet) -> Tensor:
    """Returns the class of each clip, `[clip]`."""
    return torch.tensor([clips.labels.index(clips[one].label) for one in range(len(clips))])


def smoothed(numbers: Tensor, classes: int, smoothing: float) -> Tensor:
    """Returns shares `[n, class]`: all but `smoothing` for the class, that spread over all."""
    exact = functional.one_hot(numbers, classes).float()
    return exact * (1 - smoothing) + smoothing / classes


def mixed(values: Tensor, share: float) -> Tensor:
    """Returns each one mixed with its neighbour in the batch: Zhang et al. 2018, "mixup"."""
    return values if share == 1.0 else values * share + values.roll(1, 0) * (1 - share)


def _logits(model: nn.Module, clips: Tensor, filled: Tensor) -> Tensor:
    is_stepped = isinstance(getattr(model, "module", model), SteppedNetwork)
    logits: Tensor = model(clips, filled) if is_stepped else model(clips)
    return logits
