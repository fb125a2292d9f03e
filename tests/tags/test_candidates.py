"""Candidates are nouns, names and pairs with them; nothing empty, nothing rude."""

import pytest

from flowlace.tags.candidates import TermCounter, is_telling, singular, split_words
from tests.tags.small_model import KnowingTagger


def counted(*sentences: str) -> TermCounter:
    counter = TermCounter(KnowingTagger())
    for sentence in sentences:
        counter.add(sentence.split())
    return counter


def test_nouns_and_names_are_counted_with_their_kinds() -> None:
    terms = counted("Gutenberg printed the book").terms
    assert {name: term.pattern for name, term in terms.items()} == {"gutenberg": "P", "book": "N"}


def test_pairs_end_with_a_noun() -> None:
    terms = counted("the black letter press of Mainz printers").terms
    pairs = {name: term.pattern for name, term in terms.items() if " " in name}
    assert pairs == {"black letter": "AN", "letter press": "NN", "mainz printer": "PN"}


def test_a_noun_before_a_name_is_no_pair() -> None:
    assert "printer gutenberg" not in counted("the printer Gutenberg").terms


def test_a_stop_word_may_begin_a_name_and_nothing_else() -> None:
    terms = counted("the old book in New York of the Middle Ages").terms
    assert set(terms) == {"book", "york", "new york", "age", "middle age"}
    assert terms["new york"].pattern == "PP"


def test_words_with_a_comma_between_them_are_no_pair() -> None:
    assert "letter press" not in counted("the letter, press").terms


def test_singular_and_plural_are_one_term_written_as_most_often() -> None:
    term = counted("the letter", "letters in letters").terms["letter"]
    assert term.count == 3
    assert term.spelling == "letters"


def test_places_are_counted_in_words() -> None:
    counter = counted("the ink, the ink.", "a book of ink")
    assert counter.word_count == 8
    assert (counter.terms["ink"].first, counter.terms["ink"].last) == (1, 7)


def test_memory_is_bounded_and_what_returns_is_kept() -> None:
    class AllNouns(KnowingTagger):
        def tag(self, words):  # type: ignore[no-untyped-def]
            return ["NOUN"] * len(words)

    counter = TermCounter(AllNouns())
    for number in range(12_000):
        counter.add(["melody", f"rare{chr(97 + number % 26)}{number}x"])
    assert len(counter.terms) <= 20_000
    assert counter.terms["melody"].count == 12_000


@pytest.mark.parametrize("word", ["the", "thing", "Things", "ok", "x1", "hell", "HELL", "42", "-"])
def test_words_that_say_nothing_are_left_out(word: str) -> None:
    assert not is_telling(word)


@pytest.mark.parametrize("word", ["melody", "DNA", "Gutenberg", "self-portrait", "hello-kitty"])
def test_words_that_say_something_are_kept(word: str) -> None:
    assert is_telling(word)


def test_a_swear_word_in_a_compound_is_one() -> None:
    assert not is_telling("hell-fire")


def test_words_are_split_as_the_tagger_knows_them() -> None:
    words = ["Tom's", "“book”", "can't,", "U.S.", "rock-and-roll", "they’ve", "…"]
    assert list(split_words(words)) == [
        "Tom", "'s", "“", "book", "”", "ca", "n't", ",", "U.S", ".", "rock-and-roll",
        "they", "’ve", "…",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("plural", "one"),
    [("ties", "tie"), ("cities", "city"), ("boxes", "box"),
     ("news", "news"), ("gas", "gas"), ("churches", "church"), ("art", "art")],
)  # fmt: skip
def test_plurals_lose_their_ending(plural: str, one: str) -> None:
    assert singular(plural) == one
