"""Frames that can't be used are skipped, counted by a named reason, and told about."""

import logging
from collections import Counter

_TOLD = 5  # a damaged hour of video must not fill the log


class Skips:
    """Counts skipped frames by reason and logs the first few of each."""

    def __init__(self, name: str, counter: Counter[str], logger: logging.Logger) -> None:
        self.name = name
        self._counter = counter
        self._logger = logger

    def add(self, reason: str, detail: str) -> None:
        """Counts one frame under `reason`; `detail` says which and why."""
        self._counter[reason] += 1
        count = self._counter[reason]
        if count <= _TOLD:
            self._logger.warning("%s: skipped (%s): %s", self.name, reason, detail)
        if count == _TOLD:
            self._logger.warning("%s: more skipped for %s are only counted", self.name, reason)
