"""How good a candidate is as a tag, read from a table that boosted trees filled.

The trees were fitted on the same few classes of each property, so the table holds exactly what
they say, and no tree is needed here.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from flowlace.tags.candidates import PATTERNS, Term
from flowlace.tags.errors import TagsError

TABLE: Final = Path(__file__).parents[1] / "models" / "tag_prior" / "tag_prior.npz"
"""The packaged table."""

AXES: Final[Mapping[str, tuple[float, ...]]] = {
    "count": (2, 3, 5, 8, 13),
    "document_frequency": (0.002, 0.01, 0.04, 0.12),
    "specificity": (5, 20, 80, 300),
    "pattern": tuple(range(1, len(PATTERNS))),
    "position": (0.1, 0.5),
    "spread": (0.001, 0.4),
    "letters": (6, 12),
}
"""The properties of a candidate, with the values at which one class ends and the next begins.

`document_frequency`: share of the training documents that hold the candidate's rarest word.
`specificity`: how many times more often it is said than in those documents; `position`: where it
is said first; `spread`: how much of the recording lies between its first and last time.
"""


_SCALE: Final = 100
"""Scores are kept in so many parts of one."""


@dataclass(frozen=True, slots=True)
class PriorTable:
    """Scores of candidates by the classes of their properties."""

    scores: NDArray[np.float32]
    """Logits, one axis a property in the order of `AXES`."""
    document_counts: Mapping[str, int]
    """In how many training documents a word occurs, where in more than one."""
    word_counts: Mapping[str, int]
    """How often it occurs in all of them."""
    documents: int
    """How many there are."""
    words: int
    """How many words they hold."""

    @classmethod
    def load(cls, path: Path = TABLE) -> "PriorTable":
        """Reads the table.

        Raises:
            TagsError: the file is missing or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                axes, names = json.loads(str(file["axes"])), str(file["names"]).split("\n")
                scores, counts, totals = file["scores"], file["counts"], file["totals"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise TagsError(f"the prior table of tags can't be read: {error}") from error
        if axes != _axes():
            raise TagsError(f"{path} was made for other properties; make it anew")
        return cls(
            (scores / _SCALE).astype(np.float32),
            dict(zip(names, counts[0].tolist(), strict=True)),
            dict(zip(names, counts[1].tolist(), strict=True)),
            int(totals[0]),
            int(totals[1]),
        )

    def save(self, path: Path, facts: str = "") -> None:
        """Writes the table; scores are kept to a hundredth.

        Args:
            path: with the ending `.npz`.
            facts: where the table comes from, kept in the file.
        """
        names = sorted(self.document_counts)
        counts = [[of[name] for name in names] for of in (self.document_counts, self.word_counts)]
        np.savez_compressed(
            path,
            axes=np.array(json.dumps(_axes())),
            scores=np.rint(self.scores * _SCALE).astype(np.int16),
            names=np.array("\n".join(names)),
            counts=np.array(counts, np.int32),
            totals=np.array([self.documents, self.words]),
            facts=np.array(facts),
        )

    def score(self, name: str, term: Term, word_count: int) -> float:
        """Returns the logit that a candidate is what a recording is about."""
        return float(self.scores[self.classes(name, term, word_count)])

    def classes(self, name: str, term: Term, word_count: int) -> tuple[int, ...]:
        """Returns the class of each property.

        Args:
            name: the candidate's words in lower case and singular.
            term: what was counted.
            word_count: words of the recording.
        """
        values = {
            "count": term.count,
            "document_frequency": self._document_frequency(name),
            "specificity": self._specificity(name, term.count, word_count),
            "pattern": PATTERNS.index(term.pattern),
            "position": term.first / max(word_count, 1),
            "spread": (term.last - term.first) / max(word_count, 1),
            "letters": len(name),
        }
        return tuple(bisect_right(edges, values[axis]) for axis, edges in AXES.items())

    def _document_frequency(self, name: str) -> float:
        rarest = min(self.document_counts.get(word, 0) for word in name.split())
        return rarest / self.documents

    def _specificity(self, name: str, count: int, word_count: int) -> float:
        # One more than seen: a word that was never seen is rare, not impossible.
        usual = min((self.word_counts.get(word, 0) + 1) / self.words for word in name.split())
        return count / (max(word_count, 1) * usual)


def _axes() -> dict[str, list[float]]:
    return {name: list(edges) for name, edges in AXES.items()}
