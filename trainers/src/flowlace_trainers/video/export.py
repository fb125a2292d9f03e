"""A trained classifier as files: one model for pictures and whole clips, two for streams.

- Pictures and whole clips: `NAME`, `[1, y, x, frame · 3]` to probabilities `[1, class]`.
- Streams: `NAME_frame_tokens`, `[1, y, x, frame · 3]` of one step to `[1, token, width]`, and
  `NAME_temporal_head`, `[1, step, token, width]`, the newest step last, to probabilities. What
  stands between them, a ring of tokens, holds zeros for steps that have not come.

Pixels are from −1 to 1, the oldest frame's red, green and blue first. Eight bits are those of the
weights only: activations of transformers stay in float, where that is faster too.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litert_torch
import numpy as np
import torch
from ai_edge_quantizer import quantizer, recipe
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace.inference.model_spec import ModelSpec, write_model_spec
from flowlace_trainers import tflite
from flowlace_trainers.exported_files import Unchecked, write_checked
from flowlace_trainers.video.clips import ClipSet
from flowlace_trainers.video.config import VideoConfig
from flowlace_trainers.video.networks import NetworkInput, input_of
from flowlace_trainers.video.sampling import last_window, stacked
from flowlace_trainers.video.stepped_network import SteppedNetwork, SteppedOptions, has_come

FLOAT_LEAST_DB = 80.0
"""Agreement of the float32 files with the trained model that is asked for."""

INT8_LEAST_DB = 15.0
"""The same for weights in eight bits; what they cost in accuracy is to be measured."""

_CHECKED_CLIPS = 8

Floats = NDArray[np.float32]


class _Probabilities(nn.Module):
    """A network with probabilities instead of logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, value: Tensor) -> Tensor:
        return torch.softmax(self.network(value), -1)


@dataclass(frozen=True, slots=True)
class _Part:
    """What becomes one model."""

    name: str
    module: nn.Module
    """In evaluation mode."""
    inputs: Sequence[Tensor]
    """As the module takes them."""
    takes_pictures: bool
    """The file's input has channels last."""


def part_names(config: VideoConfig) -> list[str]:
    """Returns the names of the models that a configuration is exported as, in order of use."""
    if isinstance(config.network, SteppedOptions):
        return [f"{config.name}_frame_tokens", f"{config.name}_temporal_head"]
    return [config.name]


def export_classifier(
    network: nn.Module,
    config: VideoConfig,
    training: ClipSet,
    folder: Path,
    facts: Mapping[str, Any],
) -> list[ModelSpec]:
    """Writes each part as float32 and with weights in eight bits, and its ModelSpec.

    Args:
        network: trained.
        config: it was trained by.
        training: exported and trained models are compared on some of these.
        folder: gets the files.
        facts: go into the files' metadata.

    Raises:
        TrainerError: an exported model doesn't do what the trained one does.
    """
    takes = input_of(config.network)
    told = {
        **facts,
        "period_us": config.period_us,
        "steps": takes.steps,
        "frames_a_step": takes.frames_a_step,
    }
    parts = _parts(network.eval(), config, training)
    return [_written(one, config, training.labels, takes, folder, told) for one in parts]


def _parts(network: nn.Module, config: VideoConfig, training: ClipSet) -> list[_Part]:
    clips, filled = _some_clips(training, config)
    if not isinstance(network, SteppedNetwork):
        module = _Probabilities(network).eval()
        (name,) = part_names(config)
        return [_Part(name, module, _one_by_one(clips), takes_pictures=True)]
    first, second = part_names(config)
    steps = clips.reshape(-1, network.frame_tokens.embedding.channels, *clips.shape[2:])
    with torch.inference_mode():
        tokens = network.frame_tokens(steps)
    windows = tokens.reshape(len(clips), network.steps, *tokens.shape[1:])
    windows = windows * has_come(filled, network.steps)[:, :, None, None]
    head = _Probabilities(network.temporal_head).eval()
    checked = steps[:: max(1, len(steps) // _CHECKED_CLIPS)]
    return [
        _Part(
            first,
            network.frame_tokens,
            _one_by_one(checked),
            takes_pictures=True,
        ),
        _Part(second, head, _one_by_one(windows), takes_pictures=False),
    ]


def _one_by_one(values: Tensor) -> list[Tensor]:
    return [values[number : number + 1] for number in range(len(values))]


def _some_clips(training: ClipSet, config: VideoConfig) -> tuple[Tensor, Tensor]:
    """Returns clips from all over the set, and how many steps of each have come."""
    takes = input_of(config.network)
    numbers = np.linspace(0, len(training) - 1, min(_CHECKED_CLIPS, len(training))).astype(int)
    frames = [
        stacked(last_window(training[int(one)], takes, config.period_us).frames) for one in numbers
    ]
    filled = torch.linspace(1, takes.steps, len(numbers)).round().long()
    return torch.from_numpy(np.stack(frames)), filled


def _written(
    part: _Part,
    config: VideoConfig,
    labels: Sequence[str],
    takes: NetworkInput,
    folder: Path,
    facts: Mapping[str, Any],
) -> ModelSpec:
    content = _converted(part)
    models = {
        "float32": Unchecked(f"{part.name}_f32.tflite", content, FLOAT_LEAST_DB),
        "int8": Unchecked(f"{part.name}_int8.tflite", _with_small_weights(content), INT8_LEAST_DB),
    }
    inputs = [_as_file_takes(one, part) for one in part.inputs]
    reference = tflite.torch_runner(part.module, takes_pictures=part.takes_pictures)
    files = write_checked(models, reference, inputs, facts, labels, folder)
    spec = ModelSpec(
        name=part.name,
        task="video_classification" if takes.frames > 1 else "image_classification",
        licence=config.licence,
        summary=config.summary,
        labels=tuple(labels),
        files={name: one.file for name, one in files.items()},
        default="float32",
        nodes=_picture_nodes(takes) if part.takes_pictures else {},
    )
    write_model_spec(spec, folder / f"{part.name}.json")
    return spec


def _picture_nodes(takes: NetworkInput) -> dict[str, dict[str, Any]]:
    return {
        "ImageToTensorCalculator": {
            "output_tensor_width": takes.width_px,
            "output_tensor_height": takes.height_px,
            "keep_aspect_ratio": False,
            "output_tensor_float_range": {"min": -1.0, "max": 1.0},
        }
    }


def _converted(part: _Part) -> bytes:
    channels, *rest = part.inputs[0].shape[1:]
    if part.takes_pictures:
        height, width = rest
        return tflite.converted(part.module, (height, width, channels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter, about itself
        exported = litert_torch.convert(part.module, (torch.zeros_like(part.inputs[0]),))
        return bytes(exported.model_content())


def _with_small_weights(content: bytes) -> bytes:
    made = quantizer.Quantizer(bytearray(content))
    made.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    return bytes(made.quantize(enable_progress_report=False).quantized_model)


def _as_file_takes(value: Tensor, part: _Part) -> Floats:
    ordered = value.permute(0, 2, 3, 1) if part.takes_pictures else value
    made: Floats = np.ascontiguousarray(ordered.numpy())
    return made
