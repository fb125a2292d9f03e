"""A trained U-Net as files that graphs can use: float32, int8, and their `ModelSpec`.

Input: `[1, y, x, channel]` float32 (`flowlace.nowcasting.aligned_frames`). Output: `[1, y, x, n]`
float32; for each lead the logits of reaching each threshold, then the rate in units of the input.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.inference.model_spec import ModelSpec, write_model_spec
from flowlace.nowcasting.aligned_frames import CHANNELS
from flowlace.nowcasting.unet import NODE, TASK
from flowlace_trainers import tflite
from flowlace_trainers.exported_files import Unchecked, write_checked
from flowlace_trainers.nowcast.augmentation import RainAugmentOptions, window
from flowlace_trainers.nowcast.network import RainUnet
from flowlace_trainers.nowcast.samples import EventSamples
from flowlace_trainers.nowcast.task import RainUnetConfig, as_batch

FLOAT_LEAST_DB = 70.0
"""Agreement of the float32 file with the trained model that is asked for."""

INT8_LEAST_DB = 12.0
"""The same for the int8 file; what it costs in scores is on the card."""

_CALIBRATION_TILES = 48
_CHECKED_TILES = 6


class _ChannelLast(nn.Module):
    """The network with its channels last."""

    def __init__(self, network: RainUnet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.network(x)
        return made.permute(0, 2, 3, 1)


def export_unet(
    network: RainUnet,
    config: RainUnetConfig,
    training: Sequence[EventSamples],
    folder: Path,
    facts: Mapping[str, Any],
    *,
    default: str = "float32",
) -> ModelSpec:
    """Writes `NAME_f32.tflite`, `NAME_int8.tflite` and their spec; returns the spec.

    Args:
        network: trained.
        config: it was trained by.
        training: tiles of these show the ranges of activations.
        folder: gets the files.
        facts: go into the files' metadata.
        default: the precision nowcasts use.

    Raises:
        TrainerError: an exported model doesn't do what the trained one does.
    """
    module = _ChannelLast(network).eval()
    tiles = _tiles(training, config.tile_px, _CALIBRATION_TILES)
    content = tflite.converted(module, (config.tile_px, config.tile_px, CHANNELS))
    small = tflite.quantized(content, tiles)
    made = {
        "float32": Unchecked(f"{config.name}_f32.tflite", content, FLOAT_LEAST_DB),
        "int8": Unchecked(f"{config.name}_int8.tflite", small, INT8_LEAST_DB),
    }
    checked = write_checked(
        made, tflite.torch_runner(module), tiles[:_CHECKED_TILES], facts, _outputs(config), folder
    )
    spec = ModelSpec(
        name=config.name,
        task=TASK,
        licence=config.licence,
        summary=config.summary,
        files={precision: one.file for precision, one in checked.items()},
        default=default,
        nodes={
            NODE: {
                "lead_minutes": list(config.leads_minutes),
                "threshold_mm_h": list(config.thresholds_mm_h),
                "network_weight": list(config.network_weights),
                "lagrangian_weight": list(config.lagrangian_weights),
                "network_blur_km_minute": config.network_blur_km_minute,
            }
        },
    )
    write_model_spec(spec, folder / f"{config.name}.json")
    return spec


def _outputs(config: RainUnetConfig) -> list[str]:
    """Returns the names of the output's channels."""
    kinds = [*(f"at least {one:g} mm/h" for one in config.thresholds_mm_h), "rate"]
    return [f"+{lead:g} min, {kind}" for lead in config.leads_minutes for kind in kinds]


def _tiles(training: Sequence[EventSamples], side: int, count: int) -> list[NDArray[np.float32]]:
    """Returns inputs as a nowcast makes them, `[1, y, x, channel]`, of all events in turn."""
    rng = np.random.default_rng(61)
    options = RainAugmentOptions()
    windows = (
        window(training[number % len(training)], side, 0.0, options, rng) for number in range(count)
    )
    return [
        np.ascontiguousarray(as_batch([one]).inputs.permute(0, 2, 3, 1).numpy()) for one in windows
    ]
