"""The graphs of a `.tflite` file, read by field number and checked: every index leads somewhere.

Source of the field numbers: TensorFlow Lite `schema.fbs`, version 3. Only what listings, costs and
calls need is read; weights stay where they are.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from math import prod

from flowlace.formats.tensor import Quantization
from flowlace.inference.builtin_operators import operator_name, tensor_type_name
from flowlace.inference.flatbuffer_reader import TableReader


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphTensor:
    """A tensor between operators, or a constant."""

    name: str
    shape: tuple[int, ...]
    """-1 where any size will do; empty where the file does not say."""
    dtype: str
    """`FLOAT32`, `INT8`, …"""
    is_constant: bool
    """Whether its values are in the file."""
    quantization: Quantization | None
    """None also where each channel has its own: such tensors are weights."""

    @property
    def size(self) -> int:
        """Number of values; open sizes count as 1."""
        return prod(max(length, 1) for length in self.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorKind:
    """A kind of operator that a model uses."""

    name: str
    """`CONV_2D`, or the name of a custom operator."""
    version: int
    is_custom: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphOperator:
    """One step of a model."""

    kind: OperatorKind
    inputs: tuple[GraphTensor, ...]
    """Without those that are optional and left out."""
    outputs: tuple[GraphTensor, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelGraph:
    """One graph of a model; inputs and outputs are numbers of tensors."""

    tensors: tuple[GraphTensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[GraphOperator, ...]
    """In the order they run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedGraph:
    """A signature: a name for a graph, and names for the tensors it takes and gives."""

    key: str
    graph: int
    """Number of the graph."""
    inputs: tuple[tuple[int, str], ...]
    """Number and name of each tensor."""
    outputs: tuple[tuple[int, str], ...]
    """As `inputs`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelContent:
    """All that a file holds beside the weights."""

    graphs: tuple[ModelGraph, ...]
    """One at least."""
    signatures: tuple[NamedGraph, ...]
    metadata: Mapping[str, bytes]
    """Entries by name."""


def read_model_content(data: bytes) -> ModelContent:
    """Returns what a `.tflite` file holds.

    Raises:
        ValueError: the file is cut off or damaged.
    """
    model = TableReader.root(data)
    kinds = [_kind(one) for one in model.tables(1)]
    buffers = model.tables(4)
    graphs = tuple(_graph(one, kinds, buffers) for one in model.tables(2))
    if not graphs:
        raise ValueError("it has no graph")
    return ModelContent(
        graphs=graphs,
        signatures=tuple(_signature(one, graphs) for one in model.tables(7)),
        metadata={
            one.text(0): buffers[_checked(one.index(1), buffers, "buffer")].data(0)
            for one in model.tables(6)
        },
    )


def _kind(table: TableReader) -> OperatorKind:
    # Old files have the code in a byte that ends at 127; newer ones have both.
    name = operator_name(max(table.byte(0), table.integer(3)))
    is_custom = name == "CUSTOM"
    return OperatorKind(
        name=table.text(1) if is_custom else name, version=table.integer(2, 1), is_custom=is_custom
    )


def _graph(
    table: TableReader, kinds: Sequence[OperatorKind], buffers: Sequence[TableReader]
) -> ModelGraph:
    tensors = tuple(_tensor(one, buffers) for one in table.tables(0))
    return ModelGraph(
        tensors=tensors,
        inputs=_numbers(table.integers(1), tensors),
        outputs=_numbers(table.integers(2), tensors),
        operators=tuple(_operator(one, kinds, tensors) for one in table.tables(3)),
    )


def _tensor(table: TableReader, buffers: Sequence[TableReader]) -> GraphTensor:
    buffer = buffers[_checked(table.index(2), buffers, "buffer")]
    return GraphTensor(
        name=table.text(3),
        shape=table.integers(7) or table.integers(0),
        dtype=tensor_type_name(table.byte(1)),
        # Values of models above 2 GB lie behind the flatbuffer, at an offset.
        is_constant=buffer.length(0) > 0 or buffer.long_index(1) > 1,
        quantization=_quantization(table.table(4)),
    )


def _quantization(table: TableReader | None) -> Quantization | None:
    # Quantisation by channel belongs to weights; inputs and outputs have one scale.
    scales = table.numbers(2) if table else ()
    if table is None or len(scales) != 1 or not scales[0]:
        return None
    return Quantization(scales[0], next(iter(table.longs(3)), 0))


def _operator(
    table: TableReader, kinds: Sequence[OperatorKind], tensors: Sequence[GraphTensor]
) -> GraphOperator:
    # -1 stands for an optional input that is left out.
    inputs = _numbers((number for number in table.integers(1) if number != -1), tensors)
    return GraphOperator(
        kind=kinds[_checked(table.index(0), kinds, "operator code")],
        inputs=tuple(tensors[number] for number in inputs),
        outputs=tuple(tensors[number] for number in _numbers(table.integers(2), tensors)),
    )


def _signature(table: TableReader, graphs: Sequence[ModelGraph]) -> NamedGraph:
    graph = _checked(table.index(4), graphs, "graph")
    tensors = graphs[graph].tensors
    return NamedGraph(
        key=table.text(2),
        graph=graph,
        inputs=tuple(_named(one, tensors) for one in table.tables(0)),
        outputs=tuple(_named(one, tensors) for one in table.tables(1)),
    )


def _named(table: TableReader, tensors: Sized) -> tuple[int, str]:
    return _checked(table.index(1), tensors, "tensor"), table.text(0)


def _numbers(numbers: Iterable[int], tensors: Sized) -> tuple[int, ...]:
    return tuple(_checked(number, tensors, "tensor") for number in numbers)


def _checked(number: int, things: Sized, what: str) -> int:
    if not 0 <= number < len(things):
        raise ValueError(f"it names {what} {number}, but has {len(things)} of these")
    return number
