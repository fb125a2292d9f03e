"""What keeps a model off GPUs, or makes their results wrong: rules found by trying.

Constants with a batch dimension above 1 gave errors of 9 to 89 % on LiteRT's GPU path while it
called itself fully accelerated; tensors of more than four dimensions and BROADCAST_TO are not
supported by mobile GPU delegates; custom operators and open sizes stay on the CPU.
"""

from collections.abc import Iterator
from typing import Final

from flowlace.inference.tflite_file import TfliteFile
from flowlace.inference.tflite_graph import GraphOperator

LARGEST_RANK: Final = 4
_WITH_WEIGHTS: Final = frozenset(
    {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "GATHER", "PRELU"}
)
"""Operators whose constants have no batch dimension, whatever their first one is."""
_VALUES: Final = frozenset({"FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16"})
"""Types of values; others are shapes, axes and places."""
_CONTROL: Final = frozenset({"IF", "WHILE", "CALL_ONCE"})


def gpu_problems(file: TfliteFile) -> list[str]:
    """Returns why a GPU may refuse a model or get it wrong; empty for a GPU-safe model.

    Raises:
        ModelError: the file is damaged.
    """
    found = [problem for operator in file.steps for problem in _problems(operator)]
    found += [
        f"input {info.name!r} has an open size: {info}"
        for info in file.main.inputs
        if -1 in info.shape
    ]
    return list(dict.fromkeys(found))


def _problems(operator: GraphOperator) -> Iterator[str]:
    if operator.kind.is_custom:
        yield f"custom operator {operator.kind.name}"
        return  # it runs on the CPU, whatever its tensors are
    if operator.kind.name == "BROADCAST_TO":
        yield "operator BROADCAST_TO"
    if operator.kind.name in _CONTROL:
        yield f"operator {operator.kind.name} branches"
    for tensor in (*operator.inputs, *operator.outputs):
        if len(tensor.shape) > LARGEST_RANK:
            yield (
                f"{operator.kind.name}: tensor {tensor.name!r} has {len(tensor.shape)} dimensions, "
                f"more than {LARGEST_RANK}"
            )
    if operator.kind.name in _WITH_WEIGHTS:
        return
    for tensor in operator.inputs:
        has_batch = len(tensor.shape) > 1 and tensor.shape[0] > 1
        if tensor.is_constant and has_batch and tensor.dtype in _VALUES:
            yield (
                f"{operator.kind.name}: constant {tensor.name!r} has a batch dimension of "
                f"{tensor.shape[0]}"
            )
