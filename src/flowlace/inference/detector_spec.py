"""How the nodes around an object detector are set: from its spec, or from what its file says.

A detector is one of two kinds. *Decoded* ones end in TensorFlow's post-processing operator and
give four tensors: boxes, classes, scores and their number. *Raw* ones give boxes relative to
anchors and scores of all classes; the graph decodes them and keeps the best of overlapping ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_described
from flowlace.inference.model_metadata import DetectorMetadata, TensorMetadata
from flowlace.inference.model_spec import ModelSpec
from flowlace.inference.public_models import public_model_of
from flowlace.inference.tflite_file import TensorInfo, TfliteFile

TASK: Final = "object_detection"
_ROLES: Final = ("location", "category", "score", "number of detections")
"""What TFLite metadata calls the outputs of a decoded detector, in the usual order."""
_OPERATOR_ORDER: Final = (1, 0, 3, 2)
"""Places of left, top, right, bottom in boxes of TensorFlow's operator: it gives top first."""


def detector_spec(file: TfliteFile) -> ModelSpec:
    """Returns the spec of a detector: its own, or one made of its shapes and metadata.

    Raises:
        ModelError: the file is no detector, or says too little to be used as one.
    """
    packaged = find_described(file.path)
    if packaged is not None:
        spec = packaged.spec
        if spec.task != TASK:
            raise ModelError(
                f"model {spec.name!r} is for {spec.task}; object detection needs a detector"
            )
        return spec
    known = public_model_of(file.sha256)
    nodes: Mapping[str, Mapping[str, Any]] = known.nodes if known else {}
    return ModelSpec(
        name=known.name if known else file.path.stem,
        task=TASK,
        licence=known.licence if known else "",
        labels=file.labels or (known.labels if known else ()),
        nodes=nodes or _nodes(file),
    )


def _nodes(file: TfliteFile) -> dict[str, Mapping[str, Any]]:
    outputs = file.main.outputs
    nodes: dict[str, Mapping[str, Any]] = {"ImageToTensorCalculator": image_input(file)}
    detector = file.metadata.detector
    if len(outputs) == 4:
        return nodes | {"TensorsToDetectionsCalculator": _decoded(file)}
    if len(outputs) == 2 and detector is not None:
        return nodes | _raw(file, detector)
    listed = "; ".join(map(str, outputs))
    raise ModelError(
        f"model {file.path.name!r} can't be used as a detector: expected 4 outputs (boxes, "
        f"classes, scores, count), or 2 (boxes, scores) with anchors in its metadata or in a "
        f"spec, but found {len(outputs)}: {listed}"
    )


def image_input(file: TfliteFile) -> dict[str, Any]:
    """Returns the options of ImageToTensorCalculator for a model that takes one picture.

    Raises:
        ModelError: the model takes something else, or floats of a range it does not tell.
    """
    name, inputs = file.path.name, file.main.inputs
    shape = inputs[0].shape if inputs else ()
    if len(inputs) != 1 or len(shape) != 4 or shape[3] not in (1, 3) or min(shape[1:3]) < 1:
        listed = "; ".join(map(str, inputs))
        raise ModelError(
            f"model {name!r} expects no picture: one input [1, height, width, 3] is needed, found "
            f"{listed or 'none'}"
        )
    size = {"output_tensor_width": shape[2], "output_tensor_height": shape[1]}
    return size | _value_range(name, inputs[0], file.metadata.inputs)


def _value_range(name: str, info: TensorInfo, said: Sequence[TensorMetadata]) -> dict[str, Any]:
    kind = info.dtype.name
    if kind == "uint8":
        return {"output_tensor_uint_range": {"min": 0, "max": 255}}
    if kind == "int8":
        return {"output_tensor_int_range": {"min": -128, "max": 127}}
    if kind != "float32":
        raise ModelError(f"model {name!r}: a picture as {kind} is not supported; found {info}")
    if not said or not said[0].mean or not said[0].std:
        raise ModelError(
            f"model {name!r} does not tell what range of floats it takes: its metadata has no "
            f"mean and std for input {info.name!r}; write a spec, or use a quantised model"
        )
    mean, std = said[0].mean[0], said[0].std[0]
    return {"output_tensor_float_range": {"min": -mean / std, "max": (255 - mean) / std}}


def _decoded(file: TfliteFile) -> dict[str, Any]:
    said = _said(file)
    names = [one.name for one in said]
    places = [names.index(role) for role in _ROLES] if set(_ROLES) <= set(names) else [0, 1, 2, 3]
    boxes, classes, scores, count = places
    left, top, right, bottom = _box_order(file, said[boxes])
    return {
        "num_classes": max(len(file.labels), 1),
        "num_coords": 4,
        "tensor_mapping": {
            "detections_tensor_index": boxes,
            "classes_tensor_index": classes,
            "scores_tensor_index": scores,
            "num_detections_tensor_index": count,
        },
        "box_boundaries_indices": {"xmin": left, "ymin": top, "xmax": right, "ymax": bottom},
        **_threshold(said[scores]),
    }


def _said(file: TfliteFile) -> Sequence[TensorMetadata]:
    """Returns what is said about each output: nothing, unless something is about all of them."""
    said, outputs = file.metadata.outputs, file.main.outputs
    return said if len(said) == len(outputs) else [TensorMetadata()] * len(outputs)


def _box_order(file: TfliteFile, said: TensorMetadata) -> tuple[int, ...]:
    if said.box_type not in ("", "BOUNDARIES") or said.box_coordinates not in ("", "RATIO"):
        raise ModelError(
            f"model {file.path.name!r} can't be used as a detector: expected boxes by their "
            f"BOUNDARIES in RATIO to the picture, but its metadata says boxes by their "
            f"{said.box_type or 'BOUNDARIES'} in {said.box_coordinates}"
        )
    return said.box_order or _OPERATOR_ORDER


def _raw(file: TfliteFile, detector: DetectorMetadata) -> dict[str, Mapping[str, Any]]:
    boxes = _place_of_boxes(file, detector)
    anchors = [
        {"x_center": x, "y_center": y, "w": width, "h": height}
        for x, y, width, height in detector.anchors
    ]
    options: dict[str, Any] = {
        **detector.decoding,
        "tensor_mapping": {"detections_tensor_index": boxes, "scores_tensor_index": 1 - boxes},
    }
    return {
        "SsdAnchorsCalculator": {"fixed_anchors": anchors},
        "TensorsToDetectionsCalculator": options | _threshold(_said(file)[1 - boxes]),
    }


def _threshold(scores: TensorMetadata) -> dict[str, Any]:
    threshold = scores.score_threshold
    return {} if threshold is None else {"min_score_thresh": threshold}


def _place_of_boxes(file: TfliteFile, detector: DetectorMetadata) -> int:
    names = [one.name for one in _said(file)]
    if _ROLES[0] in names:
        return names.index(_ROLES[0])
    wanted = int(detector.decoding["num_coords"])
    outputs = file.main.outputs
    fitting = [place for place, info in enumerate(outputs) if info.shape[-1:] == (wanted,)]
    if len(fitting) != 1:
        raise ModelError(
            f"model {file.path.name!r} does not tell which of its outputs holds boxes: expected "
            f"one with {wanted} numbers a box, or one called {_ROLES[0]!r} in its metadata, found "
            f"{'; '.join(map(str, outputs))}"
        )
    return fitting[0]
