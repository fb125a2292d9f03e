"""Weights of one network as the start of another: fine-tuning.

They come from the folder of a run, or from a file that holds tensors by name (safetensors), in half
the precision: a start need not be exact.
"""

import logging
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.fit import trained_weights

_logger = logging.getLogger("flowlace_trainers.video.weights")


def write_weights(network: nn.Module, file: Path) -> None:
    """Writes a network's weights and the statistics of its norms."""
    file.parent.mkdir(parents=True, exist_ok=True)
    halves = {
        name: one.detach().half().contiguous() if one.is_floating_point() else one.detach().clone()
        for name, one in network.state_dict().items()
    }
    save_file(halves, file)


def begin_with(network: nn.Module, start: Path) -> None:
    """Takes over all weights that have the same name and shape; tells which stay fresh.

    Args:
        network: to change.
        start: file of weights, or folder of a run.

    Raises:
        TrainerError: it can't be read, or nothing in it fits.
    """
    try:
        given = trained_weights(start) if start.is_dir() else load_file(start)
    except (OSError, SafetensorError) as error:
        raise TrainerError(f"no weights to begin with in {str(start)!r}: {error}") from error
    wanted = network.state_dict()
    fitting = {
        name: one.to(wanted[name].dtype)
        for name, one in given.items()
        if name in wanted and one.shape == wanted[name].shape
    }
    if not fitting:
        raise TrainerError(f"weights of {str(start)!r}: none fits this network")
    network.load_state_dict(fitting, strict=False)
    fresh = sorted(wanted.keys() - fitting.keys())
    if fresh:
        _logger.info("fresh weights: %s", ", ".join(fresh))
