"""Clips with labels, soundscapes with truth, and soundscapes made of clips, for the benchmarks.

The data is not part of the project; its README says where it comes from and under which licences.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.sound_event import SoundEvent

DATA = Path("../shared/data/audio")
RATE = 16_000
SCAPE_SECONDS = 30

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """One sound."""

    file: str
    label: str
    fold: str
    samples: Samples


def read_sound(path: Path) -> Samples:
    """Returns a file as one channel at 16 kHz."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        parts = [
            part.to_ndarray()[0]
            for frame in (*container.decode(audio=0), None)
            for part in resampler.resample(frame)
        ]
    return np.concatenate(parts)


def clips(folds: Sequence[str], labels: Sequence[str], data: Path = DATA) -> Iterator[Clip]:
    """Yields the clips of these folds and labels."""
    with (data / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            if row["fold"] in folds and row["label"] in labels:
                yield Clip(row["file"], row["label"], row["fold"], read_sound(data / row["file"]))


def soundscapes(data: Path = DATA) -> dict[str, list[SoundEvent]]:
    """Returns the events of each soundscape, by file name."""
    truth: dict[str, list[SoundEvent]] = {}
    with (data / "soundscapes.csv").open() as file:
        for row in csv.DictReader(file):
            onset, offset = (round(1e6 * float(row[name])) for name in ("onset", "offset"))
            event = SoundEvent(
                onset_us=onset, offset_us=offset, label=row["event_label"], score=1.0
            )
            truth.setdefault(row["filename"], []).append(event)
    return truth


def made_soundscapes(
    sounds: Sequence[Clip], count: int, seed: int = 0
) -> list[tuple[Samples, list[SoundEvent]]]:
    """Returns soundscapes of 30 s made of clips over noise, with their events.

    Clips are cut to where they have energy, and to 4.5 s; a quarter overlaps with the one before.
    """
    drawn = np.random.default_rng(seed)
    return [_soundscape(sounds, drawn) for _ in range(count)]


def _soundscape(sounds: Sequence[Clip], drawn: Any) -> tuple[Samples, list[SoundEvent]]:
    scape = _noise(drawn) * 10 ** (drawn.uniform(-56, -44) / 20)
    labels = sorted({clip.label for clip in sounds})
    events: list[SoundEvent] = []
    place = int(drawn.uniform(0.3, 2.0) * RATE)
    while True:
        label = labels[drawn.integers(len(labels))]
        chosen = [clip for clip in sounds if clip.label == label]
        sound = _trimmed(chosen[drawn.integers(len(chosen))].samples)
        sound = sound[: int(drawn.uniform(2.0, 4.5) * RATE)]
        if place + len(sound) > len(scape):
            return np.clip(scape, -1, 1), events
        level = 10 ** (drawn.uniform(-34, -22) / 20)
        scape[place : place + len(sound)] += sound * (level / (np.sqrt(np.mean(sound**2)) + 1e-9))
        onset, offset = (round(at / RATE * 1e6) for at in (place, place + len(sound)))
        events.append(SoundEvent(onset_us=onset, offset_us=offset, label=label, score=1.0))
        overlap = drawn.random() < 0.25
        pause = -drawn.uniform(0.2, 0.6) * len(sound) if overlap else drawn.uniform(0.2, 2) * RATE
        place += len(sound) + int(pause)


def _noise(drawn: Any) -> Samples:
    """Returns noise of full level that falls with frequency, as rooms have it."""
    spectrum = np.fft.rfft(drawn.normal(size=SCAPE_SECONDS * RATE))
    spectrum /= np.maximum(np.arange(len(spectrum)), 50) ** 0.7
    noise = np.fft.irfft(spectrum)
    made: Samples = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return made


def _trimmed(samples: Samples) -> Samples:
    """Returns a clip from its first to its last moment with a thousandth of its peak energy."""
    step = RATE // 100
    power = (samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 1e-3)
    return samples[loud[0] * step : (loud[-1] + 1) * step]
