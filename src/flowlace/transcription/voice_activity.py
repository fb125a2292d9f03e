"""Where somebody may be speaking: louder than the background, and voiced.

The background is the quietest level of the last seconds, so steady noise counts as silence after
those seconds, whatever its level. Much that is loud is no speech: rain, waves, clicks. What is
spoken has vowels, in which the sound repeats itself with a pitch that changes little from one
hundredth of a second to the next (the peak of the normalised autocorrelation and its place).
Roosters, crying babies and chainsaws have such a pitch, too: those need a model that knows speech.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.transcription.transcriber import Sound

FRAMES_A_SECOND: Final = 100
_WINDOW_S: Final = 0.04
"""Sound that is looked at for each frame, up to the frame's end."""
_BAND_HZ: Final = (100.0, 4000.0)
"""Where speech is: hum and offset must not count as level."""
_QUIETEST_DB: Final = -90.0
"""Level of digital silence, and the lowest background."""
_BIN_FRAMES: Final = 50
_BACKGROUND_BINS: Final = 8
"""The background is the least of so many bins of half a second each."""
_PITCH_HZ: Final = (70.0, 400.0)
_LEAST_PERIODICITY: Final = 0.7
_MOST_PITCH_CHANGE: Final = 0.12
"""From one frame to the next, of the pitch: voices glide, noise jumps."""
_STEADY_FRAMES: Final = 6
"""Frames in a row with a steady pitch that make a vowel: a click rings through four windows."""


@dataclass(frozen=True, slots=True)
class FrameActivity:
    """What was found in frames of 10 ms; all arrays `[frame]`."""

    is_active: NDArray[np.bool_]
    """Whether somebody may be speaking."""
    is_voiced: NDArray[np.bool_]
    """Whether the sound has had a steady pitch, as vowels have, for some frames."""
    level_db: NDArray[np.float64]
    """Level, for finding the quietest place."""


class VoiceActivity:
    """Finds active frames in a stream; the same ones however it is cut.

    Args:
        sample_rate_hz: a multiple of 100.
        least_contrast_db: how far above the background a frame must be.
        least_level_db: and how loud at least, in decibels below full scale.
    """

    def __init__(
        self, sample_rate_hz: int, *, least_contrast_db: float, least_level_db: float
    ) -> None:
        self.frame_samples = sample_rate_hz // FRAMES_A_SECOND
        self._least_contrast_db = least_contrast_db
        self._least_level_db = least_level_db
        self._window = round(_WINDOW_S * sample_rate_hz)
        self._size = 2 ** int(np.ceil(np.log2(2 * self._window)))
        self._hann = np.hanning(self._window).astype(np.float32)
        bins = np.fft.rfftfreq(self._size, 1 / sample_rate_hz)
        self._band = (bins >= _BAND_HZ[0]) & (bins <= _BAND_HZ[1])
        self._lags = slice(
            round(sample_rate_hz / _PITCH_HZ[1]), round(sample_rate_hz / _PITCH_HZ[0]) + 1
        )
        # A window's own autocorrelation falls with the lag; divided by it, a pure tone has 1.
        faded = self._autocorrelations(self._power_spectra(np.ones((1, self._window), np.float32)))
        self._fade = faded[0] / faded[0, 0]
        self.reset()

    def reset(self) -> None:
        """Forgets the background."""
        self._before = np.zeros(self._window - self.frame_samples, np.float32)
        self._bins: deque[float] = deque(maxlen=_BACKGROUND_BINS)
        self._frame_count = 0
        self._last_period = 0
        self._steady_frames = 0

    def find(self, sound: Sound) -> FrameActivity:
        """Returns what is in whole frames, which follow those of the last call."""
        spectra = self._power_spectra(self._windows(sound))
        levels = self._levels(spectra)
        contrasts = levels - self._background(levels)
        is_active = (contrasts > self._least_contrast_db) & (levels > self._least_level_db)
        self._frame_count += len(levels)
        return FrameActivity(is_active, self._is_voiced(spectra, is_active), levels)

    def _windows(self, sound: Sound) -> NDArray[np.float32]:
        known = np.concatenate([self._before, sound])
        self._before = known[len(known) - len(self._before) :]
        views = np.lib.stride_tricks.sliding_window_view(known, self._window)
        return views[:: self.frame_samples]

    def _power_spectra(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        spectra = np.fft.rfft(windows * self._hann, self._size, axis=1)
        return np.square(np.abs(spectra)).astype(np.float64)

    def _autocorrelations(self, spectra: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.fft.irfft(spectra, self._size, axis=1)

    def _levels(self, spectra: NDArray[np.float64]) -> NDArray[np.float64]:
        scale = 2 / (self._size * np.square(self._hann).sum())
        power = np.maximum(scale * spectra[:, self._band].sum(axis=1), 10 ** (_QUIETEST_DB / 10))
        levels: NDArray[np.float64] = 10 * np.log10(power)
        return levels

    def _background(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the background at each frame: the least level of the last four seconds."""
        # The first windows hold silence that was never there: they are no background and, being
        # their own background, not active.
        found = levels.copy()
        whole_from = self._window // self.frame_samples - 1
        for at in range(max(whole_from - self._frame_count, 0), len(levels)):
            level = float(levels[at])
            if (self._frame_count + at - whole_from) % _BIN_FRAMES == 0:
                self._bins.append(level)
            self._bins[-1] = min(self._bins[-1], level)
            found[at] = min(self._bins)
        return found

    def _is_voiced(
        self, spectra: NDArray[np.float64], is_active: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        periodicities, periods = self._pitch(spectra)
        is_voiced = np.zeros(len(spectra), np.bool_)
        for at, period in enumerate(periods.tolist()):
            change = abs(period - self._last_period)
            is_periodic = bool(is_active[at]) and periodicities[at] > _LEAST_PERIODICITY
            is_steady = is_periodic and change <= _MOST_PITCH_CHANGE * period
            self._steady_frames = self._steady_frames + 1 if is_steady else 0
            is_voiced[at] = self._steady_frames >= _STEADY_FRAMES
            self._last_period = period
        return is_voiced

    def _pitch(self, spectra: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Returns height, about 0..1, and lag of the highest peak of each autocorrelation."""
        found = self._autocorrelations(np.where(self._band, spectra, 0.0))
        peaks = found[:, self._lags] / self._fade[self._lags]
        lags = peaks.argmax(axis=1)
        heights = peaks[np.arange(len(peaks)), lags] / np.maximum(found[:, 0], 1e-12)
        return heights, lags + self._lags.start
