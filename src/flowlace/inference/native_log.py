"""Catches what native libraries print, where the reason of a failure is.

LiteRT's exceptions name source lines; "No adapters found" stands in its log alone. The log is
also far too long for a terminal, and part of it goes to the standard output, where it would mix
with results; so all of it goes to this module's logger at level DEBUG.
"""

import ctypes
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import Final

log = logging.getLogger(__name__)

_lock = Lock()  # one redirection of the process's outputs at a time
_NATIVE: Final = re.compile(
    r"\s*(INFO|WARNING|ERROR|Warning|Error|VERBOSE|[IWEF]\d{4} |└|===|third_party/|at |"
    r"\w+\.cc:\d+)".encode()
)


class NativeLog:
    """The lines written while they were caught."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def first_with(self, *patterns: str) -> str:
        """Returns what follows the first of `patterns` that some line holds; empty if none."""
        for pattern in patterns:
            for line in self.lines:
                found = re.search(pattern, line)
                if found:
                    return found[0].strip()
        return ""


@contextmanager
def caught_native_log() -> Iterator[NativeLog]:
    """Catches lines of native code, complete after the block; all else is written on then.

    It catches for the whole process: what other threads print meanwhile, and does not look like a
    native library's log, goes where it was meant to, byte for byte, after the block.
    """
    caught = NativeLog()
    with _lock, ExitStack() as files:
        outputs = [
            (number, os.dup(number), files.enter_context(tempfile.TemporaryFile()))
            for number in (1, 2)
        ]
        _flush()
        for number, _, file in outputs:
            os.dup2(file.fileno(), number)
        try:
            yield caught
        finally:
            _flush()
            for number, saved, _ in outputs:
                os.dup2(saved, number)
                os.close(saved)
            for number, _, file in outputs:
                file.seek(0)
                caught.lines += _sorted_out(file.read(), number)


def _sorted_out(written: bytes, number: int) -> list[str]:
    """Returns all lines; writes those of others to the output they were meant for."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+", written)
    foreign = b"".join(line for line in lines if not _NATIVE.match(line))
    with suppress(OSError):  # a broken pipe: not this code's matter
        while foreign:
            foreign = foreign[os.write(number, foreign) :]
    found = [line.decode("utf-8", "replace").rstrip() for line in lines]
    for text in found:
        log.debug("%s", text)
    return found


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError, OSError):  # closed, or a broken pipe: not this code's matter
            stream.flush()
    ctypes.CDLL(None).fflush(None)  # C's own buffers
