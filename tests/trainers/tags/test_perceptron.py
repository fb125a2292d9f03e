"""The perceptron learns what can be learned, the same every time, and stays small."""

import numpy as np
import pytest
from flowlace_trainers.tags.corpus import Sentence, spoken
from flowlace_trainers.tags.perceptron import PerceptronConfig, accuracy, noun_f1, train

from flowlace.tags.pos_tagger import PosTagger
from tests.trainers.tags.made_sentences import made

CONFIG = PerceptronConfig(rounds=3, least_count=2, features=500, certain_count=50)


@pytest.fixture(scope="module")
def tagger() -> PosTagger:
    sentences = made(200, 1)
    return train([*sentences, *spoken(sentences)], CONFIG)


def test_it_learns_a_language_without_exceptions(tagger: PosTagger) -> None:
    assert accuracy(tagger, made(100, 2)) == 1.0
    assert accuracy(tagger, spoken(made(100, 2))) == 1.0
    assert noun_f1(tagger, made(100, 2)) == 1.0


def test_it_tells_words_it_never_saw_by_their_place(tagger: PosTagger) -> None:
    assert tagger.tag(["The", "zebra", "saw", "Anna", "."])[1] == "NOUN"


def test_the_same_seed_gives_the_same_weights(tagger: PosTagger) -> None:
    sentences = made(200, 1)
    again = train([*sentences, *spoken(sentences)], CONFIG)
    assert again.places == tagger.places
    np.testing.assert_array_equal(again.weights, tagger.weights)


def test_only_so_many_features_are_kept_in_eight_bits() -> None:
    small = train(made(200, 1), PerceptronConfig(rounds=2, least_count=1, features=20))
    assert len(small.places) == 20
    assert np.abs(small.weights).max() <= 127


def test_words_of_short_lists_are_looked_up(tagger: PosTagger) -> None:
    assert tagger.certain == {".": "PUNCT", "the": "DET"}


def test_progress_is_told() -> None:
    told: list[str] = []
    train(made(20, 1), PerceptronConfig(rounds=2, least_count=1), told.append)
    assert [line.split(":")[0] for line in told] == ["round 1 of 2", "round 2 of 2"]


def test_scores_count_mistakes() -> None:
    class AllNouns(PosTagger):
        def tag(self, words):  # type: ignore[no-untyped-def]
            return ["NOUN"] * len(words)

    tagger = AllNouns([], np.zeros((0, 17), np.int16), {})
    sentence = Sentence(("a", "dog", "saw", "anna"), ("DET", "NOUN", "VERB", "PROPN"))
    assert accuracy(tagger, [sentence]) == 0.25
    assert noun_f1(tagger, [sentence]) == pytest.approx(2 / 3)
