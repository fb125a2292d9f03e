"""What the part-of-speech tagger looks at: the word, its ends, its case, its neighbours.

Used by the trainer, too, so both see the same features.
"""

from collections.abc import Sequence
from typing import Final

UPOS: Final = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN",
    "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
"""The tags of Universal Dependencies, in the order of the weights."""

_START: Final = ("<s>", "<s2>")
_END: Final = ("</s>", "</s2>")


def normalised(word: str) -> str:
    """Returns how a word is looked up: in lower case, numbers by their kind.

    >>> normalised("Recorder"), normalised("1984"), normalised("3.5"), normalised("7")
    ('recorder', '!year', '!number', '!number')
    """
    if word[:1].isdigit():
        return "!year" if word.isdigit() and len(word) == 4 else "!number"
    return word.lower()


def sentence_features(words: Sequence[str]) -> list[list[str]]:
    """Returns the features of each word that do not depend on the tags before it."""
    plain = [*_START[::-1], *map(normalised, words), *_END]
    has_case = any(word != word.lower() for word in words)
    return [_word_features(words, plain, at, has_case=has_case) for at in range(len(words))]


def _word_features(
    words: Sequence[str], plain: Sequence[str], at: int, *, has_case: bool
) -> list[str]:
    two_before, before, word, after, two_after = plain[at : at + 5]
    shape = _shape(words[at]) if has_case else "?"
    next_shape = _shape(words[at + 1]) if has_case and at + 1 < len(words) else "?"
    return [
        "b",
        "w" + word,
        "1" + word[-1:],
        "2" + word[-2:],
        "3" + word[-3:],
        "4" + word[-4:],
        "p" + word[:1],
        "q" + word[:3],
        f"c{shape}{'^' if at == 0 else ''}",
        f"k{shape}{word[-3:]}",
        f"C{shape}{next_shape}",
        "<" + before,
        "(" + before[-3:],
        "[" + two_before,
        ">" + after,
        ")" + after[-3:],
        "]" + two_after,
        f"{before}+{word}",
        f"{word}>{after}",
    ]


def tag_features(word: str, before: str, two_before: str, after: str) -> list[str]:
    """Returns the features of a word that depend on the tags given before it.

    Args:
        word: the word, normalised.
        before: tag of the word before it; empty where there is none.
        two_before: tag of the one before that.
        after: the word after it, normalised.
    """
    return [
        "t" + before,
        f"T{two_before} {before}",
        f"u{before} {word}",
        f"v{before} {after}",
        f"x{before} {word[-3:]}",
    ]


def _shape(word: str) -> str:
    if any(letter.isdigit() for letter in word):
        return "d"
    if word.isupper():
        return "A" if len(word) > 1 else "I"
    if word[:1].isupper():
        return "a-" if "-" in word else "a"
    if word == word.lower():
        return "-" if "-" in word else "l"
    return "m"
