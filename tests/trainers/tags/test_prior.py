"""The table holds what the trees say, and terms that come back score higher."""

import numpy as np
import pytest
from flowlace_trainers.tags.corpus import Sentence
from flowlace_trainers.tags.prior import (
    Examples,
    PriorConfig,
    best_returning,
    document_counts,
    examples_of,
    fit_table,
    stretches,
)

from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import AXES, PriorTable
from tests.trainers.tags.made_sentences import NAMES, NOUNS, made

CONFIG = PriorConfig(lengths=(12,), document_length=12, trees=20)


class MadeTagger(PosTagger):
    """Knows the made-up language."""

    def __init__(self) -> None:
        super().__init__([], np.zeros((0, 17), np.int16), {})

    def tag(self, words):  # type: ignore[no-untyped-def]
        return ["NOUN" if word in NOUNS else "PROPN" if word in NAMES else "VERB" for word in words]


@pytest.fixture(scope="module")
def table() -> PriorTable:
    return fit_table(made(3600, 1), MadeTagger(), CONFIG)


def test_stretches_do_not_overlap_and_leave_the_rest_out() -> None:
    assert list(stretches(list(range(7)), 3)) == [[0, 1, 2], [3, 4, 5]]


def test_words_of_several_documents_are_counted() -> None:
    sentences = [Sentence(("dogs", "rare"), ("NOUN", "NOUN")), Sentence(("dog",), ("NOUN",))]
    counted = document_counts(sentences, PriorConfig(document_length=1))
    assert counted.document_counts == {"dog": 2}
    assert counted.word_counts == {"dog": 2}
    assert (counted.documents, counted.words) == (2, 3)


def test_a_term_of_the_first_half_returns_or_not() -> None:
    sentences = [Sentence(("dog",), ("NOUN",)), Sentence(("cat",), ("NOUN",))] * 2
    empty = document_counts(sentences, PriorConfig(document_length=1))
    examples = examples_of(sentences, MadeTagger(), empty, (2, 4))
    assert examples.returns.tolist() == [False, False, True, True]
    assert examples.stretches.tolist() == [0, 1, 2, 2]


def test_more_is_never_worse_where_it_must_not_be(table: PriorTable) -> None:
    axes = list(AXES)
    assert (np.diff(table.scores, axis=axes.index("count")) >= 0).all()
    assert (np.diff(table.scores, axis=axes.index("specificity")) >= 0).all()
    assert (np.diff(table.scores, axis=axes.index("document_frequency")) <= 0).all()


def test_what_a_text_keeps_to_scores_higher_than_what_it_mentions(table: PriorTable) -> None:
    examples = examples_of(made(1200, 5), MadeTagger(), table, (12,))
    scores = table.scores[tuple(examples.classes.T)].astype(np.float64)
    returning, others = scores[examples.returns], scores[~examples.returns]
    assert returning.mean() > others.mean() + 0.3


def test_the_same_seed_gives_the_same_table(table: PriorTable) -> None:
    again = fit_table(made(3600, 1), MadeTagger(), CONFIG)
    np.testing.assert_array_equal(again.scores, table.scores)


def test_the_best_terms_of_each_stretch_are_scored() -> None:
    examples = Examples(
        classes=np.zeros((5, len(AXES)), np.uint8),
        returns=np.array([True, False, False, True, True]),
        counts=np.ones(5, np.int64),
        specificities=np.ones(5),
        stretches=np.array([0, 0, 0, 1, 1]),
    )
    assert best_returning(examples, np.array([3.0, 2, 1, 1, 1]), count=2) == 0.75
