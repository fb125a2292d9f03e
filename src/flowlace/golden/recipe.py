"""How a golden result was made: what ran, on what, and how far a new result may be off.

A small JSON file that people read and change; every path in it is as seen from its folder.
"""

import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from flowlace.comparison.tolerances import (
    StreamTolerances,
    Tolerances,
    parse_stream_tolerances,
)
from flowlace.golden.errors import GoldenError
from flowlace.runner.bindings import parse_binding


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What to run and how to judge the result; texts are as `flowlace run` takes them.

    Raises:
        GoldenError: there is both a recording and a source, or neither.
    """

    graph: str = ""
    """Name or file; of a recording the recorded one if empty."""
    recording: str = ""
    """What to replay: a file, a folder or a glob."""
    sources: tuple[str, ...] = ()
    """What to run on instead of a recording."""
    boxes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    speed: str = "max"
    """Of the replay: `max` or seconds of the recording a second."""
    faults: tuple[str, ...] = ()
    """What is to go wrong while a recording is replayed."""
    seed: int = 0
    """Of the faults."""
    streams: tuple[str, ...] = ()
    """Outputs to keep; all if empty."""
    tolerances: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    are_ids_renamed: bool = False

    def __post_init__(self) -> None:
        if bool(self.recording) == bool(self.sources):
            raise GoldenError("a golden result needs either a recording or sources, not both")
        if self.sources and not self.graph:
            raise GoldenError("a golden result from sources needs a graph")
        if self.recording and self.boxes:
            raise GoldenError("boxes are for sources; in a recording they are already")
        if self.sources and (self.faults or self.speed != "max"):
            raise GoldenError("faults and speed are for replays; record the source first")

    @property
    def allowed(self) -> StreamTolerances:
        """How far a new result may be off."""
        base = Tolerances(
            ignore=frozenset(self.ignore), keys=self.keys, are_ids_renamed=self.are_ids_renamed
        )
        return parse_stream_tolerances(self.tolerances, base)

    def to_json(self) -> str:
        """Returns what is not the default."""
        held = dataclasses.asdict(self)
        told = {
            each.name: held[each.name]
            for each in dataclasses.fields(self)
            if held[each.name] != each.default
        }
        return json.dumps(told, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Returns what was written, or what people have made of it; GoldenError if it is wrong."""
        try:
            held = json.loads(text)
        except json.JSONDecodeError as error:
            raise GoldenError(f"it is no JSON: {error}") from error
        kinds = {each.name: type(each.default) for each in dataclasses.fields(cls)}
        if not isinstance(held, dict):
            raise GoldenError("expected a JSON object")
        for name, value in held.items():
            if name not in kinds:
                raise GoldenError(f"there is no {name!r}; there are: {', '.join(kinds)}")
            held[name] = _read(name, value, kinds[name])
        return cls(**held)

    def seen_from(self, folder: Path) -> Self:
        """Returns the recipe with paths as seen from its folder, to be written there."""
        return self._with_paths(lambda text: _relative(text, folder), Path())

    def found_from(self, folder: Path) -> Self:
        """Returns the recipe with paths as seen from here, to be run."""
        found = self._with_paths(lambda text: _found(text, folder), folder)
        if self.recording:  # told by its whole path even if it is not there
            found = replace(found, recording=os.path.normpath(folder / self.recording))
        return found

    def _with_paths(self, change: Callable[[str], str], folder: Path) -> Self:
        def bound(text: str) -> str:
            url = parse_binding(text).url
            return text[: len(text) - len(url)] + change(url)

        # A folder may have the name of a packaged graph.
        is_file = (folder / self.graph).is_file()
        return replace(
            self,
            graph=change(self.graph) if is_file else self.graph,
            recording=change(self.recording),
            sources=tuple(map(bound, self.sources)),
            models=tuple(map(bound, self.models)),
            imports=tuple(map(change, self.imports)),
        )


def _read(name: str, value: Any, kind: type) -> Any:
    if kind is tuple:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise GoldenError(f"{name!r} has to be a list of texts")
    if type(value) is not kind:
        raise GoldenError(f"{name!r} has to be a {kind.__name__}, not {value!r}")
    return value


def _relative(text: str, folder: Path) -> str:
    path, question, options = text.partition("?")
    return os.path.relpath(path, folder) + question + options if _is_there(Path(path)) else text


def _found(text: str, folder: Path) -> str:
    path, question, options = text.partition("?")
    if not path or not _is_there(folder / path):
        return text  # a name, a test source, an address
    return os.path.normpath(folder / path) + question + options


def _is_there(path: Path) -> bool:
    """Tells whether a path or a glob is meant, and not a name."""
    is_glob = any(mark in path.name for mark in "*[") and path.parent.is_dir()
    return bool(path.name) and (path.exists() or is_glob)
