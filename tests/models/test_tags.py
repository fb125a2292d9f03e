"""The packaged tagger and table are what their cards say."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from flowlace.tags.pos_tagger import WEIGHTS, PosTagger
from flowlace.tags.prior_table import TABLE, PriorTable

TEXT = Path(__file__).parents[3] / "shared" / "data" / "text"
LEAST_ACCURACY = 0.93


@pytest.mark.parametrize("path", [WEIGHTS, TABLE])
def test_each_has_a_card_and_tells_what_made_it(path: Path) -> None:
    card = (path.parent / "card.md").read_text(encoding="utf-8")
    facts = json.loads(str(np.load(path)["facts"]))
    assert facts["data"]["sha256"] in card
    assert f"commit `{facts['commit']}`" in card
    assert not facts["commit"].endswith("+")
    assert f"{path.stat().st_size / 1000:.0f} kB" in card


def test_the_tagger_is_small() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000


def test_the_table_has_a_score_for_everything() -> None:
    assert np.isfinite(PriorTable.load().scores).all()


def sentences() -> list[list[tuple[str, str]]]:
    path = TEXT / "ud_ewt_dev.tsv.gz"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    blocks = gzip.decompress(path.read_bytes()).decode("utf-8").strip().split("\n\n")
    pairs = [[line.partition("\t") for line in block.splitlines()] for block in blocks]
    return [[(word, tag) for word, _, tag in block] for block in pairs]


@pytest.mark.data
def test_the_tagger_is_as_good_as_asked_for() -> None:
    tagger = PosTagger.load()
    pairs = [
        (found, tag)
        for sentence in sentences()
        for found, (_, tag) in zip(tagger.tag([one for one, _ in sentence]), sentence, strict=True)
    ]
    assert sum(found == tag for found, tag in pairs) / len(pairs) >= LEAST_ACCURACY
