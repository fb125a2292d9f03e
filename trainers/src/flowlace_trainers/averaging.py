"""A model whose weights are the running mean of those of the model in training."""

import copy

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
