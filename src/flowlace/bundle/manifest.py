"""What a bundle says about itself: files with digests, models, nodes with costs, platforms."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

FORMAT: Final = 1
"""Of the manifest; raised when older readers would misunderstand it."""
MANIFEST: Final = "manifest.json"
GRAPH_TEXT: Final = "graph.pbtxt"
GRAPH_BINARY: Final = "graph.binarypb"


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledFile:
    """One file of the zip."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledModel:
    """One model of the graph."""

    path: str
    """In the zip."""
    nodes: tuple[str, ...]
    """The nodes that run it."""
    name: str
    licence: str
    """SPDX name, empty where it is not known."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operators: Mapping[str, int]
    """How often each kind is used."""
    multiply_adds: int
    """Of one run."""
    cpu_ms: float
    """CPU time of one run on one thread of the machine that made the bundle."""
    gpu_problems: tuple[str, ...]
    """Why a GPU may refuse it or get it wrong; empty for a GPU-safe model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledNode:
    """One node of the expanded graph."""

    name: str
    calculator: str
    multiply_adds: int | None = None
    """Of one run of its model."""
    cpu_ms: float | None = None
    """CPU time of one call on the machine that made the bundle, where it was measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """All a bundle says about itself."""

    format: int = FORMAT
    graph: str = ""
    """Name or path of the graph it was made of."""
    made_by: str = ""
    """This package with its version."""
    files: tuple[BundledFile, ...] = ()
    models: tuple[BundledModel, ...] = ()
    nodes: tuple[BundledNode, ...] = ()
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By platform: what MediaPipe's C++ library does not have; empty if all is there."""


def manifest_text(manifest: Manifest) -> str:
    """Returns the manifest as JSON that people can read."""
    return json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"


def bundled_files(text: str) -> list[BundledFile]:
    """Returns the files a manifest lists.

    Raises:
        ValueError: the text is no manifest, or of a newer format.
    """
    content: Any = json.loads(text)
    if not isinstance(content, dict) or "files" not in content:
        raise ValueError("the manifest lists no files")
    if content.get("format") != FORMAT:
        raise ValueError(
            f"the manifest has format {content.get('format')!r}, this version reads {FORMAT}"
        )
    try:
        files = [BundledFile(**one) for one in content["files"]]
    except TypeError as error:
        raise ValueError(f"the manifest's list of files is odd: {error}") from error
    if not all(isinstance(one.path, str) for one in files):
        raise ValueError("the manifest's list of files is odd: a path is no text")
    if GRAPH_TEXT not in {one.path for one in files}:
        raise ValueError(f"the manifest lists no {GRAPH_TEXT}")
    return files
