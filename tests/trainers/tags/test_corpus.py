"""Sentences are read as they are, and mistakes are named with their line."""

import gzip
from pathlib import Path

import pytest
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.tags.corpus import Sentence, digest, read_sentences, spoken


def test_sentences_end_at_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("The\tDET\ndog\tNOUN\n\n\nbarks\tVERB")
    assert read_sentences(path) == [
        Sentence(("The", "dog"), ("DET", "NOUN")),
        Sentence(("barks",), ("VERB",)),
    ]


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress("Dürer\tPROPN\n".encode()))
    assert read_sentences(path)[0].words == ("Dürer",)
    assert len(digest(path)) == 64


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"no sentences in .*missing\.tsv"):
        read_sentences(tmp_path / "missing.tsv")


@pytest.mark.parametrize("line", ["dog", "dog NOUN", "dog\tNN"])
def test_a_line_that_is_no_word_with_a_tag_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.tsv").write_text(f"The\tDET\n{line}\n")
    with pytest.raises(TrainerError, match=r"a\.tsv:2: expected a word, a tab and a tag"):
        read_sentences(tmp_path / "a.tsv")


def test_what_is_spoken_has_no_capitals_and_no_punctuation() -> None:
    written = [
        Sentence(("Well", ",", "Anna", "paid", "$", "5", "."),
                 ("INTJ", "PUNCT", "PROPN", "VERB", "SYM", "NUM", "PUNCT")),
        Sentence(("!",), ("PUNCT",)),
    ]  # fmt: skip
    assert spoken(written) == [
        Sentence(("well", "anna", "paid", "5"), ("INTJ", "PROPN", "VERB", "NUM"))
    ]
