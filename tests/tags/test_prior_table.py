"""The table gives a candidate the score of its classes, and survives being written."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from flowlace.tags.candidates import Term
from flowlace.tags.errors import TagsError
from flowlace.tags.prior_table import AXES, PriorTable
from tests.tags.small_model import small_table


def term(count: int, first: int = 0, last: int = 0, pattern: str = "N") -> Term:
    return Term(count, first, last, Counter([pattern]), Counter(["word"]))


def classes(name: str, found: Term, words: int = 1000) -> dict[str, int]:
    return dict(zip(AXES, small_table().classes(name, found, words), strict=True))


def test_counts_have_classes() -> None:
    found = [classes("melody", term(count))["count"] for count in (1, 2, 3, 4, 5, 12, 99)]
    assert found == [0, 1, 2, 2, 3, 4, 5]


def test_a_word_of_many_documents_is_common() -> None:
    assert classes("book", term(1))["document_frequency"] == 4
    assert classes("melody", term(1))["document_frequency"] == 0


def test_a_pair_is_as_rare_as_its_rarest_word() -> None:
    assert classes("art book", term(1)) | {"letters": 0} == classes("art", term(1)) | {"letters": 0}


def test_what_is_said_as_often_as_always_is_not_specific() -> None:
    assert classes("book", term(40))["specificity"] == 0
    assert classes("melody", term(40))["specificity"] == 4


def test_places_are_shares_of_the_recording() -> None:
    late = classes("melody", term(2, first=600, last=700))
    early = classes("melody", term(2, first=50, last=700))
    assert (late["position"], late["spread"]) == (2, 1)
    assert (early["position"], early["spread"]) == (0, 2)


def test_every_term_has_a_score_even_of_no_words() -> None:
    assert small_table().score("melody", term(1), 0) == 0.0
    assert small_table().score("mainz", term(3, pattern="P"), 10) == 2.5


def test_a_written_table_is_the_same_to_a_hundredth(tmp_path: Path) -> None:
    table, path = small_table(), tmp_path / "table.npz"
    table.scores[0] = 0.123456
    table.save(path, "made for a test")
    read = PriorTable.load(path)
    np.testing.assert_allclose(read.scores, table.scores, atol=0.005)
    assert read.document_counts == table.document_counts
    assert (read.word_counts, read.documents, read.words) == (
        table.word_counts, table.documents, table.words,
    )  # fmt: skip
    assert str(np.load(path)["facts"]) == "made for a test"


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no table")
    np.savez(tmp_path / "other.npz", axes=np.array("{}"))
    for name in ("missing.npz", "text.npz", "other.npz"):
        with pytest.raises(TagsError, match="prior table of tags can't be read"):
            PriorTable.load(tmp_path / name)


def test_a_table_of_other_properties_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_table().save(tmp_path / "table.npz")
    monkeypatch.setattr("flowlace.tags.prior_table.AXES", {"count": (2, 3)})
    with pytest.raises(TagsError, match="made for other properties"):
        PriorTable.load(tmp_path / "table.npz")
