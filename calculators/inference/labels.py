"""Names of a model's classes: from a file, a list, or items with a name to show."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flowlace.framework.options import option, proto_options
from flowlace.inference.errors import ModelError

Labels = dict[int, "LabelMapItem"]
"""By class id."""


@proto_options("mediapipe.LabelMapItem", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelMapItem:
    """The names of one class."""

    name: str = option(1)
    """Identifies it, for example a name or a knowledge-graph id."""
    display_name: str | None = option(2)
    """What people read."""
    child_name: tuple[str, ...] = option(3)
    """Classes it contains."""


@proto_options("mediapipe.LabelItemsEntry", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelItemsEntry:
    """One entry of a protobuf map from class ids to names: the same in text and on the wire."""

    key: int = option(1, "int64")
    value: LabelMapItem = option(2)


def labels_of_file(path: str) -> Labels:
    """Returns the names in a text file, a class a line, counted from 0.

    Raises:
        ModelError: the file can't be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"label_map_path {path!r} can't be read: {error}; paths are relative to the working "
            f"folder"
        ) from error
    if lines and not lines[-1]:
        lines.pop()
    return labels_of_names(line.removesuffix("\r") for line in lines)


def labels_of_names(names: Iterable[str]) -> Labels:
    """Returns names by their place."""
    return {index: LabelMapItem(name=name) for index, name in enumerate(names)}


def labels_of_items(items: Iterable[LabelItemsEntry]) -> Labels:
    """Returns names by key; the last one of a key counts, as in protobuf."""
    return {item.key: item.value for item in items}
