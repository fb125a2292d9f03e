"""Makes small `.tflite` files, so that tests need no downloads."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


@dataclass(kw_only=True)
class TinyTensor:
    """A tensor; with `values` it is a constant."""

    name: str
    shape: Sequence[int] = ()
    dtype: str = "float32"
    values: Any = None
    scale: float = 0.0
    zero_point: int = 0


@dataclass(kw_only=True)
class TinyGraph:
    """A graph of operators on named tensors."""

    tensors: Sequence[TinyTensor]
    inputs: Sequence[str]
    outputs: Sequence[str]
    operators: Sequence[tuple[str, Sequence[str], Sequence[str]]]
    """Kind, inputs, outputs."""
    signature: str = ""


@dataclass(kw_only=True)
class TinyModel:
    """A model of one or more graphs."""

    graphs: Sequence[TinyGraph]
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    packed: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Writes the file and returns its path."""
        model = schema.ModelT()
        model.version = 3
        model.buffers = [schema.BufferT()]
        kinds = sorted({kind for graph in self.graphs for kind, _, _ in graph.operators})
        model.operatorCodes = [_code(kind) for kind in kinds]
        model.subgraphs = [_graph(graph, kinds, model.buffers) for graph in self.graphs]
        model.signatureDefs = [
            _signature(graph, number) for number, graph in enumerate(self.graphs) if graph.signature
        ]
        model.metadata = [_entry(name, data, model.buffers) for name, data in self.metadata.items()]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()) + _zipped(self.packed))
        return path


def _code(kind: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, kind)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = 1
    return code


def _graph(graph: TinyGraph, kinds: list[str], buffers: list[Any]) -> Any:
    made = schema.SubGraphT()
    numbers = {tensor.name: number for number, tensor in enumerate(graph.tensors)}
    made.tensors = [_tensor(tensor, buffers) for tensor in graph.tensors]
    made.inputs = [numbers[name] for name in graph.inputs]
    made.outputs = [numbers[name] for name in graph.outputs]
    made.operators = []
    for kind, inputs, outputs in graph.operators:
        operator = schema.OperatorT()
        operator.opcodeIndex = kinds.index(kind)
        operator.inputs = [numbers[name] for name in inputs]
        operator.outputs = [numbers[name] for name in outputs]
        options = {
            "ADD": schema.AddOptionsT,
            "MUL": schema.MulOptionsT,
            "FULLY_CONNECTED": schema.FullyConnectedOptionsT,
            "RESHAPE": schema.ReshapeOptionsT,
        }.get(kind)
        if options is not None:
            operator.builtinOptions = options()
            operator.builtinOptionsType = getattr(
                schema.BuiltinOptions, options.__name__.removesuffix("T")
            )
        made.operators.append(operator)
    return made


def _tensor(given: TinyTensor, buffers: list[Any]) -> Any:
    tensor = schema.TensorT()
    tensor.name = given.name
    tensor.type = getattr(schema.TensorType, given.dtype.upper())
    shape = list(given.shape if given.values is None else np.shape(given.values))
    tensor.shape = [max(size, 1) for size in shape]
    if -1 in shape:
        tensor.shapeSignature = shape
    if given.values is not None:
        buffer = schema.BufferT()
        buffer.data = list(np.asarray(given.values, given.dtype).tobytes())
        buffers.append(buffer)
        tensor.buffer = len(buffers) - 1
    if given.scale:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [given.scale]
        tensor.quantization.zeroPoint = [given.zero_point]
    return tensor


def _signature(graph: TinyGraph, number: int) -> Any:
    names = {tensor.name: place for place, tensor in enumerate(graph.tensors)}
    made = schema.SignatureDefT()
    made.signatureKey = graph.signature
    made.subgraphIndex = number
    made.inputs = [_map(name, names) for name in graph.inputs]
    made.outputs = [_map(name, names) for name in graph.outputs]
    return made


def _map(name: str, numbers: Mapping[str, int]) -> Any:
    made = schema.TensorMapT()
    made.name = name
    made.tensorIndex = numbers[name]
    return made


def _entry(name: str, data: bytes, buffers: list[Any]) -> Any:
    buffer = schema.BufferT()
    buffer.data = list(data)
    buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name = name
    entry.buffer = len(buffers) - 1
    return entry


def _zipped(files: Mapping[str, str]) -> bytes:
    if not files:
        return b""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def adding(number: float = 1.0, shape: Sequence[int] = (1, 3), signature: str = "") -> TinyGraph:
    """Returns the graph y = x + number."""
    return TinyGraph(
        tensors=[
            TinyTensor(name="x", shape=shape),
            TinyTensor(name="number", values=[number]),
            TinyTensor(name="y", shape=shape),
        ],
        inputs=["x"],
        outputs=["y"],
        operators=[("ADD", ["x", "number"], ["y"])],
        signature=signature,
    )


def weighing(weights: Any) -> TinyGraph:
    """Returns the graph y = weights · x, with weights `[out, in]`."""
    outputs, inputs = np.shape(weights)
    return TinyGraph(
        tensors=[
            TinyTensor(name="x", shape=(1, inputs)),
            TinyTensor(name="weights", values=weights),
            TinyTensor(name="bias", values=np.zeros(outputs)),
            TinyTensor(name="y", shape=(1, outputs)),
        ],
        inputs=["x"],
        outputs=["y"],
        operators=[("FULLY_CONNECTED", ["x", "weights", "bias"], ["y"])],
    )


def answering(outputs: Mapping[str, Any], *, side: int = 4) -> TinyGraph:
    """Returns a graph that takes a picture `[1, side, side, 3]` and always answers the same."""
    tensors = [TinyTensor(name="picture", shape=(1, side, side, 3))]
    operators: list[tuple[str, Sequence[str], Sequence[str]]] = []
    for name, values in outputs.items():
        size = int(np.size(values))
        tensors += [
            TinyTensor(name=f"{name}_weights", values=np.zeros((size, side * side * 3))),
            TinyTensor(name=f"{name}_values", values=np.ravel(values)),
            TinyTensor(name=f"{name}_flat", shape=(1, size)),
            TinyTensor(name=f"{name}_shape", values=np.shape(values), dtype="int32"),
            TinyTensor(name=name, shape=np.shape(values)),
        ]
        fully = ["picture", f"{name}_weights", f"{name}_values"]
        operators += [
            ("FULLY_CONNECTED", fully, [f"{name}_flat"]),
            ("RESHAPE", [f"{name}_flat", f"{name}_shape"], [name]),
        ]
    return TinyGraph(
        tensors=tensors, inputs=["picture"], outputs=list(outputs), operators=operators
    )


def accumulating() -> TinyGraph:
    """Returns the graph next_sum = sum + x, whose state is an input and an output."""
    return TinyGraph(
        tensors=[
            TinyTensor(name="x", shape=(1, 2)),
            TinyTensor(name="sum", shape=(1, 2)),
            TinyTensor(name="double", shape=(1, 2)),
            TinyTensor(name="next_sum", shape=(1, 2)),
        ],
        inputs=["x", "sum"],
        outputs=["double", "next_sum"],
        operators=[("ADD", ["x", "sum"], ["next_sum"]), ("ADD", ["x", "x"], ["double"])],
        signature="step",
    )


def quantised() -> TinyGraph:
    """Returns the graph y = x + x on unsigned bytes: x in halves from -64, y in ones from -128."""
    return TinyGraph(
        tensors=[
            TinyTensor(name="x", shape=(1, 4), dtype="uint8", scale=0.5, zero_point=128),
            TinyTensor(name="y", shape=(1, 4), dtype="uint8", scale=1.0, zero_point=128),
        ],
        inputs=["x"],
        outputs=["y"],
        operators=[("ADD", ["x", "x"], ["y"])],
    )


def logarithm(shape: Sequence[int] = (1, 3)) -> TinyGraph:
    """Returns the graph y = log x, which gives NaN for numbers below 0."""
    return TinyGraph(
        tensors=[TinyTensor(name="x", shape=shape), TinyTensor(name="y", shape=shape)],
        inputs=["x"],
        outputs=["y"],
        operators=[("LOG", ["x"], ["y"])],
    )
