"""What a `.tflite` file says about itself: TFLite metadata, as models of MediaPipe have it.

Sources: MediaPipe `tasks/metadata/metadata_schema.fbs` (the `TFLITE_METADATA` entry) and
`object_detector_metadata_schema.fbs` (anchors and decoding of raw detectors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowlace.inference.flatbuffer_reader import TableReader

ENTRY: Final = "TFLITE_METADATA"
"""Name of the metadata entry in the model file."""

_DETECTOR_ENTRY: Final = "DETECTOR_METADATA"
"""Name of the custom metadata of raw detectors."""
_LABEL_FILES: Final = (2, 3)
"""AssociatedFileType TENSOR_AXIS_LABELS and TENSOR_VALUE_LABELS."""
_BOX_TYPES: Final = ("", "BOUNDARIES", "UPPER_LEFT", "CENTER")
"""BoundingBoxType."""
_COORDINATES: Final = ("RATIO", "PIXEL")
"""CoordinateType."""
_BOUNDING_BOX: Final = 3
"""BoundingBoxProperties among ContentProperties."""
_NORMALIZATION: Final = 1
"""NormalizationOptions among ProcessUnitOptions."""
_SCORE_THRESHOLD: Final = 3
"""ScoreThresholdingOptions among ProcessUnitOptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorMetadata:
    """What is said about one input or output."""

    name: str = ""
    """What it is: `image`, `location`, `category`, `score`, …"""
    mean: tuple[float, ...] = ()
    """A value v goes into the model as (v - mean) / std; empty where nothing is said."""
    std: tuple[float, ...] = ()
    """As `mean`."""
    label_file: str = ""
    """The packed file with the names of the classes."""
    score_threshold: float | None = None
    """Scores below are meant to be left out."""
    box_order: tuple[int, ...] = ()
    """Places of left, top, right, bottom in a box; empty where nothing is said about boxes."""
    box_type: str = ""
    """What four numbers are a box: `BOUNDARIES`, `UPPER_LEFT` or `CENTER`; empty if not said."""
    box_coordinates: str = ""
    """`RATIO` for fractions of the picture, or `PIXEL`; empty where nothing is said about boxes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetectorMetadata:
    """How the raw output of a detector is decoded."""

    anchors: tuple[tuple[float, float, float, float], ...]
    """x_center, y_center, width, height of each, in fractions of the picture."""
    decoding: Mapping[str, float]
    """Fields of TensorsToDetectionsCalculatorOptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelMetadata:
    """What a model file says about the model."""

    name: str = ""
    description: str = ""
    licence: str = ""
    inputs: tuple[TensorMetadata, ...] = ()
    outputs: tuple[TensorMetadata, ...] = ()
    detector: DetectorMetadata | None = None


def parse_metadata(data: bytes) -> ModelMetadata:
    """Returns the content of a `TFLITE_METADATA` entry.

    Raises:
        ValueError: the bytes are no such metadata.
    """
    root = TableReader.root(data)
    subgraphs = root.tables(3)
    main = subgraphs[0] if subgraphs else None
    return ModelMetadata(
        name=root.text(0),
        description=root.text(1),
        licence=root.text(5),
        inputs=tuple(map(_tensor, main.tables(2))) if main else (),
        outputs=tuple(map(_tensor, main.tables(3))) if main else (),
        detector=_detector(main) if main else None,
    )


def _tensor(table: TableReader) -> TensorMetadata:
    units = {unit.byte(0): unit.table(1) for unit in table.tables(4)}
    normalization, threshold = units.get(_NORMALIZATION), units.get(_SCORE_THRESHOLD)
    labels = [file.text(0) for file in table.tables(6) if file.byte(2) in _LABEL_FILES]
    return TensorMetadata(
        name=table.text(0),
        mean=normalization.numbers(0) if normalization else (),
        std=normalization.numbers(1) if normalization else (),
        label_file=labels[0] if labels else "",
        score_threshold=threshold.number(0) if threshold else None,
        **_box(table.table(3)),
    )


def _box(content: TableReader | None) -> dict[str, Any]:
    """Returns the fields of TensorMetadata about boxes."""
    box = content.table(1) if content and content.byte(0) == _BOUNDING_BOX else None
    if box is None:
        return {}
    order = box.wholes(0) or (0, 1, 2, 3)
    if sorted(order) != [0, 1, 2, 3]:
        raise ValueError(f"the order of a box has to name 0, 1, 2 and 3 once each, not {order}")
    return {
        "box_order": order,
        "box_type": _named(_BOX_TYPES, box.byte(1)),
        "box_coordinates": _named(_COORDINATES, box.byte(2)),
    }


def _named(names: Sequence[str], number: int) -> str:
    return names[number] if number < len(names) else f"kind {number}"


def _detector(subgraph: TableReader) -> DetectorMetadata | None:
    named = {custom.text(0): custom.data(1) for custom in subgraph.tables(9)}
    data = named.get(_DETECTOR_ENTRY)
    if data is None:
        return None
    options = TableReader.root(data)
    anchors_options, decoding = options.table(1), options.table(2)
    fixed = anchors_options.table(0) if anchors_options else None
    if fixed is None or decoding is None:
        return None
    return DetectorMetadata(
        anchors=tuple(
            (each.number(0), each.number(1), each.number(2), each.number(3))
            for each in fixed.tables(0)
        ),
        decoding=_decoding(decoding),
    )


def _decoding(table: TableReader) -> dict[str, float]:
    whole = (
        "num_classes", "num_boxes", "num_coords", "keypoint_coord_offset", "num_keypoints",
        "num_values_per_keypoint",
    )  # fmt: skip
    scales = ("x_scale", "y_scale", "w_scale", "h_scale")
    switches = ("apply_exponential_on_box_size", "sigmoid_score")
    found: dict[str, float] = {name: table.integer(n) for n, name in enumerate(whole)}
    found |= {name: table.number(n) for n, name in enumerate(scales, start=6)}
    found |= {name: bool(table.byte(n)) for n, name in enumerate(switches, start=10)}
    if not found["num_values_per_keypoint"]:  # left out by models without keypoints
        del found["num_values_per_keypoint"]
    return found
