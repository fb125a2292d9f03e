"""Sums the magnitudes of a spectrum in bands of equal width on the mel scale."""

import numpy as np
from numpy.typing import NDArray


def hertz_to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns HTK's mel of frequencies.

    >>> hertz_to_mel(np.array([0.0, 1000.0])).round().tolist()
    [0.0, 1000.0]
    """
    mel: NDArray[np.float64] = 1127 * np.log1p(hertz / 700)
    return mel


def mel_weights(
    bins: int, audio_sample_rate: float, bands: int, lowest_hz: float, highest_hz: float
) -> NDArray[np.float32]:
    """Returns `[bin, band]`: triangles that overlap by half on the mel scale, 1 at their peak.

    Band b rises from the centre of band b - 1 to its own and falls to that of band b + 1; the
    outer bands end at the lowest and the highest frequency. As in Google's audio_dsp, which
    MediaPipe uses, the first bin with a weight is the one at 1.5 bins above the lowest frequency,
    rounded down, so the constant part never counts, and a bin less than half a bin above the
    lowest frequency does not either. Where that frequency is a multiple of the bins' distance, as
    YAMNet's 125 Hz of 31.25 Hz, the weights are those of TensorFlow's
    `linear_to_mel_weight_matrix`.

    Args:
        bins: of the spectrum, from 0 Hz to half the sample rate.
        audio_sample_rate: of the sound, Hz.
        bands: how many there are.
        lowest_hz: where the first band begins.
        highest_hz: where the last one ends.

    Raises:
        ValueError: the frequencies are no range within the spectrum, or a band is too narrow for
            these bins, so that it would be silent.
    """
    _check(bins, audio_sample_rate, bands, lowest_hz, highest_hz)
    hertz_per_bin = audio_sample_rate / (2 * (bins - 1))
    frequencies = np.arange(bins, dtype=np.float64) * hertz_per_bin
    lowest_mel, highest_mel = hertz_to_mel(np.array([lowest_hz, highest_hz]))
    mel_per_band = (highest_mel - lowest_mel) / (bands + 1)
    # Position of each bin in bands: 0 at the centre of the first, -1 where it begins.
    position = (hertz_to_mel(frequencies) - lowest_mel) / mel_per_band - 1
    weights = np.maximum(0, 1 - np.abs(position[:, None] - np.arange(bands)))
    first, last = int(1.5 + lowest_hz / hertz_per_bin), int(highest_hz / hertz_per_bin)
    weights[:first] = weights[last + 1 :] = 0
    narrow = np.flatnonzero(weights.sum(axis=0) == 0)
    if narrow.size:
        raise ValueError(
            f"{narrow.size} of {bands} mel bands, from number {narrow[0]} on, are narrower than "
            f"the {hertz_per_bin:g} Hz between bins; take fewer bands or a larger fft_size"
        )
    single: NDArray[np.float32] = weights.astype(np.float32)
    return single


def mel_magnitudes(
    squared_magnitudes: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Returns `[frame, band]` of `[frame, bin]`: weighted sums of linear magnitudes.

    Each frame is multiplied by itself: one product for all would depend, in the last bits, on how
    many frames there are, and so on how the sound was cut into packets.
    """
    magnitudes = np.sqrt(np.ascontiguousarray(squared_magnitudes))
    sums: NDArray[np.float32] = np.matmul(magnitudes[:, None, :], weights)[:, 0, :]
    return sums


def _check(
    bins: int, audio_sample_rate: float, bands: int, lowest_hz: float, highest_hz: float
) -> None:
    if bands < 1:
        raise ValueError(f"channel_count has to be above 0, but is {bands}")
    if bins < 2:
        raise ValueError(f"a spectrum of {bins} values has no bands; at least 2 are needed")
    if not 0 <= lowest_hz < highest_hz <= audio_sample_rate / 2:
        raise ValueError(
            f"bands have to lie from 0 to {audio_sample_rate / 2:g} Hz, half the sample rate of "
            f"the sound, but min_frequency_hertz is {lowest_hz:g} and max_frequency_hertz "
            f"{highest_hz:g}"
        )
