"""Log-mel spectra as the graph computes them: YAMNet's front end, all windows of a batch at once.

Frames of 25 ms (periodic Hann) every 10 ms, FFT of 512 values, magnitudes summed in 64 bands
evenly spaced on HTK's mel scale from 125 to 7500 Hz, ln(band + 0.001). A window is 96 frames.
Source: YAMNet (Apache-2.0, tensorflow/models `research/audioset/yamnet/features.py`).
"""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.mel_filterbank import mel_weights
from flowlace.calculators.audio.window_functions import hann_window

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


_HANN: Floats = hann_window(FRAME_SAMPLES).astype(np.float32)
MEL_WEIGHTS = mel_weights(FFT_SAMPLES // 2 + 1, SAMPLE_RATE, BANDS, LOWEST_HZ, HIGHEST_HZ)
"""`[bin, band]`, the graph's own."""


def log_mel(sound: Floats) -> Floats:
    """Returns `[..., frame, band]` of sound `[..., sample]` at 16 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME_SAMPLES, axis=-1)
    spectra = np.abs(np.fft.rfft(frames[..., ::HOP_SAMPLES, :] * _HANN, FFT_SAMPLES))
    made: Floats = np.log(spectra.astype(np.float32) @ MEL_WEIGHTS + np.float32(FLOOR))
    return made
