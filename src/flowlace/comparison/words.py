"""Texts compared by their words."""

from collections.abc import Sequence
from typing import Any

from flowlace.comparison.records import record_fields


def word_errors(expected: Sequence[str], actual: Sequence[str]) -> int:
    """Returns the fewest words to replace, insert or remove to make one text of the other.

    >>> word_errors("the cat sat".split(), "a cat sat down".split())
    2
    """
    row = list(range(len(actual) + 1))
    for index, word in enumerate(expected, 1):
        before, row[0] = row[0], index
        for place, other in enumerate(actual, 1):
            before, row[place] = row[place], min(
                row[place] + 1, row[place - 1] + 1, before + (word != other)
            )  # fmt: skip
    return row[-1]


def word_error_rate(expected: str, actual: str) -> float:
    """Returns word errors for each expected word; case and spaces do not count.

    >>> word_error_rate("one two", "One  three")
    0.5
    """
    first, second = expected.lower().split(), actual.lower().split()
    return word_errors(first, second) / max(len(first), 1)


def spoken(words: Sequence[Any]) -> str:
    """Returns the text of a list of words with their times; empty where it is a list of others.

    >>> spoken([{"word": "good", "start_us": 0}, {"word": "day", "start_us": 9}])
    'good day'
    """
    rows = [record_fields(word) or {} for word in words]
    texts = [row.get("word", row.get("text")) for row in rows]
    return " ".join(text for text in texts if isinstance(text, str)) if all(texts) else ""
