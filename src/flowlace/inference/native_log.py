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
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

log = logging.getLogger(__name__)

_lock = Lock()  # one redirection of the process's outputs at a time
_NATIVE: Final = re.compile(
    r"\s*(INFO|WARNING|ERROR|Warning|Error|VERBOSE|[IWEF]\d{4} |└|===|third_party/|at |\w+\.cc:\d+)"
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
    """Catches lines of native code, complete after the block; others are written on then.

    It catches for the whole process: lines of other threads that do not look like a native
    library's log are written to the standard error afterwards.
    """
    caught = NativeLog()
    with _lock, tempfile.TemporaryFile() as file:
        saved = [(number, os.dup(number)) for number in (1, 2)]
        _flush()
        for number, _ in saved:
            os.dup2(file.fileno(), number)
        try:
            yield caught
        finally:
            _flush()
            for number, copy in saved:
                os.dup2(copy, number)
                os.close(copy)
            file.seek(0)
            caught.lines = file.read().decode("utf-8", "replace").splitlines()
            _hand_on(caught.lines)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError, OSError):  # closed, or a broken pipe: not this code's matter
            stream.flush()
    ctypes.CDLL(None).fflush(None)  # C's own buffers


def _hand_on(lines: list[str]) -> None:
    for line in lines:
        log.debug("%s", line)
    foreign = [line for line in lines if line and not _NATIVE.match(line)]
    if foreign:
        os.write(2, ("\n".join(foreign) + "\n").encode())
