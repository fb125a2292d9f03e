"""Finds subgraphs: made by functions, or written in graph files beside the graph that uses them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from flowlace.framework.config import GraphConfig, NodeConfig
from flowlace.framework.config_load import parse_graph
from flowlace.framework.errors import FlowlaceError, GraphConfigError, Problem
from flowlace.framework.options import NoOptions, options_message
from flowlace.framework.registry import find_calculator, known_calculators

SubgraphFunction = Callable[[NodeConfig, Any], GraphConfig]
F = TypeVar("F", bound=SubgraphFunction)

_TYPE_LINE: Final = re.compile(r"""^type\s*:\s*["']([^"']+)["']""", re.MULTILINE)
SUBGRAPH_FOLDER: Final = "subgraphs"


@dataclass(frozen=True, slots=True)
class _Registered:
    function: SubgraphFunction
    options_class: Any


_functions: dict[str, _Registered] = {}


def register_subgraph(name: str, *, options: Any = NoOptions) -> Callable[[F], F]:
    """Registers a function that makes a subgraph's graph; use as a decorator.

    The function gets the node that uses the subgraph and the node's options, and returns the graph
    to put in its place. Its outer streams need the tags of the node's streams.

    Args:
        name: what a graph calls the subgraph.
        options: the options dataclass the function reads.

    Raises:
        FlowlaceError: another function has the name.
    """

    def register(function: F) -> F:
        known = _functions.get(name)
        if known is not None and _source(known.function) != _source(function):
            raise FlowlaceError(
                f"subgraph {name!r} is already registered by {known.function.__module__}; "
                f"{function.__module__} needs another name"
            )
        if options is not NoOptions:
            options_message(options)
        _functions[name] = _Registered(function, options)
        return function

    return register


def _source(function: SubgraphFunction) -> tuple[str, str]:
    return function.__module__, function.__qualname__


@dataclass(slots=True)
class SubgraphLibrary:
    """The subgraphs one graph can use: functions first, then files of its folders."""

    folders: list[Path] = field(default_factory=list)
    _files: dict[Path, dict[str, Path]] = field(default_factory=dict)
    _parsed: dict[Path, tuple[GraphConfig, list[Problem]]] = field(default_factory=dict)

    @classmethod
    def for_graph(
        cls, config: GraphConfig, search_paths: Iterable[str | Path] = ()
    ) -> "SubgraphLibrary":
        """Returns the library of a graph: its own folder, `search_paths`, then the package's."""
        known_calculators()  # modules of calculators may register subgraphs too
        own = [Path(config.folder)] if config.folder else []
        return cls([*own, *map(Path, search_paths), *_package_folders()])

    def names(self) -> list[str]:
        """Returns every name a node can use, for hints."""
        in_files = (name for folder in self.folders for name in self._index(folder))
        return sorted({*_functions, *in_files})

    def has(self, node: NodeConfig, folder: str = "") -> bool:
        """Returns whether a node of a graph in `folder` is a subgraph."""
        return node.calculator in _functions or self._find(node.calculator, folder) is not None

    def is_made(self, node: NodeConfig) -> bool:
        """Returns whether a function, not a file, gives the graph for a node."""
        return node.calculator in _functions

    def create(self, node: NodeConfig, folder: str = "") -> tuple[GraphConfig, list[Problem]]:
        """Returns the graph for a node, and what is wrong with its file."""
        registered = _functions.get(node.calculator)
        if registered is not None:
            return self._call(registered, node)
        path = self._find(node.calculator, folder)
        assert path is not None
        if path not in self._parsed:
            try:
                parsed = parse_graph(path)
                self._parsed[path] = (parsed.config, parsed.problems)
            except GraphConfigError as error:
                self._parsed[path] = (GraphConfig(), list(error.problems))
        return self._parsed[path]

    def _call(self, registered: _Registered, node: NodeConfig) -> tuple[GraphConfig, list[Problem]]:
        options_class = registered.options_class
        given = node.given_options(options_message(options_class).full_name)
        try:
            options = options_class() if given is None else given.read_as(options_class)
            return registered.function(node, options), []
        except GraphConfigError as error:
            return GraphConfig(), list(error.problems)
        except ValueError as error:
            message = f"subgraph {node.calculator!r}: {error}"
            return GraphConfig(), [Problem(message, node.location)]

    def _find(self, name: str, folder: str) -> Path | None:
        if not name or find_calculator(name) is not None:
            return None
        folders = [Path(folder), *self.folders] if folder else self.folders
        loose = _loose(name)
        for each in dict.fromkeys(folders):
            index = self._index(each)
            found = index.get(str(name)) or index.get(loose)
            if found is not None:
                return found
        return None

    def _index(self, folder: Path) -> dict[str, Path]:
        if folder not in self._files:
            self._files[folder] = _index_folder(folder)
        return self._files[folder]


def file_name_type(stem: str) -> str:
    """Returns the subgraph name a file's name stands for: `box_tracking` is `BoxTracking`."""
    return "".join(part[:1].upper() + part[1:] for part in stem.split("_"))


def _index_folder(folder: Path) -> dict[str, Path]:
    """Returns the graph files of a folder by `type:`, by file name, and by loose file name."""
    index: dict[str, Path] = {}
    paths = sorted(
        path
        for place in (folder, folder / SUBGRAPH_FOLDER)
        for path in place.glob("*.pbtxt")
        if path.is_file()
    )
    for path in paths:
        match = _TYPE_LINE.search(path.read_text(encoding="utf-8", errors="replace"))
        if match:
            index.setdefault(match.group(1), path)
    for path in paths:
        index.setdefault(file_name_type(path.stem), path)
    return index | {_loose(name): path for name, path in reversed(index.items())}


def _loose(name: str) -> str:
    # MediaPipe's builds register box_tracking_cpu.pbtxt as BoxTrackingSubgraphCpu.
    return "~" + name.replace("Subgraph", "").replace("_", "").lower()


def _package_folders() -> list[Path]:
    root = resources.files("flowlace") / "graphs"
    if not isinstance(root, Path) or not root.is_dir():
        return []
    return [root, *sorted(path for path in root.iterdir() if path.is_dir())]


def subgraph_functions() -> dict[str, SubgraphFunction]:
    """Returns the subgraphs made by functions, by name."""
    return {name: each.function for name, each in sorted(_functions.items())}


def subgraph_options(name: str) -> Any:
    """Returns the options dataclass of a subgraph made by a function; None for any other name."""
    known_calculators()  # modules of calculators register subgraphs
    return _functions[name].options_class if name in _functions else None
