"""Log-mel spectra as the graph computes them: YAMNet's front end, all windows of a batch at once.

Frames of 25 ms (periodic Hann) every 10 ms, FFT of 512 values, magnitudes summed in 64 bands
evenly spaced on HTK's mel scale from 125 to 7500 Hz, ln(band + 0.001). A window is 96 frames.
Source: YAMNet (Apache-2.0, tensorflow/models `research/audioset/yamnet/features.py`).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 400
HOP_SAMPLES = 160
FFT_SAMPLES = 512
BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
FLOOR = 0.001
WINDOW_FRAMES = 96
WINDOW_SAMPLES = (WINDOW_FRAMES - 1) * HOP_SAMPLES + FRAME_SAMPLES
"""Sound that one window is made of: 15,600 samples, 975 ms."""


@cache
def hann() -> Floats:
    """Returns the periodic Hann window `[sample]`."""
    phase = 2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


@cache
def mel_weights() -> Floats:
    """Returns `[bin, band]`: triangles on HTK's mel scale; the bin of 0 Hz has no part."""
    bins = _mel(np.arange(FFT_SAMPLES // 2 + 1) * SAMPLE_RATE / FFT_SAMPLES)[:, None]
    edges = np.linspace(_mel(np.float64(LOWEST_HZ)), _mel(np.float64(HIGHEST_HZ)), BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[0] = 0
    return weights.astype(np.float32)


def log_mel(sound: Floats) -> Floats:
    """Returns `[..., frame, band]` of sound `[..., sample]` at 16 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME_SAMPLES, axis=-1)
    spectra = np.abs(np.fft.rfft(frames[..., ::HOP_SAMPLES, :] * hann(), FFT_SAMPLES))
    made: Floats = np.log(spectra.astype(np.float32) @ mel_weights() + np.float32(FLOOR))
    return made


def _mel(hertz: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))
