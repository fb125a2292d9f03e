"""Fills the prior table of tags: boosted trees learn which terms a text comes back to.

Nobody has tagged our texts, so the text itself is asked: of the terms in the first half of a
stretch of sentences, which return in the second? What a text is about returns; what it mentions
in passing does not. That is a stand-in for "a good tag", and no more.

The trees see classes of properties only (`flowlace.tags.prior_table.AXES`), so the table of all
combinations holds exactly what they say.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from flowlace.tags.candidates import Term, TermCounter, singular, split_words
from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import AXES, PriorTable
from flowlace_trainers.tags.corpus import Sentence

Item = TypeVar("Item")

_RISING = {"count": 1, "document_frequency": -1, "specificity": 1, "spread": 1}
"""Which way the score may go with a property: more of it never makes a term worse, or better."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PriorConfig:
    """How the table is filled."""

    lengths: tuple[int, ...] = (24, 60, 160)
    """Sentences of a stretch; texts of several lengths, as recordings have."""
    document_length: int = 24
    """Sentences of what counts as a document for document frequencies."""
    least_documents: int = 2
    """A word that occurs in fewer documents counts as never seen."""
    trees: int = 150
    """Trees that are added up."""
    seed: int = 1
    """Of the trees."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of the first halves of stretches."""

    classes: NDArray[np.uint8]
    """`[candidate, property]`."""
    returns: NDArray[np.bool_]
    """Whether the second half says them again."""
    counts: NDArray[np.int64]
    """How often the first half says them."""
    specificities: NDArray[np.float64]
    """How much more often than usual."""
    stretches: NDArray[np.int64]
    """Which stretch each belongs to."""


def document_counts(sentences: Sequence[Sentence], config: PriorConfig) -> PriorTable:
    """Returns a table without scores: in how many documents each word occurs."""
    frequencies: Counter[str] = Counter()
    words: Counter[str] = Counter()
    documents = list(stretches(sentences, config.document_length))
    for document in documents:
        names = [name for sentence in document for name in _names(sentence)]
        words.update(names)
        frequencies.update(set(names))
    kept = {name: count for name, count in frequencies.items() if count >= config.least_documents}
    return PriorTable(
        np.zeros([len(edges) + 1 for edges in AXES.values()], np.float32),
        kept,
        {name: words[name] for name in kept},
        len(documents),
        words.total(),
    )


def fit_table(
    sentences: Sequence[Sentence],
    tagger: PosTagger,
    config: PriorConfig,
    tell: Callable[[str], None] = lambda _: None,
) -> PriorTable:
    """Returns the filled table."""
    empty = document_counts(sentences, config)
    examples = examples_of(sentences, tagger, empty, config.lengths)
    tell(f"{len(examples.returns)} candidates, {examples.returns.mean():.3f} of them return")
    trees = HistGradientBoostingClassifier(
        max_iter=config.trees,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        monotonic_cst=[_RISING.get(axis, 0) for axis in AXES],
        categorical_features=[axis == "pattern" for axis in AXES],
        random_state=config.seed,
    )
    trees.fit(examples.classes, examples.returns)
    cells = np.array(list(itertools.product(*(range(size) for size in empty.scores.shape))))
    scores = trees.decision_function(cells).astype(np.float32).reshape(empty.scores.shape)
    return PriorTable(
        scores, empty.document_counts, empty.word_counts, empty.documents, empty.words
    )


def examples_of(
    sentences: Sequence[Sentence],
    tagger: PosTagger,
    table: PriorTable,
    lengths: Sequence[int],
) -> Examples:
    """Returns the candidates of all stretches of these lengths."""
    tagged = [(sentence.words, tagger.tag(sentence.words)) for sentence in sentences]
    rows: list[tuple[tuple[int, ...], bool, int, float, int]] = []
    number = 0
    for length in lengths:
        for stretch in stretches(tagged, length):
            first, second = TermCounter(tagger), TermCounter(tagger)
            for at, (words, tags) in enumerate(stretch):
                half = first if at < len(stretch) // 2 else second
                half.add_tagged(words, tags)
            for name, term in first.terms.items():
                classes = table.classes(name, term, first.word_count)
                telling = _telling(name, term, table)
                rows.append((classes, name in second.terms, term.count, telling, number))
            number += 1
    columns = list(zip(*rows, strict=True))
    return Examples(
        np.array(columns[0], np.uint8),
        np.array(columns[1], np.bool_),
        np.array(columns[2], np.int64),
        np.array(columns[3], np.float64),
        np.array(columns[4], np.int64),
    )


def best_returning(examples: Examples, scores: NDArray[np.float64], count: int = 3) -> float:
    """Returns the share of each stretch's best candidates that return, over all stretches."""
    shares = []
    for stretch in np.unique(examples.stretches):
        here = np.flatnonzero(examples.stretches == stretch)
        best = here[np.argsort(-scores[here], kind="stable")[:count]]
        shares.append(examples.returns[best].mean())
    return float(np.mean(shares))


def stretches(items: Sequence[Item], length: int) -> Iterator[Sequence[Item]]:
    """Yields stretches of so many items; the rest at the end is left out."""
    for begin in range(0, len(items) - length + 1, length):
        yield items[begin : begin + length]


def _telling(name: str, term: Term, table: PriorTable) -> float:
    """Returns term frequency times inverse document frequency, the usual score."""
    rarest = min(table.document_counts.get(word, 0) for word in name.split())
    return term.count * float(np.log((table.documents + 1) / (rarest + 1)))


def _names(sentence: Sentence) -> list[str]:
    return [singular(word.lower()) for word in split_words(sentence.words) if word[0].isalpha()]
