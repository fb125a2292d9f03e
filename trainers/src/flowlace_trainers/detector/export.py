"""A trained detector as files that graphs can use: float32, int8, and their `ModelSpec`.

Outputs are made for MediaPipe's own calculators: `boxes` `[1, cells, 4]` as XYWH in pixels of
the input, x and y counted from the cell's middle, and `scores` `[1, cells, classes]` as
logits. `SsdAnchorsCalculator` with one square anchor of fixed size a cell gives the middles.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from flowlace.inference.model_spec import ModelSpec, write_model_spec
from flowlace_trainers import tflite
from flowlace_trainers.detector.network import STRIDES, Detector
from flowlace_trainers.detector.samples import Floats, Samples
from flowlace_trainers.detector.task import DetectorConfig, Network, as_floats, boxed_in
from flowlace_trainers.exported_files import Unchecked, write_checked

FLOAT_LEAST_DB = 80.0
"""Agreement of the float32 file with the trained model that is asked for."""

INT8_LEAST_DB = 15.0
"""The same for the int8 file; what it costs in mAP is on the card."""

_CALIBRATION_PICTURES = 128
_CHECKED_PICTURES = 8

# The head's last convolutions and what follows them stay in float. In eight bits a step of the
# logarithm of a side is 2 % of a large box, and one of decoded boxes over a pixel, a fifth of a
# distant walker. It costs no time and gave back most of what eight bits took from the mAP.
_KEEP_FLOAT = "|".join(
    (
        r".*Head_head/torch\.nn\.modules\.conv\.Conv2d_\d;\d*",
        r".*Head_head;\d*",
        r"serving_default_output.*",
    )
)


class _Exported(nn.Module):
    """The detector with inputs from −1 to 1 and outputs in the order of the contract."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.detector.from_centred(pictures)
        return raw.boxes, raw.logits


def export_detector(
    detector: Detector,
    config: DetectorConfig,
    training: Samples,
    folder: Path,
    facts: Mapping[str, Any],
) -> ModelSpec:
    """Writes `NAME_f32.tflite`, `NAME_int8.tflite` and `NAME.json` into a folder.

    Args:
        detector: trained.
        config: it was trained by.
        training: some of these show the ranges of activations.
        folder: gets the files.
        facts: go into the files' metadata.

    Raises:
        TrainerError: an exported model doesn't do what the trained one does.
    """
    module = _Exported(detector).eval()
    calibration = _pictures(training, config, _CALIBRATION_PICTURES)
    content = tflite.converted(module, (config.height_px, config.width_px, 3))
    made = {
        "float32": Unchecked(f"{config.name}_f32.tflite", content, FLOAT_LEAST_DB),
        "int8": Unchecked(
            f"{config.name}_int8.tflite",
            tflite.quantized(content, calibration, keep_float=_KEEP_FLOAT),
            INT8_LEAST_DB,
        ),
    }
    checked = calibration[:_CHECKED_PICTURES]
    files = write_checked(
        made, tflite.torch_runner(module), checked, facts, training.labels, folder
    )
    spec = ModelSpec(
        name=config.name,
        task="object_detection",
        licence=config.licence,
        summary=config.summary,
        labels=tuple(training.labels),
        files={name: one.file for name, one in files.items()},
        default="int8",
        nodes=node_options(config, len(training.labels)),
    )
    write_model_spec(spec, folder / f"{config.name}.json")
    return spec


def node_options(config: DetectorConfig, classes: int) -> dict[str, dict[str, Any]]:
    """Returns, for the calculators around the model, the options that fit it."""
    width, height = config.width_px, config.height_px
    return {
        "ImageToTensorCalculator": {
            "output_tensor_width": width,
            "output_tensor_height": height,
            "keep_aspect_ratio": True,
            "output_tensor_float_range": {"min": -1.0, "max": 1.0},
            "border_mode": "BORDER_ZERO",
        },
        "SsdAnchorsCalculator": {
            "num_layers": len(STRIDES),
            "min_scale": 0.1,  # the scales have no effect on anchors of fixed size
            "max_scale": 0.9,
            "input_size_width": width,
            "input_size_height": height,
            "anchor_offset_x": 0.5,
            "anchor_offset_y": 0.5,
            "strides": list(STRIDES),
            "aspect_ratios": [1.0],
            "interpolated_scale_aspect_ratio": 0.0,
            "fixed_anchor_size": True,
        },
        "TensorsToDetectionsCalculator": {
            "num_classes": classes,
            "num_boxes": sum((width // s) * (height // s) for s in STRIDES),
            "num_coords": 4,
            "box_format": "XYWH",
            "x_scale": float(width),
            "y_scale": float(height),
            "w_scale": float(width),
            "h_scale": float(height),
            "sigmoid_score": True,
            "min_score_thresh": config.shown_score,
        },
        "NonMaxSuppressionCalculator": {
            "min_suppression_threshold": config.decode.largest_overlap,
            "overlap_type": "INTERSECTION_OVER_UNION",
            "max_num_detections": config.decode.most,
        },
    }


def tflite_detector(content: bytes) -> Network:
    """Returns an exported detector as a function of arrays from 0 to 1."""
    run = tflite.runner(content)

    def network(pictures: Floats) -> tuple[Floats, Floats]:
        outputs = [run(one[None] * np.float32(2) - np.float32(1)) for one in pictures]
        return (
            np.concatenate([logits for _, logits in outputs]),
            np.concatenate([boxes for boxes, _ in outputs]),
        )

    return network


def _pictures(samples: Samples, config: DetectorConfig, most: int) -> list[Floats]:
    """Pictures `[1, y, x, 3]` from −1 to 1, from all over the samples."""
    numbers = np.linspace(0, len(samples) - 1, min(most, len(samples))).astype(int)
    boxed = (boxed_in(samples[int(one)], config.width_px, config.height_px) for one in numbers)
    return [as_floats([one]) * np.float32(2) - np.float32(1) for one in boxed]
