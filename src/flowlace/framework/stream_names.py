"""The names of streams and side packets in a graph: `TAG:index:name`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowlace.framework.errors import FlowlaceError, Location, Problem

_NAME = r"[a-z_][a-z0-9_]*"
_TAG = r"[A-Z_][A-Z0-9_]*"
_NUMBER = r"0|[1-9][0-9]*"
_TAG_INDEX_NAME = re.compile(rf"(?:(?P<tag>{_TAG}):(?:(?P<index>{_NUMBER}):)?)?(?P<name>{_NAME})")
_TAG_INDEX = re.compile(rf"(?P<tag>{_TAG})?(?::(?P<index>{_NUMBER}))?")


class LocatedText(str):
    """A string of a graph file that knows where it stands; equal to the plain string."""

    __slots__ = ("location",)

    location: Location | None

    def __new__(cls, text: str, location: Location | None = None) -> "LocatedText":
        """Returns `text` with its place."""
        self = super().__new__(cls, text)
        self.location = location
        return self

    def __reduce__(self) -> tuple[type["LocatedText"], tuple[str, Location | None]]:
        return LocatedText, (str(self), self.location)


def location_of(text: str) -> Location | None:
    """Returns where a string of a graph file stands, None for one that came from code."""
    return getattr(text, "location", None)


class StreamName(NamedTuple):
    """A parsed `TAG:index:name`."""

    tag: str
    index: int  # type: ignore[assignment] # the tuple's own `index` is never needed
    name: str
    location: Location | None = None

    @property
    def label(self) -> str:
        """How messages name the place: `TAG`, `TAG:1` or `[0]`."""
        if not self.tag:
            return f"[{self.index}]"
        return f"{self.tag}:{self.index}" if self.index else self.tag


class StreamNameError(FlowlaceError):
    """A text is no stream name."""


def parse_stream_name(text: str) -> StreamName:
    """Returns the parts of `TAG:index:name`; the index of an untagged name is -1.

    Raises:
        StreamNameError: the text says no name.
    """
    match = _TAG_INDEX_NAME.fullmatch(text)
    if match is None:
        raise StreamNameError(f"{text!r} is no stream name: {_reason(text)}")
    tag, index, name = match["tag"] or "", match["index"], match["name"]
    return StreamName(tag, int(index or 0) if tag else -1, name, location_of(text))


def parse_tag_index(text: str) -> tuple[str, int]:
    """Returns the parts of `TAG:index`, where both may be left out.

    Raises:
        StreamNameError: the text is none.
    """
    match = _TAG_INDEX.fullmatch(text)
    if match is None:
        raise StreamNameError(f"{text!r} is no port; write TAG, TAG:1 or :0")
    return match["tag"] or "", int(match["index"] or 0)


def join_stream_name(tag: str, index: int, name: str) -> str:
    """Returns the shortest text for a tag, an index and a name."""
    if not tag:
        return name
    return f"{tag}:{index}:{name}" if index > 0 else f"{tag}:{name}"


def rename(text: str, name: str) -> str:
    """Returns `text` with another name, its tag, index and place kept."""
    prefix = text[: text.rfind(":") + 1]
    return LocatedText(prefix + name, location_of(text))


def bare_name(text: str) -> str:
    """Returns what follows the last colon."""
    return str(text[text.rfind(":") + 1 :])


def parse_collection(
    texts: Iterable[str], what: str = "input_stream"
) -> tuple[list[StreamName], list[Problem]]:
    """Returns the names of one field in collection order, and what is wrong with them.

    Collection order is untagged names as listed, then by tag and index.
    """
    names: list[StreamName] = []
    problems: list[Problem] = []
    untagged = 0
    for text in texts:
        try:
            parsed = parse_stream_name(text)
        except StreamNameError as error:
            problems.append(Problem(f"{what}: {error}", location_of(text)))
            continue
        if not parsed.tag:
            parsed = parsed._replace(index=untagged)
            untagged += 1
        names.append(parsed)
    problems += _index_problems(names, what)
    return sorted(names, key=lambda each: (each.tag, each.index)), problems


def _index_problems(names: Sequence[StreamName], what: str) -> list[Problem]:
    problems = []
    by_tag: dict[str, dict[int, StreamName]] = defaultdict(dict)
    for each in names:
        if each.index in by_tag[each.tag]:
            problems.append(
                Problem(
                    f"{what}: {each.label} is given twice, to {by_tag[each.tag][each.index].name!r}"
                    f" and to {each.name!r}",
                    each.location,
                    f"number them: {each.tag}:0:…, {each.tag}:1:…",
                )
            )
        by_tag[each.tag].setdefault(each.index, each)
    for tag, given in by_tag.items():
        missing = next((i for i in range(max(given)) if i not in given), None)
        if missing is not None:
            above = min(index for index in given if index > missing)
            problems.append(
                Problem(
                    f"{what}: {tag}:{above} is given but {tag}:{missing} is not",
                    given[above].location,
                    "number the indexes from 0 without gaps",
                )
            )
    return problems


def _reason(text: str) -> str:
    parts = text.split(":")
    if len(parts) > 3:
        return "write name, TAG:name or TAG:index:name"
    name = parts[-1]
    if not re.fullmatch(_NAME, name):
        return f"the name {name!r} has to be lower case, as in camera_frames"
    if len(parts) > 1 and not re.fullmatch(_TAG, parts[0]):
        return f"the tag {parts[0]!r} has to be upper case, as in VIDEO:{name}"
    return f"the index {parts[1]!r} has to be a number without leading zeros"
