"""How long to wait for a file that may still be on its way."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Unread:
    version: Hashable
    since_us: int


class Patience:
    """Remembers the files that could not be read, and tells when to give one up.

    A file is waited for as long as it changes, and for `patience_s` after that.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_us = patience_s * 1e6
        self._unread: dict[str, _Unread] = {}

    def lasts(self, name: str, version: Hashable, now_us: int) -> bool:
        """Returns whether to try the file again; one that is given up is forgotten.

        `version` is whatever changes with the file, such as its size.
        """
        before = self._unread.get(name)
        if before is None or before.version != version:
            self._unread[name] = _Unread(version, now_us)
        elif now_us - before.since_us >= self._patience_us:
            del self._unread[name]
            return False
        return True

    def forget(self, name: str) -> None:
        """Forgets a file that has been read, or is gone."""
        self._unread.pop(name, None)

    def waited_for(self) -> set[str]:
        """Returns the files that could not be read so far."""
        return set(self._unread)
