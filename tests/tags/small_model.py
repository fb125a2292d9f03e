"""A tagger that knows its words, and a table that asks for counts and names."""

from collections.abc import Sequence

import numpy as np

from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import AXES, PriorTable
from flowlace.tags.tagging import TagModel

KNOWN = {
    "NOUN": "letter press book printer ink hell glass city art woodcutter dog bus",
    "PROPN": "gutenberg mainz york new bible Ages dna",
    "ADJ": "black old middle movable",
    "VERB": "prints printed is",
    "DET": "the a",
    "ADP": "of in",
    "PUNCT": ". ,",
}


class KnowingTagger(PosTagger):
    """Looks words up; the plural as the singular, others are verbs."""

    def __init__(self) -> None:
        super().__init__([], np.zeros((0, 17), np.int16), {})
        self._tags = {word.lower(): tag for tag, text in KNOWN.items() for word in text.split()}

    def tag(self, words: Sequence[str]) -> list[str]:
        lower = [word.lower() for word in words]
        return [self._tags.get(word, self._tags.get(word.rstrip("s"), "VERB")) for word in lower]


def small_table() -> PriorTable:
    """Returns a table in which a term's score is the class of its count, names a little more."""
    shape = [len(edges) + 1 for edges in AXES.values()]
    scores = np.zeros(shape, np.float32)
    scores += np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    scores[:, :, :, 1] += 0.5
    return PriorTable(scores, {"book": 50, "art": 2}, {"book": 400, "art": 2}, 100, 10_000)


def small_model() -> TagModel:
    return TagModel(KnowingTagger(), small_table())
