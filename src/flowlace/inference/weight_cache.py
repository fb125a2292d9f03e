"""The file that keeps a model's packed weights for its next start.

LiteRT takes any cache whose parts have the right sizes. That of a model which was trained anew
since, or one with a damaged byte, gives wrong results without a word. So a seal beside the cache
holds the digests of the model and of the cache, and without a seal that fits, the cache is made
anew: under another name first, because LiteRT would cut off the file that another process, or
another model of this one, still reads.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowlace.inference.tflite_file import TfliteFile

log = logging.getLogger(__name__)


@contextmanager
def sealed_weight_cache(path: Path, file: TfliteFile) -> Iterator[str]:
    """Yields the file LiteRT is to read weights from, or to write them to, while it compiles.

    What it wrote is sealed and put in its place after the block. A place that can't be written is
    worth a warning only: the model runs without a cache, and the name is empty.
    """
    if path.is_file() and _read_seal(path) == _made_seal(path, file):
        yield str(path)
        return
    try:
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        _warn(path, error)
        yield ""
        return
    with folder:
        made = Path(folder.name) / path.name
        yield str(made)
        _put_in_place(made, path, file)


def _put_in_place(made: Path, path: Path, file: TfliteFile) -> None:
    try:
        seal = made.with_name("seal")
        seal.write_text(_made_seal(made, file), encoding="ascii")
        # Between the two, the old seal does not fit the new cache: that is as good as none.
        os.replace(made, path)
        os.replace(seal, _seal_of(path))
    except OSError as error:
        _warn(path, error)


def _warn(path: Path, error: OSError) -> None:
    reason = error.strerror or error
    log.warning("weight cache %s can't be written: %s; the next start takes longer", path, reason)


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal")


def _read_seal(path: Path) -> str:
    try:
        return _seal_of(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _made_seal(cache: Path, file: TfliteFile) -> str:
    with cache.open("rb") as content:
        return f"{file.sha256} {hashlib.file_digest(content, 'sha256').hexdigest()}\n"
