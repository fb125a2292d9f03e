"""Options of `TensorsToDetectionsCalculator`, and what follows from them."""

from dataclasses import dataclass
from math import inf, log

from flowlace.calculators.inference.box_decoding import BoxCoding, BoxFormat
from flowlace.calculators.inference.class_filter import class_filter
from flowlace.framework.contract import ContractError
from flowlace.framework.options import option, proto_options

_LOGIT_MARGIN = 1e-3
"""Raw scores this much too low are still looked at exactly: a float32 sigmoid rounds."""


@proto_options("mediapipe.TensorsToDetectionsCalculatorOptions.TensorMapping", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorMapping:
    """Which output is what, where the model does not keep to the usual order."""

    detections_tensor_index: int | None = option(1)
    classes_tensor_index: int | None = option(2)
    scores_tensor_index: int | None = option(3)
    num_detections_tensor_index: int | None = option(4)
    anchors_tensor_index: int | None = option(5)


@proto_options("mediapipe.TensorsToDetectionsCalculatorOptions.BoxBoundariesIndices", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class BoxBoundariesIndices:
    """Where in a row of finished boxes each edge stands."""

    ymin: int = option(1)
    xmin: int = option(2, default=1)
    ymax: int = option(3, default=2)
    xmax: int = option(4, default=3)


@proto_options("mediapipe.TensorsToDetectionsCalculatorOptions", extension=335742639)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorsToDetectionsOptions:
    """Options of `TensorsToDetectionsCalculator`."""

    num_classes: int | None = option(1)
    """Classes the model tells apart; has to be given."""
    num_boxes: int = option(2)
    """Boxes the model gives; has to be given for raw boxes."""
    num_coords: int | None = option(3)
    """Numbers a box has, keypoints included; has to be given."""
    x_scale: float = option(4)
    """Raw x is this many times too large; has to be given for raw boxes, as the next three."""
    y_scale: float = option(5)
    w_scale: float = option(6)
    h_scale: float = option(7)
    ignore_classes: tuple[int, ...] = option(8)
    """Classes never reported; side packet IGNORE_CLASSES takes its place."""
    keypoint_coord_offset: int = option(9)
    """Where in a row the keypoints start."""
    num_keypoints: int = option(10)
    num_values_per_keypoint: int = option(11, default=2)
    """Has to be 2."""
    box_coord_offset: int = option(12)
    """Where in a row of raw numbers the box starts."""
    apply_exponential_on_box_size: bool = option(13)
    """Raw sizes are logarithms."""
    reverse_output_order: bool = option(14)
    """x before y; `box_format` says more and takes its place."""
    sigmoid_score: bool = option(15)
    """Raw scores are logits."""
    score_clipping_thresh: float | None = option(16)
    """Logits are limited to plus and minus this before the sigmoid."""
    flip_vertically: bool = option(18)
    """y counts from the bottom."""
    min_score_thresh: float | None = option(19)
    """Boxes with a lower score are dropped; without it, every box becomes a detection."""
    max_results: int = option(20, default=-1)
    """Only the first this many, in the model's order; below 0 for all."""
    allow_classes: tuple[int, ...] = option(21, packed=True)
    """The only classes reported."""
    tensor_mapping: TensorMapping | None = option(22)
    """Which output is what."""
    box_boundaries_indices: BoxBoundariesIndices | None = option(23, oneof="box_indices")
    """Order of the edges in finished boxes."""
    box_format: BoxFormat | None = option(24)
    """What the four numbers of a raw box are."""


def check_options(options: TensorsToDetectionsOptions) -> None:
    """Raises ContractError where options are missing or don't fit together."""
    if not options.num_classes or options.num_classes < 1:
        raise ContractError("needs num_classes: how many classes the model tells apart")
    _check_row(options)
    if options.max_results == 0:
        raise ContractError("max_results can't be 0; leave it out for all")
    class_filter(options.allow_classes, options.ignore_classes)
    if options.tensor_mapping is not None:
        _check_mapping(options.tensor_mapping)
    if sorted(edge_order(options)) != [0, 1, 2, 3]:
        raise ContractError("box_boundaries_indices have to be 0, 1, 2 and 3 in some order")


def raw_options_problem(options: TensorsToDetectionsOptions) -> str:
    """Returns what keeps raw boxes from being decoded; nothing where all is there."""
    if options.num_boxes < 1:
        return "raw boxes need the option num_boxes: how many the model gives"
    if 0 in (options.x_scale, options.y_scale, options.w_scale, options.h_scale):
        return "raw boxes need the options x_scale, y_scale, w_scale and h_scale"
    if options.box_boundaries_indices is not None:
        return "box_boundaries_indices are for finished boxes, and these are raw"
    return ""


def _check_row(options: TensorsToDetectionsOptions) -> None:
    if options.num_values_per_keypoint != 2:
        raise ContractError("num_values_per_keypoint has to be 2")
    wanted = 4 + 2 * options.num_keypoints
    if options.num_coords != wanted:
        raise ContractError(
            f"num_coords is {options.num_coords}, but a box and {options.num_keypoints} keypoints "
            f"have {wanted} numbers"
        )
    for name, needed in (("box_coord_offset", 4), ("keypoint_coord_offset", wanted - 4)):
        start = getattr(options, name)
        if not 0 <= start <= wanted - needed:
            raise ContractError(f"{name} is {start}, which does not fit into {wanted} numbers")


def _check_mapping(mapping: TensorMapping) -> None:
    if mapping.detections_tensor_index is None or mapping.scores_tensor_index is None:
        raise ContractError(
            "tensor_mapping needs detections_tensor_index and scores_tensor_index at least"
        )
    is_finished = (mapping.classes_tensor_index, mapping.num_detections_tensor_index)
    if mapping.anchors_tensor_index is not None and is_finished != (None, None):
        raise ContractError("tensor_mapping: finished boxes have no anchors_tensor_index")
    if (is_finished[0] is None) != (is_finished[1] is None):
        raise ContractError(
            "tensor_mapping: classes_tensor_index and num_detections_tensor_index go together"
        )
    given = [
        mapping.detections_tensor_index,
        mapping.scores_tensor_index,
        *(one for one in (*is_finished, mapping.anchors_tensor_index) if one is not None),
    ]
    if sorted(given) != list(range(len(given))):
        raise ContractError(
            f"tensor_mapping has to name tensors 0 to {len(given) - 1}, each once; it names "
            f"{', '.join(map(str, given))}"
        )


def edge_order(options: TensorsToDetectionsOptions) -> tuple[int, int, int, int]:
    """Returns where ymin, xmin, ymax and xmax stand in a row of finished boxes."""
    edges = options.box_boundaries_indices or BoxBoundariesIndices()
    return edges.ymin, edges.xmin, edges.ymax, edges.xmax


def box_coding(options: TensorsToDetectionsOptions) -> BoxCoding:
    """Returns how raw boxes are read."""
    reversed_or_not = BoxFormat.XYWH if options.reverse_output_order else BoxFormat.YXHW
    return BoxCoding(
        format=reversed_or_not if options.box_format is None else options.box_format,
        x_scale=options.x_scale,
        y_scale=options.y_scale,
        w_scale=options.w_scale,
        h_scale=options.h_scale,
        has_exponential_sizes=options.apply_exponential_on_box_size,
        box_offset=options.box_coord_offset,
        keypoint_offset=options.keypoint_coord_offset,
        keypoints=options.num_keypoints,
    )


def least_raw_score(options: TensorsToDetectionsOptions) -> float | None:
    """Returns what a raw score has to be at least; None where any may do."""
    least = options.min_score_thresh
    if least is None:
        return None
    if not options.sigmoid_score:
        return least
    if least <= 0:
        return None
    logit = (inf if least >= 1 else log(least / (1 - least))) - _LOGIT_MARGIN
    limit = options.score_clipping_thresh
    if limit is not None and logit <= -limit:
        return None
    # A sigmoid reaches 1 in float32 at some 17, and what is clipped is looked at exactly.
    return min(logit, 15.0) if limit is None else min(logit, 15.0, limit)
