"""A model whose weights are the running mean of those of the model in training."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class AveragedModel:
    """Keeps the mean; it is what is evaluated and exported.

    The mean begins short, else the first steps would weigh for ever.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Takes in the weights after a step, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        mean: dict[str, Tensor] = self.model.state_dict()
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                mean[name].lerp_(value, 1 - decay)
            else:
                mean[name].copy_(value)


@torch.no_grad()
def settle_norms(model: nn.Module, pictures: Iterable[Tensor]) -> None:
    """Measures the statistics of batch norms anew, on what the model will see in use.

    While weights change fast, running statistics lag behind them, and the mean of the weights
    has statistics that no running mean has seen at all: Wu & Johnson 2021, "Rethinking 'Batch'
    in BatchNorm", §3. Without this an averaged detector lost a third of its mAP.
    """
    norms = [one for one in model.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches, each with the same weight
    model.train()
    for batch in pictures:
        model(batch)
    model.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
