"""Makes TFLite metadata as MediaPipe's schemas describe it, for the models of `tiny_models`.

Field numbers: MediaPipe `metadata_schema.fbs` and `object_detector_metadata_schema.fbs`. A table is
a dict from field numbers to values; what is None is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import flatbuffers


@dataclass(frozen=True)
class Int32:
    value: int


@dataclass(frozen=True)
class Float:
    value: float


@dataclass(frozen=True)
class Byte:
    value: int


@dataclass(frozen=True)
class Floats:
    values: Sequence[float]


@dataclass(frozen=True)
class Indices:
    values: Sequence[int]


Table = Mapping[int, Any]
LABELS: Final = 3
"""TENSOR_VALUE_LABELS among AssociatedFileType."""


def packed(table: Table) -> bytes:
    """Returns a flatbuffer with a table as its root."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, table))
    return bytes(builder.Output())


def _table(builder: Any, table: Table) -> int:
    ready = {number: _value(builder, value) for number, value in table.items()}
    builder.StartObject(max(table, default=-1) + 1)
    for number, value in table.items():
        match value:
            case None:
                continue
            case Int32():
                builder.PrependInt32Slot(number, value.value, 0)
            case Float():
                builder.PrependFloat32Slot(number, value.value, 0.0)
            case Byte():
                builder.PrependUint8Slot(number, value.value, 0)
            case _:
                builder.PrependUOffsetTRelativeSlot(number, ready[number], 0)
    return int(builder.EndObject())


def _value(builder: Any, value: Any) -> Any:
    """Writes what lies outside of its table; returns where."""
    match value:
        case str():
            return builder.CreateString(value)
        case bytes():
            return builder.CreateByteVector(value)
        case Floats():
            builder.StartVector(4, len(value.values), 4)
            for each in reversed(value.values):
                builder.PrependFloat32(each)
            return builder.EndVector()
        case Indices():
            builder.StartVector(4, len(value.values), 4)
            for number in reversed(value.values):
                builder.PrependUint32(number)
            return builder.EndVector()
        case list():
            places = [_table(builder, each) for each in value]
            builder.StartVector(4, len(places), 4)
            for place in reversed(places):
                builder.PrependUOffsetTRelative(place)
            return builder.EndVector()
        case dict():
            return _table(builder, value)
    return None


@dataclass(kw_only=True)
class TensorSaid:
    """What is said about one tensor."""

    name: str = ""
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    label_file: str = ""
    score_threshold: float | None = None
    box_order: Sequence[int] | None = None
    """None where it is no box; empty where only that is said."""
    box_type: int = 1
    """BOUNDARIES, 2 is UPPER_LEFT, 3 is CENTER."""
    coordinates: int = 0
    """RATIO, 1 is PIXEL."""

    def table(self) -> Table:
        units = []
        if self.mean:
            units.append({0: Byte(1), 1: {0: Floats(self.mean), 1: Floats(self.std)}})
        if self.score_threshold is not None:
            units.append({0: Byte(3), 1: {0: Float(self.score_threshold)}})
        files = [{0: self.label_file, 2: Byte(LABELS)}] if self.label_file else []
        return {0: self.name, 3: self._content(), 4: units, 6: files}

    def _content(self) -> Table | None:
        if self.box_order is None:
            return None
        order = Indices(self.box_order) if self.box_order else None
        return {0: Byte(3), 1: {0: order, 1: Byte(self.box_type), 2: Byte(self.coordinates)}}


def metadata(
    inputs: Sequence[TensorSaid], outputs: Sequence[TensorSaid], detector: bytes | None = None
) -> bytes:
    """Returns a `TFLITE_METADATA` entry."""
    custom = [] if detector is None else [{0: "DETECTOR_METADATA", 1: detector}]
    subgraph = {
        2: [one.table() for one in inputs],
        3: [one.table() for one in outputs],
        9: custom,
    }
    return packed({0: "tiny", 3: [subgraph]})


@dataclass(kw_only=True)
class Decoding:
    """TensorsDecodingOptions of a raw detector."""

    anchors: Sequence[tuple[float, float, float, float]]
    num_classes: int
    num_values_per_keypoint: int = 2
    scales: Sequence[float] = field(default_factory=lambda: (1.0, 1.0, 1.0, 1.0))
    is_exponential: bool = True
    has_sigmoid: bool = True

    def entry(self) -> bytes:
        """Returns the content of `DETECTOR_METADATA`."""
        rows = [{n: Float(value) for n, value in enumerate(each)} for each in self.anchors]
        whole = (self.num_classes, len(rows), 4, 0, 0, self.num_values_per_keypoint)
        decoding = {n: Int32(value) for n, value in enumerate(whole)}
        decoding |= {n: Float(value) for n, value in enumerate(self.scales, start=6)}
        decoding |= {10: Byte(self.is_exponential), 11: Byte(self.has_sigmoid)}
        return packed({0: "1.0.0", 1: {0: {0: rows}}, 2: decoding})
