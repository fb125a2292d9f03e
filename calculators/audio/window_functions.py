"""Windows that fade the ends of a stretch of sound, in the periodic form spectra need."""

import numpy as np
from numpy.typing import NDArray


def hann_window(samples: int) -> NDArray[np.float64]:
    """Returns 0.5 - 0.5 cos(2 pi n / samples), for n from 0.

    >>> hann_window(4).round(2).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return _raised_cosine(samples, 0.5)


def hamming_window(samples: int) -> NDArray[np.float64]:
    """Returns 0.54 - 0.46 cos(2 pi n / samples), for n from 0.

    >>> hamming_window(2).round(2).tolist()
    [0.08, 1.0]
    """
    return _raised_cosine(samples, 0.54)


def cosine_window(samples: int) -> NDArray[np.float64]:
    """Returns the square root of the Hann window: sin(pi n / samples), for n from 0.

    >>> cosine_window(2).tolist()
    [0.0, 1.0]
    """
    window: NDArray[np.float64] = np.sin(np.pi * np.arange(samples) / samples)
    return window


def _raised_cosine(samples: int, middle: float) -> NDArray[np.float64]:
    phase = 2 * np.pi * np.arange(samples) / samples
    window: NDArray[np.float64] = middle - (1 - middle) * np.cos(phase)
    return window
