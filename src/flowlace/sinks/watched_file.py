"""A file that FFmpeg may write to and that keeps the first error for those who asked for it."""

import io
from typing import IO, Any


class WatchedFile(io.RawIOBase):
    """Passes everything on to a file and keeps the first error for `check`.

    The error must not go through FFmpeg: PyAV ends the process on it when the container is
    closed later (18.1), so after an error everything is taken and thrown away.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Writes all of it, or throws it away after an error."""
        left = memoryview(data)
        size = len(left)
        try:
            while left and self.error is None:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
        return size

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves to a place."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            self.error = self.error or error
            return offset

    def tell(self) -> int:
        """Returns the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Files are."""
        return True

    def writable(self) -> bool:
        """It is."""
        return True

    def close_quietly(self) -> None:
        """Closes the file; an error is kept for `check`."""
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error

    def check(self, as_error: Any) -> None:
        """Raises what `as_error` makes of the first error, if there was one."""
        if self.error is not None:
            raise as_error(self.error) from self.error
