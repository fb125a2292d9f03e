import doctest

import pytest

from flowlace.recorder import SearchError, search_query
from flowlace.recorder.search_query import fts_query, label_key, label_rank


def test_examples_in_docstrings_hold() -> None:
    result = doctest.testmod(search_query)
    assert (result.failed, result.attempted > 3) == (0, True)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("hello world", '"hello" AND "world"'),
        ('"hello world"', '"hello world"'),
        ('say "hello world" now', '"say" AND "hello world" AND "now"'),
        ('"unfinished phrase', '"unfinished phrase"'),
        ("confer*", '"confer" *'),
        ("it's", '"it s"'),
        ("dog_bark", '"dog bark"'),
        ("a AND OR NOT b", '"a" AND "AND" AND "OR" AND "NOT" AND "b"'),
        ("text:secret ^start -x {y} +z", '"text secret" AND "start" AND "x" AND "y" AND "z"'),
        ("Straße ÉTÉ 東京", '"Straße" AND "ÉTÉ" AND "東京"'),
        ("* ** \"\" '' ( ) ; --", ""),
        ("2*3", '"2 3"'),
        ("", ""),
    ],
)
def test_only_words_get_through(text: str, query: str) -> None:
    assert fts_query(text) == query


@pytest.mark.parametrize("text", ["a*", "co*", "hello wo*", "x_ab*"])
def test_a_beginning_needs_three_letters(text: str) -> None:
    with pytest.raises(SearchError, match="is too short: a beginning needs at least 3 letters"):
        fts_query(text)


@pytest.mark.parametrize(
    ("text", "label", "rank"),
    [
        ("dog bark", "dog_bark", 0),
        ("DOG-BARK", "Dog bark", 0),
        ("dog", "dog_bark", 1),
        ("bark", "dog_bark", 2),
        ("bark dog", "dog_bark", 2),
        ("do", "dog_bark", None),
        ("do bark", "dog_bark", None),
        ("tv", "tv", 0),
        ("cat", "dog_bark", None),
    ],
)
def test_labels_fit_by_their_words(text: str, label: str, rank: int | None) -> None:
    assert label_rank(label_key(text), label) == rank
