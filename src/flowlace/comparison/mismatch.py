"""How one value differs from the value that was expected."""

from dataclasses import dataclass, replace
from typing import Any, Final


class _Nothing:
    """Stands for a value that only the other side has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "nothing"

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True, eq=False)
class Mismatch:
    """One place where two values are not alike."""

    what: str
    """By how much, and how much is allowed, in words; starts lower case."""
    expected: Any
    """The value at that place; `NOTHING` where there is none."""
    actual: Any
    field: str = ""
    """Path from the payload to that place: `[1].x`, `location_data.relative_bounding_box`."""
    deviation: float | None = None
    """How far off: an error (of pictures and sound the largest), 1 - IoU; None if no number."""
    record: tuple[Any, Any] | None = None
    """The elements of the innermost list that hold the place, to be shown as rows; None outside."""

    def inside(self, step: str) -> "Mismatch":
        """Returns the same as seen from one step further outside, `name` or `[index]`."""
        joined = f"{step}{self.field}" if self.field[:1] in ("[", "") else f"{step}.{self.field}"
        return replace(self, field=joined)

    def of_record(self, expected: Any, actual: Any) -> "Mismatch":
        """Returns the same with the records it is in, unless a smaller one is known."""
        return self if self.record else replace(self, record=(expected, actual))

    @property
    def kind(self) -> str:
        """The place without indices, so that the same field of all elements counts together.

        >>> Mismatch("", 1, 2, field="[3].box.x").kind
        'box.x'
        """
        outside = "".join(part.partition("]")[2] for part in f"]{self.field}".split("["))
        return outside.lstrip(".")

    @property
    def counted_as(self) -> str:
        """What it is counted as: the field, or elements that one list does not have."""
        if self.kind or not (self.expected is NOTHING or self.actual is NOTHING):
            return self.kind
        return "missing elements" if self.actual is NOTHING else "extra elements"
