"""Writes a graph, its models and all that is known of them into one zip file."""

import hashlib
import importlib.metadata
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flowlace.bundle.errors import BundleError
from flowlace.bundle.manifest import (
    GRAPH_BINARY,
    GRAPH_TEXT,
    MANIFEST,
    BundledFile,
    BundledModel,
    BundledNode,
    Manifest,
    manifest_text,
)
from flowlace.bundle.mediapipe_library import Target, missing_in_mediapipe
from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig, canonical_names
from flowlace.framework.config_load import GraphSource, load_graph_config, to_binary
from flowlace.framework.config_write import to_text
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.subgraph import expand_subgraphs
from flowlace.framework.subgraph_library import SubgraphLibrary
from flowlace.inference.delegates import golden_inputs, open_on_cpu
from flowlace.inference.find_model import find_described, find_model
from flowlace.inference.gpu_safety import gpu_problems
from flowlace.inference.model_cost import multiply_adds
from flowlace.inference.model_timing import timed
from flowlace.inference.public_models import public_model_of
from flowlace.inference.tflite_file import TfliteFile

SUFFIX: Final = ".zip"
TIMED_RUNS: Final = 5
_FILE_FIELDS: Final = {"model_path": "models", "label_map_path": "labels"}
"""Options that name a file, and the folder it goes to."""
_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Of every entry: the same content gives the same zip."""


def is_bundle(path: str | Path) -> bool:
    """Returns whether a path names a bundle: a zip file."""
    return str(path).endswith(SUFFIX)


@dataclass(slots=True)
class _Collected:
    """What goes into the zip."""

    content: dict[str, bytes] = field(default_factory=dict)
    """By path in the zip."""
    models: dict[str, tuple[TfliteFile, list[str]]] = field(default_factory=dict)
    """By path in the zip: the model, and the nodes that run it."""


def write_bundle(
    source: GraphSource,
    out: str | Path,
    *,
    name: str = "",
    precision: str = "",
    targets: Iterable[Target] = (),
    node_ms: Mapping[str, float] | None = None,
) -> Manifest:
    """Writes a graph with all it needs; returns what the bundle says about itself.

    Args:
        source: the graph.
        out: the zip file; it replaces another only when it is complete.
        name: what the manifest calls the graph.
        precision: of packaged models, `int8` or `float32`; each model's default if empty.
        targets: platforms to check the graph for.
        node_ms: CPU time of a call by node, where it was measured.

    Raises:
        GraphConfigError: the graph has problems.
        BundleError: a file the graph names can't be had, a precision nothing comes in, or `out`
            is no name of a bundle or can't be written.
    """
    if not is_bundle(out):
        raise BundleError(f"bundle {str(out)!r}: the name has to end in {SUFFIX}, to be run by it")
    config = expanded_graph(source)
    collected = _Collected()
    for node_name, node in zip(canonical_names(config.nodes), config.nodes, strict=True):
        _collect_files(node, node_name, precision, collected)
    if precision and not any(find_described(file.path) for file, _ in collected.models.values()):
        raise BundleError(
            f"precision {precision!r} is for models with a spec, but the graph has none"
        )
    for path, (file, _) in collected.models.items():
        _collect_papers(path, file, collected)
    models = [_model(path, *one) for path, one in collected.models.items()]
    collected.content[GRAPH_TEXT] = to_text(config).encode()
    collected.content[GRAPH_BINARY] = to_binary(config)
    manifest = Manifest(
        graph=name,
        made_by=f"flowlace {importlib.metadata.version('flowlace')}",
        files=tuple(
            BundledFile(path=path, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            for path, data in sorted(collected.content.items())
        ),
        models=tuple(models),
        nodes=tuple(_nodes(config, models, node_ms or {})),
        targets={target.value: tuple(missing_in_mediapipe(config, target)) for target in targets},
    )
    collected.content[MANIFEST] = manifest_text(manifest).encode()
    _write_zip(Path(out), collected.content)
    return manifest


def expanded_graph(source: GraphSource) -> GraphConfig:
    """Returns a graph with every subgraph in its place; GraphConfigError lists its problems."""
    config = load_graph_config(source)
    expanded, problems, _ = expand_subgraphs(config, SubgraphLibrary.for_graph(config))
    if problems:
        raise GraphConfigError(problems)
    expanded.type = ""
    return expanded


def _collect_files(node: NodeConfig, name: str, precision: str, collected: _Collected) -> None:
    for given in node.options:
        if not isinstance(given, GivenOptions):
            continue
        for option, folder in _FILE_FIELDS.items():
            value = _text_option(given, option)
            if not value:
                continue
            path = _found(node, name, option, value, precision)
            kept = _add(path, folder, collected)
            setattr(given.message, option, kept)
            if option == "model_path":
                collected.models.setdefault(kept, (TfliteFile(path), []))[1].append(name)


def _text_option(given: GivenOptions, option: str) -> str:
    known = given.message.DESCRIPTOR.fields_by_name
    return str(getattr(given.message, option)) if option in known else ""


def _found(node: NodeConfig, name: str, option: str, value: str, precision: str) -> Path:
    try:
        if option != "model_path":
            path = Path(value)
            if not path.is_file():
                raise BundleError(f"node {name!r}: {option} names no file: {value!r}")
            return path
        path = find_model(value)
        packaged = find_described(path)
        return packaged.file(precision) if packaged is not None and precision else path
    except FlowlaceError as error:
        raise BundleError(f"node {name!r} ({node.calculator}): {error}") from error


def _add(path: Path, folder: str, collected: _Collected) -> str:
    data = path.read_bytes()
    kept, number = f"{folder}/{path.name}", 1
    while collected.content.get(kept, data) != data:
        number += 1
        kept = f"{folder}/{path.stem}_{number}{path.suffix}"
    collected.content[kept] = data
    return kept


def _collect_papers(path: str, file: TfliteFile, collected: _Collected) -> None:
    """Adds a model's labels and card beside it."""
    packaged = find_described(file.path)
    labels = packaged.spec.labels if packaged else file.labels
    stem = path.removesuffix(".tflite")
    if labels:
        collected.content[f"{stem}.labels.txt"] = ("\n".join(labels) + "\n").encode()
    if packaged is not None and packaged.card.is_file():
        collected.content[f"{stem}.card.md"] = packaged.card.read_bytes()


def _model(path: str, file: TfliteFile, nodes: list[str]) -> BundledModel:
    packaged = find_described(file.path)
    public = public_model_of(file.sha256)
    operators: dict[str, int] = {}
    for use in file.operators:
        operators[use.name] = operators.get(use.name, 0) + use.count
    known: Any = packaged.spec if packaged else public
    return BundledModel(
        path=path,
        nodes=tuple(nodes),
        name=known.name if known else file.path.stem,
        licence=known.licence if known else file.metadata.licence.partition("\n")[0],
        inputs=tuple(map(str, file.main.inputs)),
        outputs=tuple(map(str, file.main.outputs)),
        operators=operators,
        multiply_adds=sum(multiply_adds(file).values()),
        cpu_ms=_measured_ms(file),
        gpu_problems=tuple(gpu_problems(file)),
    )


def _measured_ms(file: TfliteFile) -> float:
    runner, inputs = open_on_cpu(file), golden_inputs(file.main, seed=0)
    runner.run(inputs)
    cpu_s = timed(runner, [inputs], TIMED_RUNS).cpu_s
    runner.close()
    return round(cpu_s * 1000, 3)


def _nodes(
    config: GraphConfig, models: Sequence[BundledModel], node_ms: Mapping[str, float]
) -> Iterable[BundledNode]:
    by_node = {node: model for model in models for node in model.nodes}
    for name, node in zip(canonical_names(config.nodes), config.nodes, strict=True):
        model = by_node.get(name)
        measured = node_ms.get(name, model.cpu_ms if model else None)
        yield BundledNode(
            name=name,
            calculator=node.calculator,
            multiply_adds=model.multiply_adds if model else None,
            cpu_ms=None if measured is None else round(measured, 4),
        )


def _write_zip(out: Path, content: Mapping[str, bytes]) -> None:
    part = out.with_name(f"{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(content):
                archive.writestr(_entry(path), content[path])
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BundleError(f"bundle {str(out)!r} can't be written: {error}") from error


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _TIME)
    # Phones map models straight from the package, which works only where they lie as they are.
    is_model = path.endswith(".tflite")
    entry.compress_type = zipfile.ZIP_STORED if is_model else zipfile.ZIP_DEFLATED
    return entry
