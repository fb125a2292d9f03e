"""Labelled clips from a folder with a `labels.csv`: file, label, fold, licence.

A label is weak: it says that the sound is somewhere in the clip. Where it is loud enough to be
that sound is read from the clip itself, ten milliseconds at a time.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from flowlace.sources.decoding import float_samples
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.front_end import HOP_SAMPLES, SAMPLE_RATE, Floats

ACTIVE_DB = -30.0
"""A frame is the sound its clip is labelled with if it is not quieter than this below the
clip's loudest frame."""

_COLUMNS = ("file", "label", "fold", "licence")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One recording of one kind of sound."""

    file: str
    """As the table names it."""
    label: str
    """What can be heard."""
    fold: str
    """Clips of one source lie in one fold."""
    licence: str
    """As the table states it."""
    sound: Floats
    """`[sample]`, 16 kHz, mono."""
    is_active: NDArray[np.bool_]
    """`[frame]`, 10 ms each: whether the sound is heard there."""


def read_clips(folder: Path, *, wanted: Callable[[dict[str, str]], bool]) -> list[Clip]:
    """Returns the clips of `folder/labels.csv` whose row is wanted, in the table's order.

    Raises:
        TrainerError: no table, a column that is missing, or a clip that can't be read.
    """
    table = folder / "labels.csv"
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [one for one in _COLUMNS if one not in (reader.fieldnames or ())]
            if missing:
                raise TrainerError(f"{str(table)!r} lacks the columns: {', '.join(missing)}")
            rows = [row for row in reader if wanted(row)]
    except OSError as error:
        raise TrainerError(f"{str(table)!r} can't be read: {error.strerror}") from error
    return [_clip(folder, row) for row in rows]


def digest(clips: Iterable[Clip]) -> str:
    """Returns a SHA-256 of names, labels, folds and sound."""
    made = hashlib.sha256()
    for one in clips:
        made.update(f"{one.file},{one.label},{one.fold}\n".encode())
        made.update(one.sound.tobytes())
    return made.hexdigest()


def labels_of(clips: Iterable[Clip]) -> tuple[str, ...]:
    """Returns the labels of clips in alphabetical order."""
    return tuple(sorted({one.label for one in clips}))


def folds_of(clips: Iterable[Clip]) -> tuple[str, ...]:
    """Returns the folds of clips in order."""
    return tuple(sorted({one.fold for one in clips}))


def without_fold(clips: Sequence[Clip], fold: str) -> list[Clip]:
    """Returns the clips of all other folds."""
    return [one for one in clips if one.fold != fold]


def read_sound(path: Path) -> Floats:
    """Returns `[sample]` of a file at 16 kHz, all channels mixed.

    Raises:
        TrainerError: it can't be decoded.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            parts = [float_samples(frame).mean(0) for frame in container.decode(stream)]
            rate = stream.rate
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise TrainerError(f"clip {str(path)!r} can't be read: {error}") from error
    if not parts:
        raise TrainerError(f"clip {str(path)!r} holds no sound")
    whole = np.concatenate(parts)
    made: Floats = soxr.resample(whole, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else whole
    return made


def active_frames(sound: Floats) -> NDArray[np.bool_]:
    """Returns, for each 10 ms, whether it is not more than 30 dB below the loudest one."""
    frames = sound[: len(sound) // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    power = np.square(frames).mean(1)
    loudest = power.max(initial=0.0)
    made: NDArray[np.bool_] = (power > loudest * 10 ** (ACTIVE_DB / 10)) & (power > 1e-10)
    return made


def _clip(folder: Path, row: dict[str, str]) -> Clip:
    sound = read_sound(folder / row["file"])
    return Clip(row["file"], row["label"], row["fold"], row["licence"], sound, active_frames(sound))
