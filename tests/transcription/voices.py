"""Sounds that behave as speech does for whoever looks for it: voiced syllables and pauses."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Sound = NDArray[np.float32]


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def noise(seconds: float, level: float = 0.001, seed: int = 0) -> Sound:
    generator = np.random.default_rng(seed)
    return (level * generator.standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def voice(seconds: float, pitch_hz: float = 120.0, syllables_hz: float = 4.0) -> Sound:
    """Returns harmonics of a pitch that come and go four times a second, never quite gone."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 12))
    syllables = 0.55 - 0.45 * np.cos(2 * np.pi * syllables_hz * time_s)
    return (0.2 * syllables * tones).astype(np.float32)


def joined(*parts: Sound) -> Sound:
    return np.concatenate(parts)
