"""The subgraph that finds objects with any detector: what it is made of depends on the model."""

from dataclasses import dataclass
from typing import Final

from flowlace.calculators.inference.inference_options import DelegateMessage
from flowlace.calculators.inference.subgraph_nodes import configured_node, inference_node
from flowlace.framework.config import GraphConfig, NodeConfig
from flowlace.framework.options import option, proto_options
from flowlace.framework.subgraph_library import register_subgraph
from flowlace.inference.detector_spec import detector_spec
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_model
from flowlace.inference.model_spec import ModelSpec
from flowlace.inference.tflite_file import TfliteFile

DEFAULT_MODEL: Final = "street_detector"
"""The packaged detector."""
DEFAULT_OVERLAP: Final = 0.5
"""Intersection over union from which two boxes of one class are one object."""


@proto_options("flowlace.ObjectDetectionOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectDetectionOptions:
    """Options of `ObjectDetectionSubgraph`."""

    model_path: str = option(1, default=DEFAULT_MODEL)
    """A `.tflite` file, or the name of a model `flowlace models` lists."""
    min_score_threshold: float | None = option(2)
    """Weaker detections are left out; the model's own threshold if unset."""
    max_results: int = option(3, default=-1)
    """Most detections of a picture; -1 for all."""
    min_suppression_threshold: float | None = option(4)
    """Intersection over union from which the weaker box of a class goes; raw detectors only. The
    model's own if unset."""
    allow_labels: tuple[str, ...] = option(5)
    """Only these labels; all if empty."""
    ignore_labels: tuple[str, ...] = option(6)
    """All but these labels."""
    delegate: DelegateMessage | None = option(7)
    """As in InferenceCalculatorOptions."""
    executor: str = option(8)
    """Name of the executor the model runs on; the graph's default one if empty."""


@register_subgraph("ObjectDetectionSubgraph", options=ObjectDetectionOptions)
def object_detection_subgraph(node: NodeConfig, options: ObjectDetectionOptions) -> GraphConfig:
    """Returns the nodes that find objects with the model of the options.

    Inputs:   IMAGE (Image); NORM_RECT (NormalizedRect), optional: the part to look at
    Outputs:  DETECTIONS (list[Detection]): boxes in fractions of the whole picture, with labels
              and scores, best first, in step; an empty list where there is nothing

    Example:
        ```
        node {
          calculator: "ObjectDetectionSubgraph"
          input_stream: "IMAGE:camera_frames"
          output_stream: "DETECTIONS:detections"
          options {
            [flowlace.ObjectDetectionOptions.ext] {
              model_path: "coco-ssd-mobilenet-v1"
              min_score_threshold: 0.5
            }
          }
        }
        ```
    """
    _check(options)
    try:
        path = find_model(options.model_path)
        file = TfliteFile(path)
        spec = detector_spec(file)
    except ModelError as error:
        raise ValueError(str(error)) from error
    config = GraphConfig(
        input_streams=["IMAGE:pictures", "NORM_RECT:regions"],
        output_streams=["DETECTIONS:detections"],
    )
    config.nodes = _Nodes(node, options, spec, str(path)).all()
    return config


def _check(options: ObjectDetectionOptions) -> None:
    if options.max_results == 0 or options.max_results < -1:
        raise ValueError(f"max_results is 1 or more, or -1 for all, not {options.max_results}")
    overlap = options.min_suppression_threshold
    if overlap is not None and not 0 <= overlap <= 1:
        raise ValueError(f"min_suppression_threshold lies within 0 and 1, not at {overlap:g}")
    if options.allow_labels and options.ignore_labels:
        raise ValueError("allow_labels and ignore_labels exclude each other")


class _Nodes:
    """The nodes for one model, in the order of the data."""

    def __init__(
        self, node: NodeConfig, options: ObjectDetectionOptions, spec: ModelSpec, path: str
    ) -> None:
        self._options = options
        self._spec = spec
        self._path = path
        self._is_raw = bool(spec.options("SsdAnchorsCalculator"))
        self._has_region = any(text.startswith("NORM_RECT:") for text in node.input_streams)
        keeps_shape = spec.options("ImageToTensorCalculator").get("keep_aspect_ratio", False)
        self._is_projected = self._has_region or bool(keeps_shape)
        """Whether fractions of what the model sees are not those of the whole picture."""

    def all(self) -> list[NodeConfig]:
        """Returns all nodes."""
        nodes = [self._image_to_tensor(), self._inference()]
        if self._is_raw:
            nodes.append(self._anchors())
        nodes.append(self._tensors_to_detections())
        if self._is_raw:
            nodes.append(self._suppression())
        if self._is_projected:
            nodes.append(self._projection())
        return [*nodes, self._labels()]

    def _image_to_tensor(self) -> NodeConfig:
        region = ["NORM_RECT:regions"] if self._has_region else []
        return configured_node(
            "ImageToTensorCalculator",
            self._spec.options("ImageToTensorCalculator"),
            ["IMAGE:pictures", *region],
            ["TENSORS:picture_tensors", *(["MATRIX:projections"] if self._is_projected else [])],
        )

    def _inference(self) -> NodeConfig:
        options = self._options
        return inference_node(
            self._path, options.delegate, options.executor, "picture_tensors", "detection_tensors"
        )

    def _anchors(self) -> NodeConfig:
        made = configured_node(
            "SsdAnchorsCalculator", self._spec.options("SsdAnchorsCalculator"), [], []
        )
        made.output_side_packets = ["anchors"]
        return made

    def _tensors_to_detections(self) -> NodeConfig:
        options, fields = self._options, dict(self._spec.options("TensorsToDetectionsCalculator"))
        if options.min_score_threshold is not None:
            fields["min_score_thresh"] = options.min_score_threshold
        if options.max_results > 0 and not self._is_raw:
            fields["max_results"] = options.max_results
        for field, labels in (
            ("allow_classes", options.allow_labels),
            ("ignore_classes", options.ignore_labels),
        ):
            if labels:
                fields[field] = [self._number_of(label) for label in labels]
        made = configured_node(
            "TensorsToDetectionsCalculator",
            fields,
            ["TENSORS:detection_tensors"],
            ["DETECTIONS:" + ("overlapping_detections" if self._is_raw else "tensor_detections")],
        )
        if self._is_raw:
            made.input_side_packets = ["ANCHORS:anchors"]
        return made

    def _number_of(self, label: str) -> int:
        labels = self._spec.labels
        if label not in labels:
            known = ", ".join(labels) or "none"
            raise ValueError(f"model {self._spec.name!r} has no label {label!r}; it has: {known}")
        return labels.index(label)

    def _suppression(self) -> NodeConfig:
        options = self._options
        fields = {
            "min_suppression_threshold": DEFAULT_OVERLAP,
            "overlap_type": "INTERSECTION_OVER_UNION",
            "multiclass_nms": True,
            "return_empty_detections": True,
            **self._spec.options("NonMaxSuppressionCalculator"),
        }
        if options.min_suppression_threshold is not None:
            fields["min_suppression_threshold"] = options.min_suppression_threshold
        if options.max_results > 0:
            fields["max_num_detections"] = options.max_results
        return configured_node(
            "NonMaxSuppressionCalculator",
            fields,
            ["overlapping_detections"],
            ["tensor_detections"],
        )

    def _projection(self) -> NodeConfig:
        return configured_node(
            "DetectionProjectionCalculator",
            {},
            ["DETECTIONS:tensor_detections", "PROJECTION_MATRIX:projections"],
            ["DETECTIONS:numbered_detections"],
        )

    def _labels(self) -> NodeConfig:
        return configured_node(
            "DetectionLabelIdToTextCalculator",
            {"label": list(self._spec.labels), "keep_label_id": True},
            ["numbered_detections" if self._is_projected else "tensor_detections"],
            ["detections"],
        )
