"""Changes the sample rate of sound that comes in pieces; the result is that of the whole."""

from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

QUALITY: Final = "HQ"
"""What soxr calls flat to 0.9 of half the lower rate, with images below -100 dB."""


class StreamingResampler:
    """Resamples one stretch of sound.

    The filter's delay is made up for: the first output sample is at the time of the first input
    sample, and there are as many as last as long as the input, rounded.

    Args:
        source_rate: samples a second that come.
        target_rate: samples a second that are wanted.
        channels: rows of the sound.
    """

    __slots__ = ("_channels", "_stream")

    def __init__(self, source_rate: float, target_rate: float, channels: int) -> None:
        self._channels = channels
        self._stream = soxr.ResampleStream(
            source_rate, target_rate, channels, dtype="float32", quality=QUALITY
        )

    def take(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Returns what is ready of `[channel, sample]` after these samples; may be nothing."""
        return self._run(values, is_last=False)

    def finish(self) -> NDArray[np.float32]:
        """Returns the rest, and starts anew."""
        rest = self._run(np.empty((self._channels, 0), np.float32), is_last=True)
        self._stream.clear()
        return rest

    def _run(self, values: NDArray[Any], *, is_last: bool) -> NDArray[np.float32]:
        samples = np.ascontiguousarray(values.T)
        made: NDArray[np.float32] = self._stream.resample_chunk(samples, last=is_last)
        return made.reshape(-1, self._channels).T
