"""Sentences of a small made-up language of nine words, in which order tells the parts of speech."""

import gzip
import random
from pathlib import Path

from flowlace_trainers.tags.corpus import DEVELOPMENT, TRAINING, Sentence

NOUNS = ("dog", "cat", "violin", "bridge", "river")
NAMES = ("Anna", "Vienna")


def made(count: int, seed: int) -> list[Sentence]:
    """Returns sentences such as `The dog saw Anna .`; a text keeps to one noun for a while."""
    generator = random.Random(seed)
    sentences = []
    for number in range(count):
        if number % 12 == 0:
            topic = generator.choice(NOUNS)
        noun = topic if generator.random() < 0.6 else generator.choice(NOUNS)
        words = ["The", noun, generator.choice(("saw", "found")), generator.choice(NAMES), "."]
        tags = ["DET", "NOUN", "VERB", "PROPN", "PUNCT"]
        sentences.append(Sentence(tuple(words), tuple(tags)))
    return sentences


def write(folder: Path, training: int = 400, development: int = 200) -> Path:
    """Writes both files of sentences to a folder."""
    for name, sentences in ((TRAINING, made(training, 1)), (DEVELOPMENT, made(development, 2))):
        lines = [
            "".join(f"{word}\t{tag}\n" for word, tag in zip(one.words, one.tags, strict=True))
            for one in sentences
        ]
        (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder
