"""Downloads public models: resumed after a break, checked before anybody can use them."""

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import fetched_file
from flowlace.inference.public_models import PublicModel

CHUNK_BYTES: Final = 64 * 1024
TIMEOUT_S: Final = 20.0
"""Longest silence of the server."""

Progress = Callable[[int, int], None]
"""Takes bytes that are there and bytes in all."""


def fetch_model(model: PublicModel, *, url: str = "", on_progress: Progress | None = None) -> Path:
    """Returns the file of a public model, downloaded if it is not there yet.

    The download goes to a file beside it, `.part`, is resumed where that already is, and takes
    its place only after size and digest have been checked. Downloads into one folder wait for
    each other.

    Args:
        model: which.
        url: another place the same file lies, such as a mirror.
        on_progress: called after each chunk.

    Raises:
        ModelError: no connection, a server that refuses, a disk that does not take it, or
            another file than the registered one. What had come is kept for the next time,
            unless it is wrong.
    """
    target = fetched_file(model.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(target.parent):
            if not target.is_file() or _digest(target) != model.sha256:
                _fetch(model, url or model.url, target, on_progress or _nothing)
    except urllib.error.HTTPError as error:
        raise _error(model, url, f"the server answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        reason = getattr(error, "reason", None) or error
        raise _error(
            model, url, f"{reason}; what has come is kept, run the same command again"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: an address that is none
        raise _error(model, url, str(error)) from error
    return target


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Waits until no other process downloads into a folder, and keeps others out meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network folders have no locks: the digest still decides
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _fetch(model: PublicModel, url: str, target: Path, on_progress: Progress) -> None:
    target.unlink(missing_ok=True)  # damaged
    part = target.with_suffix(".part")
    _download(model, url, part, on_progress)
    _check(model, part)
    os.replace(part, target)


def _nothing(_: int, __: int) -> None:
    pass


def _error(model: PublicModel, url: str, reason: str) -> ModelError:
    return ModelError(f"model {model.name!r} can't be fetched from {url or model.url}: {reason}")


def _download(model: PublicModel, url: str, part: Path, on_progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= model.size_bytes:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        is_rest = answer.status == 206
        _check_length(model, answer.headers.get("Content-Length", ""), have if is_rest else 0)
        with part.open("ab" if is_rest else "wb") as file:
            _copy(answer, file, have if is_rest else 0, model.size_bytes, on_progress)


def _copy(
    answer: IO[bytes], file: IO[bytes], have: int, wanted: int, on_progress: Progress
) -> None:
    while chunk := answer.read(CHUNK_BYTES):
        file.write(chunk)
        have += len(chunk)
        on_progress(have, wanted)
        if have > wanted:
            return
    if have < wanted:
        raise http.client.IncompleteRead(b"", wanted - have)


def _check_length(model: PublicModel, given: str, have: int) -> None:
    """Refuses another file, such as a page to log in, before any of it is kept."""
    if given.isdecimal() and have + int(given) != model.size_bytes:
        raise ModelError(
            f"model {model.name!r}: the server has another file: {have + int(given)} bytes, "
            f"expected {model.size_bytes}"
        )


def _check(model: PublicModel, part: Path) -> None:
    size, digest = part.stat().st_size, _digest(part)
    if digest == model.sha256:
        return
    part.unlink()
    raise ModelError(
        f"model {model.name!r}: what was fetched is another file: {size} bytes with SHA-256 "
        f"{digest}, expected {model.size_bytes} bytes with {model.sha256}; it was removed"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
