"""Windows to learn from: cut, mixed and bent at random, the same ones for the same number."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.sound.augmentation import (
    SoundAugmentOptions,
    augmented_sound,
    masked,
    mixed,
    nothing_known,
)
from flowlace_trainers.sound.clips import Clip
from flowlace_trainers.sound.front_end import HOP_SAMPLES, WINDOW_SAMPLES, Floats, log_mel

_SURELY_HEARD_FRAMES = 5
"""A window with so many active frames holds its clip's sound; with none it doesn't; between
the two nobody can say, and the window teaches nothing about that class."""

_NOTHING = 0.1
"""Share of windows that hold no class."""


class Window(NamedTuple):
    """A stretch of sound and what is in it."""

    sound: Floats
    """`[15600]`."""
    truth: Floats
    """`[class]`, 0 or 1."""
    weight: Floats
    """`[class]`, 0 where nobody can say."""
    is_plain: bool
    """Whether it stays as it was recorded."""


class TrainingWindows:
    """Endless windows; each class comes as often as any other.

    Args:
        clips: to cut them from.
        labels: the classes, in order.
        options: of augmentation.
        seed: window number n is a function of the seed and n.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        options: SoundAugmentOptions,
        seed: int,
    ) -> None:
        self._by_label = [[one for one in clips if one.label == label] for label in labels]
        self._options = options
        self._seed = seed

    def batch(self, numbers: range) -> tuple[Floats, Floats, Floats]:
        """Returns spectra `[n, 96, 64]`, truth and weights `[n, class]`."""
        rngs = [np.random.default_rng((self._seed, 31, number)) for number in numbers]
        windows = [self._window(rng) for rng in rngs]
        spectra = log_mel(np.stack([one.sound for one in windows]))
        for spectrum, window, rng in zip(spectra, windows, rngs, strict=True):
            if not window.is_plain and rng.random() < self._options.mask:
                spectrum[:] = masked(spectrum, self._options, rng)
        truth = np.stack([one.truth for one in windows])
        return spectra, truth, np.stack([one.weight for one in windows])

    def _window(self, rng: np.random.Generator) -> Window:
        classes = len(self._by_label)
        if rng.random() < _NOTHING:
            sound = nothing_known(WINDOW_SAMPLES, rng)
            nothing, sure = np.zeros(classes, np.float32), np.ones(classes, np.float32)
            return Window(sound, nothing, sure, is_plain=True)
        window = self._cut(rng)
        if rng.random() < self._options.plain:
            return window._replace(is_plain=True)
        if rng.random() < self._options.mix:
            other = self._cut(rng)
            difference_db = rng.uniform(-self._options.mix_db, self._options.mix_db)
            window = Window(
                mixed(window.sound, other.sound, difference_db),
                np.maximum(window.truth, other.truth),
                np.maximum(window.weight * other.weight, np.maximum(window.truth, other.truth)),
                is_plain=False,
            )
        return window._replace(sound=augmented_sound(window.sound, self._options, rng))

    def _cut(self, rng: np.random.Generator) -> Window:
        number = int(rng.integers(len(self._by_label)))
        clips = self._by_label[number]
        clip = clips[int(rng.integers(len(clips)))]
        sound, active = cut(clip, rng)
        truth = np.zeros(len(self._by_label), np.float32)
        weight = np.ones(len(self._by_label), np.float32)
        truth[number] = active >= _SURELY_HEARD_FRAMES
        weight[number] = active == 0 or active >= _SURELY_HEARD_FRAMES
        return Window(sound, truth, weight, is_plain=False)


def cut(clip: Clip, rng: np.random.Generator) -> tuple[Floats, int]:
    """Returns a window from anywhere in a clip, and how many of its frames are the clip's sound.

    A clip that is shorter lies somewhere in silence.
    """
    spare = len(clip.sound) - WINDOW_SAMPLES
    if spare >= 0:
        start = int(rng.integers(spare + 1))
        first = start // HOP_SAMPLES
        active = clip.is_active[first : first + WINDOW_SAMPLES // HOP_SAMPLES].sum()
        return clip.sound[start : start + WINDOW_SAMPLES], int(active)
    padded = np.zeros(WINDOW_SAMPLES, np.float32)
    start = int(rng.integers(-spare + 1))
    padded[start : start + len(clip.sound)] = clip.sound
    return padded, int(clip.is_active.sum())


def clip_windows(sound: Floats, step_s: float = 0.48) -> Floats:
    """Returns the spectra `[n, 96, 64]` of a whole clip, unchanged; a short one is filled up."""
    if len(sound) < WINDOW_SAMPLES:
        sound = np.pad(sound, (0, WINDOW_SAMPLES - len(sound)))
    spectrum = log_mel(sound)
    step, size = round(step_s * 100), 96
    windows: NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(spectrum, size, axis=0)
    return windows[::step].transpose(0, 2, 1).copy()
