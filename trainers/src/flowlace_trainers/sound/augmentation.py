"""What training does to sound: mixes, rooms, tone, noise, level, and masks on its spectrum."""

from dataclasses import dataclass

import numpy as np

from flowlace_trainers.sound.front_end import SAMPLE_RATE, Floats

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundAugmentOptions:
    """How much may change, and how often."""

    plain: float = 0.2
    """Share of windows that stay as they were recorded."""
    mix: float = 0.5
    """Share of windows that get a second sound."""
    mix_db: float = 10.0
    """The second sound is up to so much louder or quieter."""
    room: float = 0.3
    """Share of windows heard in a room."""
    tone: float = 0.5
    """Share of windows whose spectrum is tilted and bent, as microphones do."""
    tone_db: float = 8.0
    """Most of it."""
    noise: float = 0.6
    """Share of windows with noise."""
    quietest_noise_db: float = 40.0
    """Of signal above noise."""
    loudest_noise_db: float = 5.0
    """Of signal above noise."""
    softer_db: float = 20.0
    """Level may fall by this."""
    louder_db: float = 10.0
    """Level may rise by this; what leaves −1 to 1 is cut, as a microphone does."""
    mask: float = 0.5
    """Share of windows with masks on their spectrum."""
    mask_frames: int = 12
    """Longest mask in time."""
    mask_bands: int = 8
    """Widest mask in pitch."""


def mixed(first: Floats, second: Floats, difference_db: float) -> Floats:
    """Returns two sounds together, the second so many decibels louder than the first.

    A faint one is raised 26 dB at most, else its own noise would be what is heard.
    """
    levels = rms(first), rms(second)
    if min(levels) <= 0:
        return first + second
    gain = levels[0] / levels[1] * 10 ** (difference_db / 20)
    return first + second * np.float32(min(gain, 20.0))


def in_room(sound: Floats, rng: Rng) -> Floats:
    """Returns sound with the decaying noise of a room: reverberation of 0.1 to 0.7 seconds."""
    seconds = rng.uniform(0.1, 0.7)
    samples = int(seconds * SAMPLE_RATE)
    decay = 10 ** (-3 * np.arange(samples) / samples)  # 60 dB over the whole
    echo = rng.standard_normal(samples) * decay
    echo *= rng.uniform(0.1, 0.7) / np.sqrt(np.square(echo).sum())
    echo[0] = 1.0  # the direct way
    size = 1 << (len(sound) + samples - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(echo.astype(np.float32), size)
    return np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)


def with_tone(sound: Floats, most_db: float, rng: Rng) -> Floats:
    """Returns sound with its spectrum raised and lowered smoothly."""
    bins = len(sound) // 2 + 1
    place = np.log2(1 + np.arange(bins) * 40 / bins) / np.log2(41)
    gains_db = np.interp(place, np.linspace(0, 1, 6), rng.uniform(-most_db, most_db, 6))
    spectrum = np.fft.rfft(sound) * (10 ** (gains_db / 20)).astype(np.float32)
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def coloured_noise(samples: int, rng: Rng) -> Floats:
    """Returns noise of RMS 1 between white and brown."""
    spectrum = np.fft.rfft(rng.standard_normal(samples).astype(np.float32))
    slope = rng.uniform(0, 1)
    spectrum *= (np.arange(len(spectrum)) + 8.0) ** -slope
    noise = np.fft.irfft(spectrum, samples).astype(np.float32)
    return noise / np.float32(rms(noise))


def nothing_known(samples: int, rng: Rng) -> Floats:
    """Returns what no class is: hum, tones, sweeps, clicks, faint noise, silence."""
    time_s = np.arange(samples) / SAMPLE_RATE
    kind = rng.integers(0, 5)
    level = 10 ** (rng.uniform(-60, -10) / 20)
    if kind == 0:
        sound = np.sin(2 * np.pi * rng.uniform(40, 6000) * time_s + rng.uniform(0, 6))
    elif kind == 1:
        ends_hz = rng.uniform(100, 6000, 2)
        pitch_hz = np.interp(time_s, (0, time_s[-1]), ends_hz)
        sound = np.sin(2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE)
    elif kind == 2:
        hum_hz = rng.choice((50.0, 60.0))
        sound = sum(
            rng.uniform(0, 1) * np.sin(2 * np.pi * hum_hz * k * time_s) for k in range(1, 9)
        )
    elif kind == 3:
        sound, level = coloured_noise(samples, rng), 10 ** (rng.uniform(-75, -45) / 20)
    else:
        sound = np.zeros(samples)
    return (np.asarray(sound) * level).astype(np.float32)


def augmented_sound(sound: Floats, options: SoundAugmentOptions, rng: Rng) -> Floats:
    """Returns sound as another microphone in another place would have given it."""
    if rng.random() < options.room:
        sound = in_room(sound, rng)
    if rng.random() < options.tone:
        sound = with_tone(sound, options.tone_db, rng)
    if rng.random() < options.noise:
        above_db = rng.uniform(options.loudest_noise_db, options.quietest_noise_db)
        noise = coloured_noise(len(sound), rng)
        sound = sound + noise * np.float32(rms(sound) * 10 ** (-above_db / 20))
    gain_db = rng.uniform(-options.softer_db, options.louder_db)
    made: Floats = np.clip(sound * np.float32(10 ** (gain_db / 20)), -1, 1)
    return made


def masked(spectrum: Floats, options: SoundAugmentOptions, rng: Rng) -> Floats:
    """Returns `[frame, band]` with bars along time and pitch set to its mean.

    Source: Park et al. 2019, "SpecAugment".
    """
    spectrum = spectrum.copy()
    mean = spectrum.mean()
    frames, bands = spectrum.shape
    for _ in range(2):
        long = rng.integers(0, options.mask_frames + 1)
        start = rng.integers(0, frames - long + 1)
        spectrum[start : start + long] = mean
        wide = rng.integers(0, options.mask_bands + 1)
        low = rng.integers(0, bands - wide + 1)
        spectrum[:, low : low + wide] = mean
    return spectrum


def rms(sound: Floats) -> float:
    """Returns the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
