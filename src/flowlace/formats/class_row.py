"""A class with its score as users read it: one row a class and picture, or a class and window."""

from dataclasses import dataclass

from flowlace.formats.classification import Classification


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassRow:
    """What a picture may show."""

    timestamp_us: int
    """Of the picture; of the newest frame of a window."""
    label: str
    """The class; its number where it has no name."""
    score: float
    """As the model gives it, most often 0..1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipClassRow(ClassRow):
    """What may happen in a window of frames."""

    warming_up: bool
    """Whether the window was not full yet."""


def label_of(one: Classification) -> str:
    """Returns what people read: a name to show, a name, or the number of the class.

    >>> label_of(Classification(index=7)), label_of(Classification(index=7, label="left"))
    ('7', 'left')
    """
    return one.display_name or one.label or str(one.index)
