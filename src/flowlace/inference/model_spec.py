"""What is known about a model beside its weights: task, labels, and how its neighbours are set.

A `ModelSpec` is a JSON file in the model's folder, written by the trainer that made the model.
Graphs read it when they are built: `nodes` holds, for each calculator around the model, the
fields of its options, so a new model needs no new graph.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flowlace.inference.errors import ModelError

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_KINDS: Mapping[str, type] = {"labels": list, "files": dict, "nodes": dict}
"""What the fields of a spec are in JSON; all others are texts."""
_KIND_NAMES: Mapping[type, str] = {str: "a text", list: "a list", dict: "an object"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFile:
    """One form of a model's weights."""

    file: str
    """Name of the `.tflite` beside the spec."""
    sha256: str
    """Digest of the file, in hexadecimal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """What graphs and listings need to know about a model."""

    name: str
    """How commands and graphs name it."""
    task: str
    """What it does, and the folder it lies in: `object_detection`, `sound_events`, …"""
    licence: str = ""
    """Of the weights, as an SPDX name."""
    summary: str = ""
    """One sentence for listings."""
    labels: tuple[str, ...] = ()
    """Names of the classes by number."""
    files: Mapping[str, ModelFile] = field(default_factory=dict)
    """By precision: `float32`, `int8`, …"""
    default: str = ""
    """The precision graphs use where nobody asks for one."""
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By calculator: fields of its options, as a graph file names them. An object detector sets
    `ImageToTensorCalculator`, `TensorsToDetectionsCalculator` and, where it leaves the decoding
    of boxes to the graph, `SsdAnchorsCalculator`."""

    def options(self, calculator: str) -> Mapping[str, Any]:
        """Returns the option fields for a calculator; none if the spec says nothing about it."""
        return self.nodes.get(calculator, _NOTHING)


def read_model_spec(path: Path) -> ModelSpec:
    """Reads a spec.

    Raises:
        ModelError: no such file, no JSON, or a field that is missing, unknown or of another type.
    """
    try:
        spec = _spec(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"model spec {str(path)!r} can't be read: {error}") from error
    if spec.default not in spec.files:
        known = ", ".join(spec.files) or "none"
        raise ModelError(
            f"model spec {str(path)!r}: default is {spec.default!r}, but files has: {known}"
        )
    return spec


def _spec(content: Any) -> ModelSpec:
    """Returns the spec of a JSON value; ValueError or TypeError where it is none."""
    fields = dict(_required("the spec", content, dict))
    for name, value in fields.items():
        _required(name, value, _KINDS.get(name, str))
    labels = [_required("a label", one, str) for one in fields.pop("labels", ())]
    files = {precision: _file(precision, one) for precision, one in fields.pop("files", {}).items()}
    for calculator, options in fields.get("nodes", {}).items():
        _required(f"nodes.{calculator}", options, dict)
    return ModelSpec(**fields, labels=tuple(labels), files=files)


def _file(precision: str, content: Any) -> ModelFile:
    where = f"files.{precision}"
    made = ModelFile(**_required(where, content, dict))
    _required(f"{where}.sha256", made.sha256, str)
    if Path(_required(f"{where}.file", made.file, str)).name != made.file:
        raise ValueError(f"{where}.file has to lie beside the spec, but is {made.file!r}")
    return made


def _required(what: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{what} has to be {_KIND_NAMES[kind]}, but is {value!r:.40}")
    return value


def write_model_spec(spec: ModelSpec, path: Path) -> None:
    """Writes a spec as JSON that people can read."""
    path.write_text(json.dumps(asdict(spec), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
