"""The operators of a `.tflite` file one by one: for costs and for what a GPU makes of them."""

from dataclasses import dataclass
from typing import Any

from flowlace.inference.tflite_file import TfliteFile, tensor_type


@dataclass(frozen=True, slots=True)
class GraphTensor:
    """A tensor between operators, or a constant."""

    name: str
    shape: tuple[int, ...]
    """-1 where any size will do; empty where the file does not say."""
    dtype: str
    """`FLOAT32`, `INT8`, …"""
    is_constant: bool
    """Whether its values are in the file."""

    @property
    def size(self) -> int:
        """Number of values; open sizes count as 1."""
        count = 1
        for length in self.shape:
            count *= max(length, 1)
        return count


@dataclass(frozen=True, slots=True)
class GraphOperator:
    """One step of a model."""

    name: str
    """`CONV_2D`, or the name of a custom operator."""
    is_custom: bool
    inputs: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]


def graph_operators(file: TfliteFile) -> list[GraphOperator]:
    """Returns the operators of all graphs of a model, in the order they run.

    Raises:
        ModelError: the file is damaged.
    """
    model = file.unpacked
    found = []
    for graph in model.subgraphs:
        tensors = [_tensor(tensor, model.buffers) for tensor in graph.tensors]
        for operator in graph.operators if graph.operators is not None else ():
            name, is_custom = file.operator_name(operator.opcodeIndex)
            found.append(
                GraphOperator(
                    name=name,
                    is_custom=is_custom,
                    inputs=_chosen(tensors, operator.inputs),
                    outputs=_chosen(tensors, operator.outputs),
                )
            )
    return found


def _chosen(tensors: list[GraphTensor], indices: Any) -> tuple[GraphTensor, ...]:
    # -1 stands for an optional input that is left out.
    return tuple(tensors[index] for index in indices if index >= 0) if indices is not None else ()


def _tensor(given: Any, buffers: Any) -> GraphTensor:
    signature = given.shapeSignature
    has_signature = signature is not None and len(signature)
    shape = signature if has_signature else given.shape
    data = buffers[given.buffer].data
    return GraphTensor(
        name=given.name.decode("utf-8", "replace") if given.name else "",
        shape=tuple(map(int, shape)) if shape is not None else (),
        dtype=tensor_type(given.type),
        is_constant=data is not None and len(data) > 0,
    )
