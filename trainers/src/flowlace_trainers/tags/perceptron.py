"""Trains the part-of-speech tagger: an averaged perceptron, one sentence at a time.

After Collins (2002), "Discriminative training methods for hidden Markov models": where the tag is
wrong, the right tag's weights rise by one and the wrong tag's fall by one; the weights kept are
the mean over all steps.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.tags.pos_features import UPOS, normalised, sentence_features, tag_features
from flowlace.tags.pos_tagger import PosTagger
from flowlace_trainers.tags.corpus import Sentence

_TAG_PLACES = {tag: at for at, tag in enumerate(UPOS)}
_WORDS_OF_ONE_TAG = ("DET", "PRON", "ADP", "CCONJ", "SCONJ", "PUNCT", "AUX", "PART")
"""Kinds of words of which there is a short, closed list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PerceptronConfig:
    """How the tagger is trained."""

    rounds: int = 6
    """How often all sentences are seen."""
    seed: int = 1
    """Of the order of sentences."""
    least_count: int = 3
    """Rarer features are left out."""
    features: int = 60_000
    """Features kept in the end: those with the largest weights."""
    certain_count: int = 100
    """Times a word of a closed list has to occur with one tag only to be looked up."""


Told = Callable[[str], None]


def train(
    sentences: Sequence[Sentence], config: PerceptronConfig, tell: Told = lambda _: None
) -> PosTagger:
    """Returns a tagger that learned from the sentences."""
    places = {name: at for at, name in enumerate(_frequent_features(sentences, config.least_count))}
    known = [_Known(sentence, places) for sentence in sentences]
    weights, late = (np.zeros((len(places), len(UPOS)), np.float32) for _ in range(2))
    order, step = random.Random(config.seed), 1
    for turn in range(config.rounds):
        order.shuffle(known)
        wrong = 0
        for sentence in known:
            wrong += _learn(sentence, places, weights, late, step)
            step += len(sentence.gold)
        total = sum(len(sentence.gold) for sentence in known)
        tell(f"round {turn + 1} of {config.rounds}: {1 - wrong / total:.4f} right while learning")
    mean = (weights - late / step).astype(np.float32)
    return _compact(list(places), mean, _certain(sentences, config), config)


def accuracy(tagger: PosTagger, sentences: Sequence[Sentence]) -> float:
    """Returns the share of words that get the right tag."""
    right = total = 0
    for sentence in sentences:
        found = tagger.tag(sentence.words)
        right += sum(one == other for one, other in zip(found, sentence.tags, strict=True))
        total += len(found)
    return right / total


def noun_f1(tagger: PosTagger, sentences: Sequence[Sentence]) -> float:
    """Returns F1 of telling nouns and names, as one class, from all other words."""
    nouns = ("NOUN", "PROPN")
    counted: Counter[tuple[bool, bool]] = Counter()
    for sentence in sentences:
        found = tagger.tag(sentence.words)
        counted.update(
            (one in nouns, other in nouns) for one, other in zip(found, sentence.tags, strict=True)
        )
    hits = counted[True, True]
    return 2 * hits / (2 * hits + counted[True, False] + counted[False, True])


class _Known:
    """A sentence whose features are looked up already."""

    __slots__ = ("fixed", "gold", "plain")

    def __init__(self, sentence: Sentence, places: dict[str, int]) -> None:
        self.plain = [*map(normalised, sentence.words), "</s>"]
        self.gold = [_TAG_PLACES[tag] for tag in sentence.tags]
        self.fixed = [
            [places[name] for name in features if name in places]
            for features in sentence_features(sentence.words)
        ]


def _learn(
    sentence: _Known,
    places: dict[str, int],
    weights: NDArray[np.float32],
    late: NDArray[np.float32],
    step: int,
) -> int:
    """Goes through a sentence with the tags it finds itself; returns how many are wrong."""
    before = two_before = ""
    wrong = 0
    for at, gold in enumerate(sentence.gold):
        names = tag_features(sentence.plain[at], before, two_before, sentence.plain[at + 1])
        active = sentence.fixed[at] + [places[name] for name in names if name in places]
        found = int(weights[active].sum(axis=0).argmax())
        if found != gold:
            wrong += 1
            weights[active, gold] += 1
            weights[active, found] -= 1
            late[active, gold] += step + at
            late[active, found] -= step + at
        two_before, before = before, UPOS[found]
    return wrong


def _frequent_features(sentences: Sequence[Sentence], least_count: int) -> list[str]:
    counts: Counter[str] = Counter()
    for sentence in sentences:
        plain = [*map(normalised, sentence.words), "</s>"]
        tags = ["", "", *sentence.tags]
        for at, features in enumerate(sentence_features(sentence.words)):
            counts.update(features)
            counts.update(tag_features(plain[at], tags[at + 1], tags[at], plain[at + 1]))
    return [name for name, count in counts.items() if count >= least_count and "\n" not in name]


def _certain(sentences: Sequence[Sentence], config: PerceptronConfig) -> dict[str, str]:
    seen: dict[str, Counter[str]] = {}
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            seen.setdefault(normalised(word), Counter())[tag] += 1
    return {
        word: tags.most_common(1)[0][0]
        for word, tags in sorted(seen.items())
        if len(tags) == 1
        and tags.total() >= config.certain_count
        and next(iter(tags)) in _WORDS_OF_ONE_TAG
    }


def _compact(
    names: Sequence[str],
    weights: NDArray[np.float32],
    certain: dict[str, str],
    config: PerceptronConfig,
) -> PosTagger:
    """Keeps the features that weigh most, in eight bits."""
    largest = np.ptp(weights, axis=1)
    kept = np.sort(np.argsort(-largest, kind="stable")[: config.features])
    scale = 127 / np.abs(weights[kept]).max()
    # Large weights are few; clipping them leaves finer steps for the others.
    scale = max(scale, 127 / float(np.quantile(np.abs(weights[kept]), 0.9999)))
    small = np.clip(np.rint(weights[kept] * scale), -127, 127).astype(np.int16)
    return PosTagger([names[at] for at in kept], small, certain)
