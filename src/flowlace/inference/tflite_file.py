"""A `.tflite` file as it lies on disk: tensors, operators, signatures, metadata, packed files.

Read from the flatbuffer itself, so that listings, bundles and checks need no interpreter.
"""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from flowlace.formats.tensor import Quantization
from flowlace.inference.errors import ModelError
from flowlace.inference.model_metadata import ENTRY, ModelMetadata, parse_metadata
from flowlace.inference.tflite_graph import (
    GraphOperator,
    ModelContent,
    ModelGraph,
    NamedGraph,
    read_model_content,
)

_IDENTIFIER: Final = b"TFL3"

_DTYPES: Final[Mapping[str, type[Any]]] = {
    "FLOAT32": np.float32, "FLOAT16": np.float16, "FLOAT64": np.float64, "BOOL": np.bool_,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "COMPLEX64": np.complex64,
}  # fmt: skip
"""Types of inputs and outputs. Texts are not among them: LiteRT crashes on empty ones."""


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
    def _tables(self) -> ModelContent:
        try:
            return read_model_content(self.content)
        except ValueError as error:
            raise ModelError(f"model {str(self.path)!r} is cut off or damaged: {error}") from error

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        """The ways to call the model; one without a name for a model that has none."""
        found = tuple(map(self._signature, self._tables.signatures))
        if any(one.is_main for one in found):
            return found
        graph = self._tables.graphs[0]
        inputs = tuple(self._tensor(graph, number) for number in graph.inputs)
        outputs = tuple(self._tensor(graph, number) for number in graph.outputs)
        return (Signature(key="", inputs=inputs, outputs=outputs, is_main=True), *found)

    @property
    def main(self) -> Signature:
        """The signature that runs when none is named."""
        return next(one for one in self.signatures if one.is_main)

    def _signature(self, given: NamedGraph) -> Signature:
        graph = self._tables.graphs[given.graph]
        return Signature(
            key=given.key,
            inputs=self._named(graph, given.inputs, graph.inputs),
            outputs=self._named(graph, given.outputs, graph.outputs),
            is_main=given.graph == 0,
        )

    def _named(
        self, graph: ModelGraph, named: Sequence[tuple[int, str]], order: Sequence[int]
    ) -> tuple[TensorInfo, ...]:
        position = {number: place for place, number in enumerate(order)}
        listed = sorted(named, key=lambda one: position.get(one[0], 0))
        return tuple(self._tensor(graph, number, name) for number, name in listed)

    def _tensor(self, graph: ModelGraph, number: int, name: str = "") -> TensorInfo:
        tensor = graph.tensors[number]
        if tensor.dtype not in _DTYPES:
            raise ModelError(
                f"model {str(self.path)!r}: inputs and outputs of type {tensor.dtype} are not "
                f"supported, but {name or tensor.name!r} is one; known are: {', '.join(_DTYPES)}"
            )
        return TensorInfo(
            name=name or tensor.name,
            index=number,
            shape=tensor.shape,
            dtype=np.dtype(_DTYPES[tensor.dtype]),
            quantization=tensor.quantization,
        )

    @property
    def steps(self) -> list[GraphOperator]:
        """The operators of all its graphs one by one, in the order they run."""
        return [step for graph in self._tables.graphs for step in graph.operators]

    @cached_property
    def operators(self) -> tuple[OperatorUse, ...]:
        """The operators of all its graphs, most used first."""
        uses = Counter(step.kind for step in self.steps)
        found = [
            OperatorUse(name=kind.name, version=kind.version, count=count, is_custom=kind.is_custom)
            for kind, count in uses.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.name)))

    @property
    def metadata_entries(self) -> Mapping[str, bytes]:
        """The metadata entries by name."""
        return self._tables.metadata

    @cached_property
    def metadata(self) -> ModelMetadata:
        """What the file says about the model; nothing where it says nothing."""
        data = self.metadata_entries.get(ENTRY)
        try:
            return parse_metadata(data) if data else ModelMetadata()
        except ValueError as error:
            raise ModelError(f"model {str(self.path)!r}: its metadata: {error}") from error

    @cached_property
    def packed_files(self) -> Mapping[str, bytes]:
        """Files zipped to the end of the model, by name."""
        if not zipfile.is_zipfile(io.BytesIO(self.content)):
            return {}
        # What a damaged archive makes the reader raise is of many kinds.
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
        except Exception as error:
            raise ModelError(
                f"model {str(self.path)!r}: the files packed at its end can't be read: "
                f"{type(error).__name__}: {error}"
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
