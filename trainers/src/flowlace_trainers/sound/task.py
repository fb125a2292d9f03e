"""The sound classifier as the training loop sees it."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from flowlace_trainers.schedule import Phase
from flowlace_trainers.sound.clips import Clip, without_fold
from flowlace_trainers.sound.data import SoundData
from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.network import SoundHead, SoundNetwork
from flowlace_trainers.sound.pool import through_trunk
from flowlace_trainers.sound.samples import clip_windows
from flowlace_trainers.sound.scoring import Network, clip_measures, clip_scores
from flowlace_trainers.sound.start import start_head

ALL_FOLDS = ""
"""Instead of a fold that is left out: the model learns from all of them."""

_LEAST_SCALE = 0.02
_AT_A_TIME = 128


class Batch(NamedTuple):
    """Windows of one step and what is in them."""

    features: Tensor
    """`[n, 512, 6, 4]`."""
    teacher: Tensor
    """`[n, 1024]`."""
    truth: Tensor
    """`[n, class]`, 0 or 1."""
    weight: Tensor
    """`[n, class]`, 0 where nobody can say."""
    is_joint: bool
    """Whether the classes have a say in the blocks."""


class SoundTask:
    """One training: all that a configuration has, but for a fold that is left out.

    Args:
        data: of the configuration.
        left_out: the fold that is kept to check; with `ALL_FOLDS` the checkpoint is scored on
            clips it has learnt from, which says that it learnt and not how good it is.
    """

    score_name = "margin"

    def __init__(self, data: SoundData, left_out: str = ALL_FOLDS) -> None:
        self.data = data
        self.config = data.config
        self.left_out = left_out

    @property
    def training(self) -> list[Clip]:
        """What it learns from."""
        return without_fold(self.data.clips, self.left_out)

    @property
    def kept(self) -> list[Clip]:
        """What the checkpoint is scored on."""
        return [one for one in self.data.clips if self.left_out in (one.fold, ALL_FOLDS)]

    @cached_property
    def _places(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Windows of the pool that may be learnt from."""
        return self.data.pool.of_folds(lambda fold: fold != self.left_out)

    @cached_property
    def _kept_features(self) -> list[Tensor]:
        return [
            torch.from_numpy(through_trunk(self.data.trunk, clip_windows(one.sound)))
            for one in self.kept
        ]

    @cached_property
    def _scale(self) -> Tensor:
        """How much the teacher's features vary, `[1024]`."""
        some = self.data.pool.teacher[self._places[:: max(1, len(self._places) // 4000)]]
        return torch.from_numpy(some.astype(np.float32).std(0)) + _LEAST_SCALE

    def make_model(self) -> SoundHead:
        """Returns a head that begins with the teacher's next layers."""
        head = SoundHead(self.config.network)
        start_head(head, self.data.layers)
        return head

    def set_drop(self, model: nn.Module, drop: float) -> None:
        """Sets the share of pooled values left out."""
        assert isinstance(model, SoundHead)
        model.dropout.p = drop

    def batch(self, step: int, phase: Phase) -> Batch:
        """Returns the windows of a step; at strength 0 the blocks learn from the teacher only."""
        rng = np.random.default_rng((self.config.fit.seed, 41, step))
        chosen = rng.choice(self._places, self.config.batch_size)
        pool = self.data.pool
        return Batch(
            torch.from_numpy(pool.features[chosen]).float(),
            torch.from_numpy(pool.teacher[chosen]).float(),
            torch.from_numpy(pool.truth[chosen]),
            torch.from_numpy(pool.weight[chosen]),
            phase.strength > 0,
        )

    def losses(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Mapping[str, Tensor]:
        """Returns the losses of classes and of likeness to the teacher."""
        features, teacher, truth, weight = (fabric.to_device(one) for one in batch[:4])
        logits, embedding = model(features, is_joint=batch.is_joint)
        each = functional.binary_cross_entropy_with_logits(logits, truth, weight, reduction="sum")
        difference = (embedding - teacher) / fabric.to_device(self._scale)
        return {
            "classes": each / weight.sum(),
            "teacher": self.config.likeness * difference.square().mean(),
        }

    def settle(self, model: nn.Module) -> None:
        """Has nothing to do: there are no norms."""

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Returns the scores on the clips that are kept."""
        assert isinstance(model, SoundHead)
        scores = [clip_scores(head_logits(model, one)) for one in self._kept_features]
        return clip_measures(scores, self.kept, self.config.labels, self.config.named)


@torch.inference_mode()
def head_logits(head: SoundHead, features: Tensor) -> Floats:
    """Returns logits `[n, class]` of the trunk's features `[n, 512, 6, 4]`."""
    head.eval()
    device = next(head.parameters()).device
    parts = [head(one.float().to(device))[0].cpu() for one in torch.split(features, _AT_A_TIME)]
    logits: Floats = torch.cat(parts).numpy()
    return logits


def torch_classifier(model: SoundNetwork) -> Network:
    """Returns a trained model as a function of windows `[n, 96, 64]`."""

    @torch.inference_mode()
    def run(windows: Floats) -> Floats:
        model.eval()
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(windows))[:, None], _AT_A_TIME)
        logits: Floats = torch.cat([model(one) for one in parts]).numpy()
        return logits

    return run
