"""Counts what a recording may be about: its nouns, and pairs of words that end with one.

Counting goes on while words come in; only counts are kept.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.stop_words import NAME_BEGINNINGS, STOP_WORDS, SWEAR_WORDS

NOUNS: Final = ("NOUN", "PROPN")
PATTERNS: Final = ("N", "P", "AN", "NN", "PN", "PP")
"""Kinds of candidates: noun, name, adjective + noun, and two of nouns and names."""
_LETTERS: Final = {"NOUN": "N", "PROPN": "P", "ADJ": "A"}
_STOP: Final = "S"
"""A stop word that may begin a name: "New" says nothing, "New York" does."""
_PAIRS: Final = {
    "AN": "AN", "NN": "NN", "PN": "PN", "PP": "PP", "AP": "PP", "SP": "PP",
}  # fmt: skip
"""Kinds of pairs; a noun before a name is none, as in "the author Smith"."""
_LEAST_LETTERS: Final = 3
_MOST_TERMS: Final = 20_000
"""Above so many, those seen once are forgotten: hours of talk must not fill the memory."""

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*|[^\w\s]")
_CLITIC: Final = re.compile(r"(?i)(n't|['’](?:s|re|ve|ll|d|m))$")


@dataclass(slots=True)
class Term:
    """What was counted of one candidate."""

    count: int = 0
    """How often it was said, in singular or plural."""
    first: int = 0
    """How many words were said before it the first time."""
    last: int = 0
    """How many before it the last time."""
    patterns: Counter[str] = field(default_factory=Counter)
    """How often it had which kind."""
    spellings: Counter[str] = field(default_factory=Counter)
    """How often it was written which way."""

    @property
    def pattern(self) -> str:
        """Its most frequent kind."""
        return self.patterns.most_common(1)[0][0]

    @property
    def spelling(self) -> str:
        """Its most frequent way of writing; the earlier one of two as frequent."""
        return self.spellings.most_common(1)[0][0]


class TermCounter:
    """Counts candidates sentence by sentence.

    Args:
        tagger: tells the parts of speech.
    """

    def __init__(self, tagger: PosTagger) -> None:
        self._tagger = tagger
        self.terms: dict[str, Term] = {}
        """By their words in lower case and singular."""
        self.word_count = 0
        """Words counted so far."""

    def add(self, words: Sequence[str]) -> None:
        """Counts the words of one sentence or segment, with punctuation or without."""
        tokens = list(split_words(words))
        self.add_tagged(tokens, self._tagger.tag(tokens))

    def add_tagged(self, tokens: Sequence[str], tags: Sequence[str]) -> None:
        """Counts words whose parts of speech are known."""
        before: tuple[str, str] | None = None
        for token, tag in zip(tokens, tags, strict=True):
            kind = _LETTERS.get(tag)
            if kind and not is_telling(token):
                kind = _STOP if token.lower() in NAME_BEGINNINGS else None
            elif kind in ("N", "P"):
                self._count((token,), kind)
                if before is not None:
                    self._count_pair(before, (token, kind))
            before = (token, kind) if kind else None
            self.word_count += token[0].isalnum()
        if len(self.terms) > _MOST_TERMS:
            self.terms = {name: term for name, term in self.terms.items() if term.count > 1}

    def _count_pair(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        pattern = _PAIRS.get(first[1] + second[1])
        if pattern is not None:
            self._count((first[0], second[0]), pattern)

    def _count(self, tokens: tuple[str, ...], pattern: str) -> None:
        name = " ".join([*map(str.lower, tokens[:-1]), singular(tokens[-1].lower())])
        term = self.terms.get(name)
        if term is None:
            term = self.terms[name] = Term(first=self.word_count)
        term.count += 1
        term.last = self.word_count
        term.patterns[pattern] += 1
        term.spellings[" ".join(tokens)] += 1


def split_words(words: Iterable[str]) -> Iterator[str]:
    """Yields words as the tagger knows them: punctuation and endings such as `'s` on their own.

    >>> list(split_words(["Tom's", "dog", "didn't", "bark."]))
    ['Tom', "'s", 'dog', 'did', "n't", 'bark', '.']
    """
    for word in words:
        for match in _TOKEN.finditer(word):
            token = match.group()
            ending = _CLITIC.search(token)
            if ending and ending.start():
                yield token[: ending.start()]
                yield ending.group()
            else:
                yield token


def is_telling(token: str) -> bool:
    """Returns whether a word may be in a tag: long enough, no stop word, no swear word."""
    word = token.lower()
    return (
        len(word) >= _LEAST_LETTERS
        and word[0].isalpha()
        and not {word, singular(word)} & STOP_WORDS
        and not any(part in SWEAR_WORDS for part in (word, singular(word), *word.split("-")))
    )


def singular(word: str) -> str:
    """Returns a noun without the plural's ending; a guess that is the same every time.

    >>> [singular(word) for word in ("woodcutters", "cities", "glasses", "glass", "bus", "series")]
    ['woodcutter', 'city', 'glass', 'glass', 'bus', 'series']
    """
    if len(word) < 4 or word.endswith(("ss", "us", "is", "series", "species", "news")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word.removesuffix("s")
