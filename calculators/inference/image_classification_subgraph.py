"""The subgraph that says what a picture shows, with any image classifier."""

from dataclasses import dataclass
from typing import Final

from flowlace.calculators.inference.inference_options import DelegateMessage
from flowlace.calculators.inference.subgraph_nodes import (
    classification_node,
    configured_node,
    inference_node,
)
from flowlace.framework.config import GraphConfig, NodeConfig
from flowlace.framework.options import option, proto_options
from flowlace.framework.subgraph_library import register_subgraph
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_model
from flowlace.inference.image_classifier_spec import image_classifier_spec
from flowlace.inference.tflite_file import TfliteFile

DEFAULT_MODEL: Final = "gesture_frames"
"""The packaged classifier of pictures."""


@proto_options("flowlace.ImageClassificationOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ImageClassificationOptions:
    """Options of `ImageClassificationSubgraph`."""

    model_path: str = option(1, default=DEFAULT_MODEL)
    """A `.tflite` file, or the name of a model `flowlace models` lists."""
    top_k: int = option(2)
    """Most classes of a picture, by falling score; 0 for all."""
    min_score_threshold: float | None = option(3)
    """Classes with a lower score are left out."""
    share_model: bool = option(4, default=True)
    """Several streams of a process use one loaded model and take turns."""
    delegate: DelegateMessage | None = option(5)
    """As in InferenceCalculatorOptions."""
    executor: str = option(6)
    """Name of the executor the model runs on; the graph's default one if empty."""


@register_subgraph("ImageClassificationSubgraph", options=ImageClassificationOptions)
def image_classification_subgraph(
    node: NodeConfig, options: ImageClassificationOptions
) -> GraphConfig:
    """Returns the nodes that classify pictures with the model of the options.

    Inputs:   IMAGE (Image); NORM_RECT (NormalizedRect), optional: the part to look at
    Outputs:  CLASSIFICATIONS (ClassificationList), best first, in step

    Example:
        ```
        node {
          calculator: "ImageClassificationSubgraph"
          input_stream: "IMAGE:camera_frames"
          output_stream: "CLASSIFICATIONS:best_classes"
          options { [flowlace.ImageClassificationOptions.ext] {
            model_path: "mobilenet-v2"
            top_k: 5
          } }
        }
        ```
    """
    if options.top_k < 0:
        raise ValueError(f"top_k has to be 0 or more, not {options.top_k}")
    try:
        path = find_model(options.model_path)
        spec = image_classifier_spec(TfliteFile(path))
    except ModelError as error:
        raise ValueError(str(error)) from error
    has_region = any(text.startswith("NORM_RECT:") for text in node.input_streams)
    config = GraphConfig(
        input_streams=["IMAGE:pictures", "NORM_RECT:regions"],
        output_streams=["CLASSIFICATIONS:classes"],
    )
    config.nodes = [
        configured_node(
            "ImageToTensorCalculator",
            spec.options("ImageToTensorCalculator"),
            ["IMAGE:pictures", *(["NORM_RECT:regions"] if has_region else [])],
            ["TENSORS:picture_tensors"],
        ),
        inference_node(
            str(path),
            options.delegate,
            options.executor,
            "picture_tensors",
            "class_scores",
            is_shared=options.share_model,
        ),
        classification_node(
            spec.labels, options.top_k, "class_scores", "classes", options.min_score_threshold
        ),
    ]
    return config
