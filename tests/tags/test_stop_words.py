"""The lists hold what can be matched, and each word once."""

from flowlace.tags.stop_words import NAME_BEGINNINGS, STOP_WORDS, SWEAR_WORDS


def test_words_are_in_lower_case() -> None:
    assert all(word == word.lower() and word.isalpha() for word in STOP_WORDS | SWEAR_WORDS)


def test_what_begins_a_name_says_nothing_alone() -> None:
    assert NAME_BEGINNINGS < STOP_WORDS


def test_no_swear_word_is_a_stop_word() -> None:
    assert not STOP_WORDS & SWEAR_WORDS
