"""Files that appear whole or not at all, named by the time of what is in them.

`maps/%Y%m%d/rain_%H%M%S.tif` is a name for each time (UTC, the codes of `strftime`); a name without
a code is the same for all. A file is written beside its place under another name and then renamed:
whoever kills the process, fills the disk or reads meanwhile finds the old file or the new one.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from flowlace.sinks.sink import SinkError

_CODES = re.compile(r"%([YmdHMSj%])")


class DatedFile:
    """The place of a file, or of one for each time.

    Args:
        pattern: the path, with codes of time or without.

    Raises:
        ValueError: a code that is not known.
        SinkError: the folder is not there or can't be written.
    """

    def __init__(self, pattern: str | Path) -> None:
        self.pattern = str(pattern)
        unknown = re.search(r"%.?", _CODES.sub("", self.pattern))
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is no code of time; known are %Y %m %d %H %M %S %j, and %% for a %"
            )
        self.is_dated = any(code != "%" for code in _CODES.findall(self.pattern))
        self._check_folder()

    def path(self, time_us: int, part: int = 1) -> Path:
        """Returns the file of a time; `part` 2 and up are put before its ending."""
        when = datetime.fromtimestamp(time_us // 1_000_000, UTC)
        path = Path(_CODES.sub(lambda code: when.strftime(code[0]), self.pattern))
        return path if part == 1 else path.with_stem(f"{path.stem}-{part}")

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Puts the data in the place of what is there; folders with codes are made."""
        unfinished = path.with_name(f".{path.name}.part")
        try:
            if self.is_dated:
                path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            os.replace(unfinished, path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise self.error(path, error) from error

    def error(self, path: Path, error: OSError) -> SinkError:
        """Returns the error that tells a file and what the system said."""
        reason: object = error.strerror or error
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            reason = f"there is no folder {str(path.parent)!r}; make it first"
        return SinkError(f"sink {str(path)!r} can't be written: {reason}")

    def _check_folder(self) -> None:
        """Tries the folder now: better told before an hour of radar than after it."""
        path = Path(self.pattern)
        while any(code != "%" for code in _CODES.findall(str(path.parent))):
            path = path.parent
        trial = path.parent / f".flowlace-{os.getpid()}.part"
        try:
            trial.touch()
            trial.unlink()
        except OSError as error:
            raise self.error(Path(self.pattern), error) from error
