"""Makes the nodes of subgraphs that are written in Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from flowlace.calculators.inference.inference_options import DelegateMessage
from flowlace.framework.config import GivenOptions, NodeConfig
from flowlace.framework.options_message import options_from_fields, options_to_message
from flowlace.framework.registry import find_calculator


def configured_node(
    calculator: str, fields: Mapping[str, Any], inputs: list[str], outputs: list[str]
) -> NodeConfig:
    """Returns a node of a registered calculator, with options by their names in graph files."""
    found = find_calculator(calculator)
    assert found is not None
    made = NodeConfig(calculator, input_streams=inputs, output_streams=outputs)
    if fields:
        instance = options_from_fields(found.options_class, fields)
        made.options = [GivenOptions.of(instance)]
    return made


def inference_node(
    model_path: str,
    delegate: DelegateMessage | None,
    executor: str,
    source: str,
    target: str,
    *,
    is_shared: bool = False,
) -> NodeConfig:
    """Returns the node that runs a model: tensors in from `source`, out to `target`."""
    made = configured_node(
        "InferenceCalculator",
        {"model_path": model_path, **({"share_model": True} if is_shared else {})},
        [f"TENSORS:{source}"],
        [f"TENSORS:{target}"],
    )
    made.executor = executor
    if delegate is not None:
        message: Any = made.options[0].message  # type: ignore[union-attr] # made with one
        message.delegate.MergeFromString(options_to_message(delegate).SerializeToString())
    return made


def classification_node(
    labels: Sequence[str],
    top_k: int,
    source: str,
    target: str,
    min_score_threshold: float | None = None,
) -> NodeConfig:
    """Returns the node that makes named classes, best first, of a classifier's scores."""
    fields: dict[str, Any] = {"sort_by_descending_score": True, "top_k": top_k}
    if min_score_threshold is not None:
        fields["min_score_threshold"] = min_score_threshold
    if labels:
        items = [{"key": key, "value": {"name": name}} for key, name in enumerate(labels)]
        fields["label_items"] = items
    return configured_node(
        "TensorsToClassificationCalculator",
        fields,
        [f"TENSORS:{source}"],
        [f"CLASSIFICATIONS:{target}"],
    )
