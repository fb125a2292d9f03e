"""The subgraph that says what happens in a stream of frames, with any stepped network."""

from dataclasses import dataclass
from typing import Any, Final

from flowlace.calculators.inference.inference_options import DelegateMessage
from flowlace.calculators.inference.subgraph_nodes import (
    classification_node,
    configured_node,
    inference_node,
)
from flowlace.framework.config import GraphConfig, NodeConfig
from flowlace.framework.options import option, proto_options
from flowlace.framework.subgraph_library import register_subgraph
from flowlace.inference.clip_classifier_spec import ClipClassifier, clip_classifier
from flowlace.inference.errors import ModelError

DEFAULT_MODEL: Final = "motions"
"""The packaged classifier of clips."""


@proto_options("flowlace.VideoClassificationOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class VideoClassificationOptions:
    """Options of `VideoClassificationSubgraph`."""

    model_path: str = option(1, default=DEFAULT_MODEL)
    """`NAME` or `NAME:int8` of a packaged classifier, or the `.tflite` file of either part; the
    other part lies beside it."""
    head_path: str = option(2)
    """The second part, `…_temporal_head….tflite`, where it is not the one beside the first."""
    top_k: int = option(3)
    """Most classes of a result, by falling score; 0 for all."""
    every: int = option(4, default=1)
    """The second part runs with the first step, and then with every so manieth."""
    max_gap_us: int = option(5, "int64", default=1_000_000)
    """After a longer time without frames the window is emptied and fills anew."""
    period_us: int = option(6, "int64")
    """From frame to frame; the model's own if 0."""
    share_model: bool = option(7, default=True)
    """Several streams of a process use one loaded model and take turns."""
    delegate: DelegateMessage | None = option(8)
    """As in InferenceCalculatorOptions."""
    executor: str = option(9)
    """Name of the executor the models run on; the graph's default one if empty."""


@register_subgraph("VideoClassificationSubgraph", options=VideoClassificationOptions)
def video_classification_subgraph(
    node: NodeConfig,  # noqa: ARG001 - what a subgraph function gets
    options: VideoClassificationOptions,
) -> GraphConfig:
    """Returns the nodes that classify a stream with the model of the options.

    Inputs:   IMAGE (Image): frames at any rate
    Outputs:  CLASSIFICATIONS (ClassificationList), best first: for each step, or each `every`-th
              WARMING_UP (bool), in step: whether the window was not full yet

    Each step, some frames evenly spaced in time, goes through the first part once; its tokens go
    into a ring, and the second part reads the ring. The result is that of the whole clip that ends
    with the step, to the last digits.

    Timestamps: of the newest frame of the window.

    Example:
        ```
        node {
          calculator: "VideoClassificationSubgraph"
          input_stream: "IMAGE:camera_frames"
          output_stream: "CLASSIFICATIONS:best_classes"
          output_stream: "WARMING_UP:warming_up"
          options { [flowlace.VideoClassificationOptions.ext] { model_path: "motions" top_k: 3 } }
        }
        ```
    """
    try:
        model = clip_classifier(options.model_path, options.head_path, options.period_us)
    except ModelError as error:
        raise ValueError(str(error)) from error
    _check(options, model)
    config = GraphConfig(
        input_streams=["IMAGE:pictures"],
        output_streams=["CLASSIFICATIONS:classes", "WARMING_UP:warming_up"],
    )
    config.nodes = _nodes(options, model)
    return config


def _check(options: VideoClassificationOptions, model: ClipClassifier) -> None:
    for name, least in (("top_k", 0), ("every", 1), ("period_us", 0)):
        if getattr(options, name) < least:
            raise ValueError(f"{name} has to be {least} or more, not {getattr(options, name)}")
    # Steps of a camera that is an eighth too slow must not look like gaps.
    longest_us = model.step_us * 9 // 8
    if options.max_gap_us <= longest_us:
        raise ValueError(
            f"max_gap_us has to be more than a step takes, {longest_us} with model "
            f"{options.model_path!r}, not {options.max_gap_us}"
        )


def _nodes(options: VideoClassificationOptions, model: ClipClassifier) -> list[NodeConfig]:
    def inference(path: Any, source: str, target: str) -> NodeConfig:
        return inference_node(
            str(path), options.delegate, options.executor, source, target,
            is_shared=options.share_model,
        )  # fmt: skip

    return [
        configured_node(
            "ImageToTensorCalculator",
            model.image_input,
            ["IMAGE:pictures"],
            ["TENSORS:frame_tensors"],
        ),
        configured_node(
            "FrameStackCalculator",
            {
                "frames": model.frames_a_step,
                "period_us": model.period_us,
                "max_gap_us": options.max_gap_us,
            },
            ["TENSORS:frame_tensors"],
            ["TENSORS:step_tensors"],
        ),
        inference(model.tokens_path, "step_tensors", "step_tokens"),
        configured_node(
            "TokenRingCalculator",
            {"steps": model.steps, "every": options.every, "max_gap_us": options.max_gap_us},
            ["TENSORS:step_tokens"],
            ["TENSORS:token_windows", "WARMING_UP:warming_up"],
        ),
        inference(model.head_path, "token_windows", "class_scores"),
        classification_node(model.labels, options.top_k, "class_scores", "classes"),
    ]
