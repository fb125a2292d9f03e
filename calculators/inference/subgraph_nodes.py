"""Makes the nodes of subgraphs that are written in Python."""

from collections.abc import Mapping
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
    model_path: str, delegate: DelegateMessage | None, executor: str, source: str, target: str
) -> NodeConfig:
    """Returns the node that runs a model: tensors in from `source`, out to `target`."""
    made = configured_node(
        "InferenceCalculator",
        {"model_path": model_path},
        [f"TENSORS:{source}"],
        [f"TENSORS:{target}"],
    )
    made.executor = executor
    if delegate is not None:
        message: Any = made.options[0].message  # type: ignore[union-attr] # made with one
        message.delegate.MergeFromString(options_to_message(delegate).SerializeToString())
    return made
