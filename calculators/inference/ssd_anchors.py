"""Makes the boxes an SSD or RetinaNet detector's outputs are relative to."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.anchors import Anchor, Anchors
from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator

_LOWEST_LAYER = ((1.0, 0.1), (2.0, None), (0.5, None))
"""Aspect ratio and scale of the three fixed boxes; None is the layer's own scale."""


@proto_options("mediapipe.SsdAnchorsCalculatorOptions", extension=247258239)
@dataclass(frozen=True, kw_only=True, slots=True)
class SsdAnchorsOptions:
    """Options of `SsdAnchorsCalculator`."""

    input_size_width: int = option(1)
    """Of the model's input, pixels."""
    input_size_height: int = option(2)
    """Of the model's input, pixels."""
    min_scale: float = option(3)
    """Of the first layer's boxes, as a fraction of the input."""
    max_scale: float = option(4)
    """Of the last layer's boxes; layers between have scales between."""
    anchor_offset_x: float = option(5, default=0.5)
    """Middle of a box in its cell, in cells."""
    anchor_offset_y: float = option(6, default=0.5)
    """Middle of a box in its cell, in cells."""
    num_layers: int = option(7)
    """Number of output feature maps."""
    feature_map_width: tuple[int, ...] = option(8)
    """Cells of each feature map; left out, they follow from `strides`."""
    feature_map_height: tuple[int, ...] = option(9)
    """Cells of each feature map; left out, they follow from `strides`."""
    strides: tuple[int, ...] = option(10)
    """Pixels a cell of each feature map. Neighbouring layers with one stride share their cells."""
    aspect_ratios: tuple[float, ...] = option(11)
    """Width to height of the boxes of a cell."""
    reduce_boxes_in_lowest_layer: bool = option(12)
    """Three fixed boxes a cell in the first layer, one of them a tenth of the input."""
    interpolated_scale_aspect_ratio: float = option(13, default=1.0)
    """Aspect ratio of one more box a cell, with a scale between this layer and the next; 0 leaves
    it out."""
    fixed_anchor_size: bool = option(14)
    """All boxes as large as the input: for models that give sizes in fractions of it."""
    multiscale_anchor_generation: bool = option(15)
    """RetinaNet's boxes, as EfficientDet has them, instead of SSD's; the options below are for
    these."""
    min_level: int = option(16, default=3)
    """First level of the feature pyramid; level n has a stride of 2 to the n."""
    max_level: int = option(17, default=7)
    """Last level of the feature pyramid."""
    anchor_scale: float = option(18, default=4.0)
    """Size of a box in strides."""
    scales_per_octave: int = option(19, default=2)
    """Box sizes from one level to the next."""
    normalize_coordinates: bool = option(20, default=True)
    """Boxes in fractions of the input instead of pixels."""
    fixed_anchors: tuple[Anchor, ...] = option(21)
    """The boxes themselves; all other options are ignored."""


@register_calculator
class SsdAnchorsCalculator(Calculator[SsdAnchorsOptions]):
    """Makes the boxes that `TensorsToDetectionsCalculator` needs for models that don't bring them.

    Side packets made: anchors (Anchors), in the order of the model's outputs: layer, row, column,
                       box of the cell

    SSD's boxes by default, RetinaNet's with `multiscale_anchor_generation`.

    Example:
        ```
        node {
          calculator: "SsdAnchorsCalculator"
          output_side_packet: "anchors"
          options { [mediapipe.SsdAnchorsCalculatorOptions.ext] {
            num_layers: 2
            input_size_width: 128
            input_size_height: 128
            min_scale: 0.15
            max_scale: 0.75
            strides: 8
            strides: 16
            aspect_ratios: 1.0
            fixed_anchor_size: true
          } }
        }
        ```
    """

    side_output_ports = (Port("anchors", Anchors),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a stride or a feature map for every layer."""
        if not contract.options.fixed_anchors:
            _check(contract.options)

    def open(self) -> None:
        """Makes the boxes."""
        self.side_outputs["anchors"].set(Anchors(_boxes(self.options)))

    def process(self, packets: PacketSet) -> Flow | None:  # noqa: ARG002 - a source gets none
        """Ends at once: all is done in `open`."""
        return STOP


def _check(options: SsdAnchorsOptions) -> None:
    layers = _layers(options)
    widths, heights = len(options.feature_map_width), len(options.feature_map_height)
    if widths != heights:
        raise ContractError(
            f"feature_map_width has {widths} entries, but feature_map_height has {heights}"
        )
    if not heights and not options.strides:
        raise ContractError("needs strides, or feature_map_width and feature_map_height")
    for name in ("feature_map_height", "strides"):
        values = getattr(options, name)
        if values and len(values) != layers:
            raise ContractError(f"has {layers} layers, but {name} has {len(values)} entries")
        if any(value < 1 for value in values):
            raise ContractError(f"{name} has to be 1 or more in every layer")
    needs_size = not heights or options.multiscale_anchor_generation
    if needs_size and min(options.input_size_width, options.input_size_height) < 1:
        raise ContractError("needs input_size_width and input_size_height")
    if any(ratio <= 0 for ratio in options.aspect_ratios):
        raise ContractError("aspect_ratios have to be above 0")


def _layers(options: SsdAnchorsOptions) -> int:
    if options.multiscale_anchor_generation:
        return options.max_level - options.min_level + 1
    return options.num_layers


def _boxes(options: SsdAnchorsOptions) -> NDArray[np.float32]:
    if options.fixed_anchors:
        rows = [(each.y_center, each.x_center, each.h, each.w) for each in options.fixed_anchors]
        return np.array(rows, np.float32)
    parts = list(_multiscale(options) if options.multiscale_anchor_generation else _ssd(options))
    return np.concatenate(parts) if parts else np.empty((0, 4), np.float32)


def _ssd(options: SsdAnchorsOptions) -> Iterator[NDArray[np.float32]]:
    layers = range(options.num_layers)
    strides = options.strides or tuple(layers)
    for _, group in groupby(layers, key=lambda layer: strides[layer]):
        merged = tuple(group)
        shapes = np.array([shape for layer in merged for shape in _shapes(options, layer)])
        ratios, scales = shapes.reshape(-1, 2).T
        sizes = np.stack([scales / np.sqrt(ratios), scales * np.sqrt(ratios)], axis=1)
        if options.fixed_anchor_size:
            sizes[:] = 1
        rows, columns = _cells(options, merged[0])
        y = (np.arange(rows) + options.anchor_offset_y) / rows
        x = (np.arange(columns) + options.anchor_offset_x) / columns
        yield _grid(y, x, sizes)


def _shapes(options: SsdAnchorsOptions, layer: int) -> list[tuple[float, float]]:
    """Returns aspect ratio and scale of the boxes of a cell."""
    scale = _scale(options, layer)
    if layer == 0 and options.reduce_boxes_in_lowest_layer:
        return [(ratio, fixed or scale) for ratio, fixed in _LOWEST_LAYER]
    shapes = [(ratio, scale) for ratio in options.aspect_ratios]
    if options.interpolated_scale_aspect_ratio > 0:
        is_last = layer == options.num_layers - 1
        following = 1.0 if is_last else _scale(options, layer + 1)
        shapes.append((options.interpolated_scale_aspect_ratio, sqrt(scale * following)))
    return shapes


def _scale(options: SsdAnchorsOptions, layer: int) -> float:
    if options.num_layers == 1:
        return (options.min_scale + options.max_scale) / 2
    step = (options.max_scale - options.min_scale) / (options.num_layers - 1)
    return options.min_scale + step * layer


def _multiscale(options: SsdAnchorsOptions) -> Iterator[NDArray[np.float32]]:
    """Makes the boxes of "Focal Loss for Dense Object Detection", arXiv 1708.02002, §4."""
    octaves = 2.0 ** (np.arange(options.scales_per_octave) / options.scales_per_octave)
    ratios = np.repeat(np.sqrt(options.aspect_ratios), len(octaves))
    scales = np.tile(octaves, len(options.aspect_ratios))
    height, width = options.input_size_height, options.input_size_width
    whole = (height, width) if options.normalize_coordinates else (1, 1)
    for layer in range(_layers(options)):
        level = options.min_level + layer
        stride = 2.0**level
        base = stride * options.anchor_scale
        sizes = np.stack([scales * base / ratios, scales * base * ratios], axis=1)
        rows, columns = _cells(options, layer)
        y = np.arange(rows) * stride + _half_if_even(stride, height, level)
        x = np.arange(columns) * stride + _half_if_even(stride, width, level)
        yield _grid(y / whole[0], x / whole[1], sizes / whole)


def _half_if_even(stride: float, size: int, level: int) -> float:
    """Returns half a stride where the input divides into whole cells, else nothing."""
    return stride / 2 if size % 2**level == 0 or size == 1 else 0.0


def _cells(options: SsdAnchorsOptions, layer: int) -> tuple[int, int]:
    """Returns rows and columns of a layer's feature map."""
    if options.feature_map_height:
        return options.feature_map_height[layer], options.feature_map_width[layer]
    stride = options.strides[layer]
    return ceil(options.input_size_height / stride), ceil(options.input_size_width / stride)


def _grid(
    y: NDArray[np.float64], x: NDArray[np.float64], sizes: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Returns a box of every size `[n, (height, width)]` in every cell, cell by cell."""
    boxes = np.empty((len(y), len(x), len(sizes), 4), np.float32)
    boxes[..., 0] = y[:, None, None]
    boxes[..., 1] = x[None, :, None]
    boxes[..., 2:] = sizes
    return boxes.reshape(-1, 4)
