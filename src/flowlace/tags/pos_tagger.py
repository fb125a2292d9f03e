"""Tells nouns from verbs: an averaged perceptron that goes through a sentence once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from flowlace.tags.errors import TagsError
from flowlace.tags.pos_features import UPOS, normalised, sentence_features, tag_features

WEIGHTS: Final = Path(__file__).parents[1] / "models" / "part_of_speech" / "part_of_speech.npz"
"""The packaged weights."""


class PosTagger:
    """Gives each word of a sentence its part of speech, as Universal Dependencies name them.

    Args:
        features: names of the features, as `pos_features` makes them.
        weights: `[feature, tag]`, whole numbers.
        certain: tags of words that always have the same one.
    """

    def __init__(
        self, features: Sequence[str], weights: NDArray[np.int16], certain: dict[str, str]
    ) -> None:
        self.places = {name: at for at, name in enumerate(features)}
        self.weights = weights
        self.certain = certain

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "PosTagger":
        """Reads the weights.

        Raises:
            TagsError: the file is missing or no file of weights.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                names = [str(file[key]) for key in ("features", "certain", "tags")]
                weights = file["weights"].astype(np.int16)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise TagsError(f"the weights of the tagger can't be read: {error}") from error
        features, certain = names[0].split("\n"), names[1].split("\n")
        if tuple(names[2].split()) != UPOS or weights.shape != (len(features), len(UPOS)):
            raise TagsError(f"{path} holds {weights.shape} weights for tags {names[2]!r}")
        pairs = (line.rpartition(" ") for line in certain if line)
        return cls(features, weights, {word: tag for word, _, tag in pairs})

    def save(self, path: Path, facts: str = "") -> None:
        """Writes the weights, which must fit eight bits.

        Args:
            path: with the ending `.npz`.
            facts: where the weights come from, kept in the file.
        """
        assert np.abs(self.weights).max() <= 127
        np.savez_compressed(
            path,
            features=np.array("\n".join(self.places)),
            weights=self.weights.astype(np.int8),
            certain=np.array("\n".join(f"{word} {tag}" for word, tag in self.certain.items())),
            tags=np.array(" ".join(UPOS)),
            facts=np.array(facts),
        )

    def tag(self, words: Sequence[str]) -> list[str]:
        """Returns the tag of each word of one sentence; punctuation is a word of its own."""
        tags: list[str] = []
        plain = [*map(normalised, words), "</s>"]
        before = two_before = ""
        for at, features in enumerate(sentence_features(words)):
            tag = self.certain.get(plain[at])
            if tag is None:
                features += tag_features(plain[at], before, two_before, plain[at + 1])
                tag = UPOS[self._best(features)]
            tags.append(tag)
            two_before, before = before, tag
        return tags

    def _best(self, features: Sequence[str]) -> int:
        places = [self.places[name] for name in features if name in self.places]
        return int(self.weights[places].sum(axis=0, dtype=np.int32).argmax())
