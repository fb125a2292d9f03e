"""Where the parts of a graph stand, in the shape messages have."""

from collections import defaultdict

from flowlace.framework.config import UnknownOptions
from flowlace.framework.errors import Location
from flowlace.framework.stream_names import LocatedText
from flowlace.framework.text_scan import ScannedField, ScannedValue, SourceText


class Places:
    """The place of one message, and of what is in it."""

    __slots__ = ("_children", "location", "unknown")

    def __init__(self, location: Location | None = None) -> None:
        self.location = location
        self.unknown: list[UnknownOptions] = []
        """Options cut out of this message because nobody registered their type."""
        self._children: dict[str, list[Places]] = defaultdict(list)

    def child(self, name: str, index: int = 0) -> "Places":
        """Returns the place of one value of a field, an empty one where it isn't known."""
        children = self._children.get(name, ())
        return children[index] if index < len(children) else Places(self.location)

    def locate(self, name: str, texts: list[str]) -> list[str]:
        """Returns the strings of a repeated field with their places."""
        return [
            LocatedText(text, self.child(name, index).location) for index, text in enumerate(texts)
        ]

    @classmethod
    def of_text(
        cls,
        fields: list[ScannedField],
        cut_options: dict[int, UnknownOptions],
        source: SourceText,
        location: Location | None = None,
    ) -> "Places":
        """Returns the places of scanned fields; `cut_options` is by the cut field's start."""
        places = cls(location or source.location(0))
        for field in fields:
            if field.start in cut_options:
                places.unknown.append(cut_options[field.start])
            elif not field.is_cut:
                places._children[field.name] += (
                    cls._of_value(field, value, cut_options, source) for value in field.values
                )
        return places

    @classmethod
    def _of_value(
        cls,
        field: ScannedField,
        value: ScannedValue,
        cut_options: dict[int, UnknownOptions],
        source: SourceText,
    ) -> "Places":
        # A message is found by its field's name, a string by itself.
        start = value.start if field.is_list or value.fields is None else field.start
        return cls.of_text(value.fields or [], cut_options, source, source.location(start))
