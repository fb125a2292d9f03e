"""Sound and what is computed from it: matrices along time, and the header that says how fast.

A stream of sound is a stream of `Matrix` packets. Its `TimeSeriesHeader` travels once, as the
stream's header, so every node knows the rate when it opens. A packet's timestamp is the time of
its first column; the packet after it begins where it ends, or later where sound was lost.

Source of names and numbers: MediaPipe `framework/formats/time_series_header.proto` and
`framework/formats/matrix.h`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.framework.options import option, proto_options

MICROSECONDS = 1_000_000
LOUDEST_SAMPLE = np.float32(1e10)
"""More than 32-bit integers without a scale; powers and spectra of it still are float32."""


@proto_options("mediapipe.TimeSeriesHeader", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSeriesHeader:
    """How a stream of matrices lies in time."""

    sample_rate: float | None = option(1)
    """Columns a second inside a packet, in Hz: of sound samples, of spectra."""
    num_channels: int | None = option(2)
    """Rows of each packet: microphones, or values a frame of features."""
    num_samples: int | None = option(3)
    """Columns of each packet, where all have the same."""
    packet_rate: float | None = option(4)
    """Packets a second, where it is constant."""
    audio_sample_rate: float | None = option(5)
    """Rate in Hz of the sound that features were computed from."""


@proto_options("mediapipe.MultiStreamTimeSeriesHeader", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class MultiStreamTimeSeriesHeader:
    """The header of a stream whose packets are lists of matrices."""

    time_series_header: TimeSeriesHeader | None = option(1)
    """Of each matrix of the list."""
    num_streams: int | None = option(2)
    """Matrices in each list."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Columns along time: `[channel, sample]` of sound, `[band, frame]` of a spectrogram."""

    values: NDArray[Any]
    """`[row, column]`, float32 (sound from -1 to 1) or complex64; a read-only view, no copy."""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype not in (np.float32, np.complex64):
            raise ValueError(
                "a matrix needs float32 or complex64 values [row, column], but has "
                f"{self.values.dtype} {list(self.values.shape)}"
            )
        view = self.values.view()
        view.flags.writeable = False
        object.__setattr__(self, "values", view)

    @property
    def rows(self) -> int:
        """Channels, or values a frame."""
        return int(self.values.shape[0])

    @property
    def columns(self) -> int:
        """Samples or frames along time."""
        return int(self.values.shape[1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Matrix):
            return NotImplemented
        return self.values.dtype == other.values.dtype and np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is large


def are_samples(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns where there are numbers that sound can have: no NaN, no infinity, nothing above 1e10.

    >>> are_samples(np.array([0.5, np.nan, np.inf, 32768, 1e30], np.float32))
    array([ True, False, False,  True, False])
    """
    found: NDArray[np.bool_] = np.abs(values) <= LOUDEST_SAMPLE
    return found


def duration_us(samples: int, sample_rate: float) -> int:
    """Returns how long so many samples last, in whole microseconds.

    Count samples from the start of a stream, never add up durations: rounding would drift.

    >>> duration_us(16_000, 16_000), duration_us(1, 44_100)
    (1000000, 23)
    """
    return round(samples * MICROSECONDS / sample_rate)
