"""Ids that may have other numbers, but have to stand for the same thing all the time."""

from collections.abc import Hashable
from typing import Any

ID_FIELDS = frozenset(("id", "track_id", "detection_id", "rect_id", "object_id"))
"""Names of fields that number objects."""


def is_id(name: str, value: Any) -> bool:
    """Tells whether a field's value stands for an object; None and "" stand for none."""
    return name in ID_FIELDS and isinstance(value, int | str) and value != ""


class Renaming:
    """Which id of one run answers which of another, as far as seen; one to one."""

    def __init__(self) -> None:
        self._to_actual: dict[Hashable, Hashable] = {}
        self._to_expected: dict[Hashable, Hashable] = {}

    def contradiction(self, expected: Hashable, actual: Hashable) -> str:
        """Returns why two ids can't be the same object; empty where they can, and are from now on.

        >>> ids = Renaming()
        >>> ids.contradiction(1, 7), ids.contradiction(1, 7), ids.contradiction(1, 8)
        ('', '', 'id 1 was 7 before, now it is 8')
        """
        before = self._to_actual.setdefault(expected, actual)
        if before != actual:
            return f"id {expected} was {before} before, now it is {actual}"
        other = self._to_expected.setdefault(actual, expected)
        if other != expected:
            del self._to_actual[expected]
            return f"id {actual} stood for {other} before, now for {expected}"
        return ""
