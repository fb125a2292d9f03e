"""Values seen as named fields: dataclasses, mappings and named tuples alike.

So a row of a JSON file and the dataclass it was written from are compared by the same rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any


def record_fields(value: Any) -> dict[str, Any] | None:
    """Returns the fields by name; None for what has none.

    >>> record_fields({"x": 1}), record_fields([1]), record_fields(int)
    ({'x': 1}, None, None)
    """
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    return None


def is_list(value: Any) -> bool:
    """Tells whether a value is a list of others: lists and tuples that are no records."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str | bytes | bytearray | memoryview)
        and not hasattr(value, "_asdict")
    )


def flat_fields(value: Any, prefix: str = "") -> dict[str, Any]:
    """Returns fields of fields by their paths, down to what has none; for showing as a row.

    >>> flat_fields({"id": 1, "box": {"x": 2}, "label": ["car"], "words": [{"text": "a"}]})
    {'id': 1, 'box.x': 2, 'label': ['car'], 'words[0].text': 'a'}
    """
    inner = record_fields(value)
    if inner is not None:
        parts = {f".{name}" if prefix else name: each for name, each in inner.items()}
    elif is_list(value) and len(value) <= 16 and any(record_fields(one) for one in value):
        parts = {f"[{index}]": each for index, each in enumerate(value)}
    else:
        return {prefix or "value": value}
    flat: dict[str, Any] = {}
    for step, each in parts.items():
        flat |= flat_fields(each, prefix + step)
    return flat
