"""The packaged tagger knows nouns from verbs, with capitals or without."""

from pathlib import Path

import numpy as np
import pytest

from flowlace.tags.errors import TagsError
from flowlace.tags.pos_features import UPOS, normalised, sentence_features, tag_features
from flowlace.tags.pos_tagger import PosTagger


@pytest.fixture(scope="module")
def tagger() -> PosTagger:
    return PosTagger.load()


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("The dog sat on the table .", "DET NOUN VERB ADP DET NOUN PUNCT"),
        ("the dog sat on the table", "DET NOUN VERB ADP DET NOUN"),
        ("John Smith works in London", "PROPN PROPN VERB ADP PROPN"),
        ("she wrote a long letter in 1984", "PRON VERB DET ADJ NOUN ADP NUM"),
    ],
)
def test_simple_sentences_are_tagged_right(tagger: PosTagger, sentence: str, tags: str) -> None:
    assert tagger.tag(sentence.split()) == tags.split()


def test_the_same_word_is_tagged_by_its_neighbours(tagger: PosTagger) -> None:
    assert tagger.tag(["they", "book", "a", "room"])[1] == "VERB"
    assert tagger.tag(["the", "book", "is", "red"])[1] == "NOUN"


def test_nothing_has_no_tags(tagger: PosTagger) -> None:
    assert tagger.tag([]) == []


def test_odd_words_are_tagged_too(tagger: PosTagger) -> None:
    tags = tagger.tag(["", "\n", "🎻", "x" * 1000, "…"])
    assert len(tags) == 5
    assert set(tags) <= set(UPOS)


def test_weights_survive_being_written(tagger: PosTagger, tmp_path: Path) -> None:
    tagger.save(tmp_path / "again.npz", "made for a test")
    again = PosTagger.load(tmp_path / "again.npz")
    assert again.places == tagger.places
    assert again.certain == tagger.certain
    np.testing.assert_array_equal(again.weights, tagger.weights)


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no weights")
    np.savez(tmp_path / "other.npz", features=np.array("a"))
    for name in ("missing.npz", "text.npz", "other.npz"):
        with pytest.raises(TagsError, match="weights of the tagger can't be read"):
            PosTagger.load(tmp_path / name)
    PosTagger(["a"], np.zeros((2, 17), np.int16), {}).save(tmp_path / "shape.npz")
    with pytest.raises(TagsError, match=r"holds \(2, 17\) weights"):
        PosTagger.load(tmp_path / "shape.npz")


def test_numbers_are_looked_up_by_their_kind() -> None:
    assert [normalised(word) for word in ("1984", "12", "3rd", "Mp3")] == [
        "!year", "!number", "!number", "mp3",
    ]  # fmt: skip


def test_case_is_looked_at_only_where_there_is_any() -> None:
    lower = sentence_features(["new", "york"])
    title = sentence_features(["New", "York"])
    assert "c?" in lower[1]
    assert "ca" in title[1]
    assert "ca^" in title[0]
    assert {name[0] for name in lower[0]} == {name[0] for name in title[0]}


def test_features_tell_their_kind_apart() -> None:
    features = sentence_features(["the", "the", "the"])[1]
    features += tag_features("the", "DET", "DET", "the")
    assert len(set(features)) == len(features)
