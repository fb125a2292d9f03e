"""Compares recognised words with what was said."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Alignment:
    """How recognised words lie beside those that were said."""

    substituted: int
    deleted: int
    inserted: int
    said: int
    matched: dict[int, int]
    """Place of a recognised word by the place of the said word it equals."""

    @property
    def word_error_rate(self) -> float:
        """Wrong, missing and invented words beside those that were said."""
        return (self.substituted + self.deleted + self.inserted) / self.said


def normalised(text: str) -> list[str]:
    """Returns the words of a text in lower case, apostrophes kept, other signs left out.

    >>> normalised("Feed’st thy light's — self-substantial fuel")
    ["feed'st", 'thy', "light's", 'self', 'substantial', 'fuel']
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    words = re.sub(r"[^a-z0-9' ]", " ", plain.replace("\n", " ")).split()
    return [word for word in (one.strip("'") for one in words) if word]


def aligned(said: Sequence[str], heard: Sequence[str]) -> Alignment:
    """Returns the alignment with the fewest errors; matches win over substitutions."""
    costs = np.zeros((len(said) + 1, len(heard) + 1), np.int64)
    costs[:, 0] = np.arange(len(said) + 1)
    costs[0] = np.arange(len(heard) + 1)
    for row, word in enumerate(said, 1):
        for column, other in enumerate(heard, 1):
            costs[row, column] = min(
                costs[row - 1, column - 1] + (word != other),
                costs[row - 1, column] + 1,
                costs[row, column - 1] + 1,
            )
    return _traced(said, heard, costs)


def _traced(said: Sequence[str], heard: Sequence[str], costs: "np.ndarray") -> Alignment:
    row, column = len(said), len(heard)
    substituted = deleted = inserted = 0
    matched: dict[int, int] = {}
    while row or column:
        here = costs[row, column]
        is_pair = row > 0 and column > 0
        is_equal = is_pair and said[row - 1] == heard[column - 1]
        if is_pair and here == costs[row - 1, column - 1] + (not is_equal):
            row, column = row - 1, column - 1
            if is_equal:
                matched[row] = column
            else:
                substituted += 1
        elif row and here == costs[row - 1, column] + 1:
            row -= 1
            deleted += 1
        else:
            column -= 1
            inserted += 1
    return Alignment(substituted, deleted, inserted, len(said), matched)
