"""Reads sentences with parts of speech, one `word<TAB>tag` a line, a blank line between them."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flowlace.tags.pos_features import UPOS
from flowlace_trainers.errors import TrainerError

TRAINING = "ud_ewt_train.tsv.gz"
DEVELOPMENT = "ud_ewt_dev.tsv.gz"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and their parts of speech."""

    words: tuple[str, ...]
    tags: tuple[str, ...]

    def spoken(self) -> "Sentence":
        """Returns what a transcriber would write: lower case, no punctuation."""
        kept = [
            (word.lower(), tag)
            for word, tag in zip(self.words, self.tags, strict=True)
            if tag not in ("PUNCT", "SYM")
        ]
        return Sentence(tuple(word for word, _ in kept), tuple(tag for _, tag in kept))


def read_sentences(path: Path) -> list[Sentence]:
    """Returns the sentences of a file, packed with gzip or not.

    Raises:
        TrainerError: the file is missing, or a line is not a word with a tag.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainerError(f"no sentences in {path}: {error.strerror}") from error
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return list(_sentences(text.splitlines(), path))


def digest(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def spoken(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Returns sentences as a transcriber would write them, empty ones left out."""
    return [one for one in (sentence.spoken() for sentence in sentences) if one.words]


def _sentences(lines: Iterable[str], path: Path) -> Iterable[Sentence]:
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            word, tab, tag = line.partition("\t")
            if not tab or tag not in UPOS:
                raise TrainerError(f"{path}:{number}: expected a word, a tab and a tag: {line!r}")
            words.append(word)
            tags.append(tag)
        elif words:
            yield Sentence(tuple(words), tuple(tags))
            words, tags = [], []
