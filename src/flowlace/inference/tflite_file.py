"""A `.tflite` file as it lies on disk: tensors, operators, signatures, metadata, packed files.

Read from the flatbuffer itself, so that listings, bundles and checks need no interpreter.
"""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from flowlace.formats.tensor import Quantization
from flowlace.inference.errors import ModelError
from flowlace.inference.model_metadata import ENTRY, ModelMetadata, parse_metadata

_IDENTIFIER: Final = b"TFL3"

_DTYPES: Final[Mapping[str, type[Any]]] = {
    "FLOAT32": np.float32, "FLOAT16": np.float16, "FLOAT64": np.float64, "BOOL": np.bool_,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "STRING": np.bytes_, "COMPLEX64": np.complex64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorInfo:
    """One input or output of a model."""

    name: str
    """In the signature where there is one, else in the graph."""
    index: int
    """Of the tensor in the graph."""
    shape: tuple[int, ...]
    """-1 where any size will do."""
    dtype: np.dtype[Any]
    """Of the values."""
    quantization: Quantization | None = None
    """How whole numbers are read; None where values mean themselves."""

    def __str__(self) -> str:
        shape = ", ".join("?" if size < 0 else str(size) for size in self.shape)
        return f"{self.name} {self.dtype}[{shape}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One way to call a model."""

    key: str
    """Its name; empty for a model without signatures."""
    inputs: tuple[TensorInfo, ...]
    """In the order of the graph for the first, in the order of the file for others."""
    outputs: tuple[TensorInfo, ...]
    """As `inputs`."""
    is_main: bool
    """Whether it is the graph that an interpreter runs when no signature is named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorUse:
    """One kind of operator and how often a model uses it."""

    name: str
    """`CONV_2D`, or the name of a custom operator."""
    version: int
    count: int
    is_custom: bool


class TfliteFile:
    """The content of a `.tflite` file, read once.

    Raises:
        ModelError: there is no such file, or it is no `.tflite` model.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.content = self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise ModelError(f"model {str(path)!r} can't be read: {reason}") from error
        if self.content[4:8] != _IDENTIFIER:
            raise ModelError(
                f"model {str(path)!r} is no .tflite file: bytes 4 to 8 have to be TFL3, but are "
                f"{self.content[4:8]!r}"
            )

    @cached_property
    def sha256(self) -> str:
        """The digest of the file, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def unpacked(self) -> Any:
        """The whole file as the objects of LiteRT's schema; ModelError if it is damaged."""
        from ai_edge_litert import schema_py_generated as schema

        # The unpacked form reads all tables; what a damaged file makes it raise is of any kind.
        try:
            return schema.ModelT.InitFromPackedBuf(bytearray(self.content), 0)
        except Exception as error:
            raise ModelError(
                f"model {str(self.path)!r} is cut off or damaged: {type(error).__name__}: {error}"
            ) from error

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        """The ways to call the model; one without a name for a model that has none."""
        found = [self._signature(one) for one in self.unpacked.signatureDefs or ()]
        if any(one.is_main for one in found):
            return tuple(found)
        graph = self.unpacked.subgraphs[0]
        inputs = tuple(self._tensor(graph, int(index)) for index in graph.inputs)
        outputs = tuple(self._tensor(graph, int(index)) for index in graph.outputs)
        return (Signature(key="", inputs=inputs, outputs=outputs, is_main=True), *found)

    @property
    def main(self) -> Signature:
        """The signature that runs when none is named."""
        return next(one for one in self.signatures if one.is_main)

    def _signature(self, given: Any) -> Signature:
        graph = self.unpacked.subgraphs[given.subgraphIndex]
        return Signature(
            key=_text(given.signatureKey),
            inputs=self._named(graph, given.inputs, graph.inputs),
            outputs=self._named(graph, given.outputs, graph.outputs),
            is_main=given.subgraphIndex == 0,
        )

    def _named(self, graph: Any, maps: Any, order: Any) -> tuple[TensorInfo, ...]:
        position = {int(index): place for place, index in enumerate(order)}
        listed = sorted(maps or (), key=lambda one: position.get(one.tensorIndex, 0))
        return tuple(self._tensor(graph, one.tensorIndex, _text(one.name)) for one in listed)

    def _tensor(self, graph: Any, index: int, name: str = "") -> TensorInfo:
        tensor = graph.tensors[index]
        kind = tensor_type(tensor.type)
        if kind not in _DTYPES:
            raise ModelError(f"model {str(self.path)!r}: tensor type {kind} is not supported")
        has_signature = tensor.shapeSignature is not None and len(tensor.shapeSignature)
        shape = tensor.shapeSignature if has_signature else tensor.shape
        return TensorInfo(
            name=name or _text(tensor.name),
            index=index,
            shape=tuple(map(int, shape)) if shape is not None else (),
            dtype=np.dtype(_DTYPES[kind]),
            quantization=_quantization(tensor.quantization),
        )

    @cached_property
    def operators(self) -> tuple[OperatorUse, ...]:
        """The operators of all its graphs, most used first."""
        uses = Counter(
            operator.opcodeIndex
            for graph in self.unpacked.subgraphs
            for operator in (graph.operators if graph.operators is not None else ())
        )
        found = []
        for index, count in uses.items():
            name, is_custom = self.operator_name(index)
            version = self.unpacked.operatorCodes[index].version
            found.append(OperatorUse(name=name, version=version, count=count, is_custom=is_custom))
        return tuple(sorted(found, key=lambda one: (-one.count, one.name)))

    def operator_name(self, code_index: int) -> tuple[str, bool]:
        """Returns the name of an operator code, and whether it is a custom operator."""
        from ai_edge_litert import schema_py_generated as schema

        code = self.unpacked.operatorCodes[code_index]
        name = _names(schema.BuiltinOperator)[max(code.builtinCode, code.deprecatedBuiltinCode)]
        return (_text(code.customCode), True) if name == "CUSTOM" else (name, False)

    @cached_property
    def metadata_entries(self) -> Mapping[str, bytes]:
        """The metadata entries by name."""
        buffers = self.unpacked.buffers
        return {
            _text(one.name): bytes(bytearray(buffers[one.buffer].data))
            for one in self.unpacked.metadata or ()
            if buffers[one.buffer].data is not None
        }

    @cached_property
    def metadata(self) -> ModelMetadata:
        """What the file says about the model; nothing where it says nothing."""
        data = self.metadata_entries.get(ENTRY)
        try:
            return parse_metadata(data) if data else ModelMetadata()
        except ValueError as error:
            raise ModelError(f"model {str(self.path)!r}: {error}") from error

    @cached_property
    def packed_files(self) -> Mapping[str, bytes]:
        """Files zipped to the end of the model, by name."""
        if not zipfile.is_zipfile(io.BytesIO(self.content)):
            return {}
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
        except (zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise ModelError(
                f"model {str(self.path)!r}: the files packed at its end can't be read: {error}"
            ) from error

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes from the packed label file; empty where there is none."""
        files = self.packed_files
        named = [one.label_file for one in self.metadata.outputs if one.label_file in files]
        alone = [name for name in files if name.endswith(".txt")]
        wanted = named or (alone if len(alone) == 1 else [])
        if not wanted:
            return ()
        return tuple(files[wanted[0]].decode("utf-8", "replace").splitlines())


def tensor_type(number: int) -> str:
    """Returns the name of a tensor type: `FLOAT32`, `INT8`, …"""
    from ai_edge_litert import schema_py_generated as schema

    return _names(schema.TensorType)[number]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


@cache
def _names(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _quantization(given: Any) -> Quantization | None:
    # Quantisation by channel belongs to weights; inputs and outputs have one scale.
    if given is None or given.scale is None or len(given.scale) != 1 or not given.scale[0]:
        return None
    zero = given.zeroPoint
    has_zero = zero is not None and len(zero)
    return Quantization(float(given.scale[0]), int(zero[0]) if has_zero else 0)
