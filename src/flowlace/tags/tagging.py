"""Names a recording after its three most telling terms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Final

from flowlace.formats.transcript import WordRow
from flowlace.tags.candidates import Term, TermCounter, singular
from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import PriorTable

_WORDS_A_SENTENCE: Final = 25
"""Plain words come without segments; the tagger sees so many at a time."""
_PAIR_SHARE: Final = 0.5
"""A pair stands for its word where the word is said in it at least so often."""
_SURE_SHARE: Final = 0.75
"""A name without capitals gets them where it was taken for a name at least so often: of unknown
words in lower case, many look like names."""


@dataclass(frozen=True, slots=True)
class TagModel:
    """What tags are made with."""

    tagger: PosTagger
    prior: PriorTable

    @staticmethod
    @cache
    def packaged() -> "TagModel":
        """Returns the model that comes with flowlace, read once.

        Raises:
            TagsError: its files are missing.
        """
        return TagModel(PosTagger.load(), PriorTable.load())


def suggest_tags(
    words: Sequence[WordRow] | Sequence[str], count: int = 3, model: TagModel | None = None
) -> list[str]:
    """Returns what a recording is about, the most telling first; fewer where too little is said.

    Args:
        words: in the order they were said; plain words may have punctuation.
        count: how many tags are wanted.
        model: other than the packaged one.

    >>> suggest_tags("the printing press changed books and the printing press spread".split(), 1)
    ['printing press']
    """
    model = model or TagModel.packaged()
    counter = TermCounter(model.tagger)
    for sentence in _sentences(words):
        counter.add(sentence)
    return best_tags(counter, count, model.prior)


def best_tags(counter: TermCounter, count: int, prior: PriorTable) -> list[str]:
    """Returns the best tags of what was counted; no two share a word."""
    terms = counter.terms
    scores = {name: prior.score(name, term, counter.word_count) for name, term in terms.items()}
    ranked = sorted(terms, key=lambda name: (-scores[name], -terms[name].count, terms[name].first))
    pairs = _pairs_by_word(terms)
    chosen: list[str] = []
    taken: set[str] = set()
    for name in ranked:
        name = _fuller(name, terms, pairs)
        parts = {singular(word) for word in name.split()}
        if len(chosen) < count and not parts & taken:
            chosen.append(name)
            taken |= parts
    return [written(terms[name]) for name in chosen]


def written(term: Term) -> str:
    """Returns how a tag is written: names with capitals, as they came if they came with any.

    >>> from collections import Counter
    >>> written(Term(2, patterns=Counter(["PP", "PP"]), spellings=Counter(["new york"])))
    'New York'
    """
    is_sure = term.patterns[term.pattern] >= _SURE_SHARE * term.count
    return " ".join(
        _plain(word) if kind != "P" else _name(word, is_sure=is_sure)
        for word, kind in zip(term.spelling.split(), term.pattern, strict=True)
    )


def _name(word: str, *, is_sure: bool) -> str:
    if word != word.lower() or not is_sure:
        return word
    return "-".join(map(str.capitalize, word.split("-")))


def _plain(word: str) -> str:
    # A capital alone comes from the start of a sentence; several are the word's own (DNA).
    return word if sum(letter.isupper() for letter in word) > 1 else word.lower()


def _pairs_by_word(terms: dict[str, Term]) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for name in terms:
        words = name.split()
        for word in {singular(one) for one in words} if len(words) == 2 else ():
            pairs.setdefault(word, []).append(name)
    return pairs


def _fuller(name: str, terms: dict[str, Term], pairs: dict[str, list[str]]) -> str:
    """Returns the pair that a word is mostly said in, or the term itself."""
    if " " in name:
        return name
    best = max(pairs.get(name, ()), key=lambda pair: terms[pair].count, default=name)
    is_usual = terms[best].count >= max(2, _PAIR_SHARE * terms[name].count)
    return best if is_usual else name


def _sentences(words: Sequence[WordRow] | Sequence[str]) -> Iterable[list[str]]:
    rows = [word for word in words if isinstance(word, WordRow)]
    for _, segment in groupby(rows, key=lambda row: row.segment_id):
        yield [row.word for row in segment]
    plain: list[str] = []
    for word in words:
        if isinstance(word, str):
            plain.append(word)
            if word.endswith((".", "!", "?")) or len(plain) == _WORDS_A_SENTENCE:
                yield plain
                plain = []
    if plain:
        yield plain
