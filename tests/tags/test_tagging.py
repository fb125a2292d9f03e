"""Tags are the terms that matter, each with words of its own, written as one would."""

from collections import Counter

import pytest

from flowlace.formats.transcript import WordRow
from flowlace.tags.candidates import Term
from flowlace.tags.tagging import TagModel, suggest_tags, written
from tests.tags.small_model import small_model

TEXT = (
    "The book is of Gutenberg. The letters of the press, the ink of the press, the letters! "
    "Gutenberg printed letters in Mainz. The printing press of Gutenberg prints the letters."
)


def tags(text: str, count: int = 3) -> list[str]:
    return suggest_tags(text.split(), count, small_model())


def rows(*segments: str) -> list[WordRow]:
    return [
        WordRow(start_us=0, end_us=0, word=word, confidence=None, segment_id=number)
        for number, segment in enumerate(segments)
        for word in segment.split()
    ]


def test_the_most_telling_terms_come_first() -> None:
    assert tags(TEXT) == ["Gutenberg", "letters", "press"]


def test_fewer_are_given_where_less_is_said() -> None:
    assert tags("the book") == ["book"]
    assert tags("the of a") == []
    assert tags("") == []


def test_as_many_are_given_as_asked_for() -> None:
    assert len(tags(TEXT, 1)) == 1
    assert len(tags(TEXT, 5)) == 5


def test_no_two_share_a_word() -> None:
    found = tags("black letters, black letters, old letter press and letter presses", 5)
    words = " ".join(found).lower().replace("letters", "letter").split()
    assert len(words) == len(set(words))


def test_a_word_that_is_mostly_said_in_a_pair_becomes_the_pair() -> None:
    assert tags("new york is in new york of york")[0] == "New York"
    assert tags("york is in new york of york the york")[0] == "York"


def test_names_get_capitals_and_nouns_lose_them() -> None:
    assert tags("Letters Letters of gutenberg in gutenberg") == ["Gutenberg", "letters"]


def test_a_word_in_lower_case_that_is_a_name_now_and_then_gets_no_capitals() -> None:
    doubtful = Term(4, patterns=Counter("PPNN"), spellings=Counter(["violin"] * 4))
    certain = Term(4, patterns=Counter("PPPN"), spellings=Counter(["vienna"] * 4))
    assert (written(doubtful), written(certain)) == ("violin", "Vienna")


def test_capitals_of_a_words_own_are_kept() -> None:
    assert tags("the DNA of the DNA")[0] == "DNA"


def test_swear_words_are_no_tags() -> None:
    assert tags("the hell of hell in hell the book") == ["book"]


def test_rows_are_tagged_segment_by_segment() -> None:
    # Were the segments one sentence, "letter press" would be a pair.
    apart = suggest_tags(rows("black letter", "press letter"), 5, small_model())
    assert "letter press" not in apart


def test_the_packaged_model_names_what_a_text_is_about() -> None:
    text = """
    the violin teacher said the violin needs new strings because the old strings of the violin
    broke during the concert in vienna and the orchestra in vienna had to wait for the violin
    """
    found = suggest_tags(text.split())
    assert found[0] == "violin"
    assert len(found) == 3


def test_the_packaged_model_is_read_once() -> None:
    assert TagModel.packaged() is TagModel.packaged()


@pytest.mark.parametrize("words", [["...", "!!!"], ["42", "1984"], ["'s", "—"], ["ß", "日本語"]])
def test_words_that_are_none_are_no_harm(words: list[str]) -> None:
    assert isinstance(suggest_tags(words), list)
