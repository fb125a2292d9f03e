"""What the head learns from: augmented windows, already seen through the trunk.

The trunk isn't trained, so what it gives for a window is computed once and read every time the
window is learnt from, in every fold. Mixes are made of clips of one fold only: a fold that is
left out has no part in any window that is learnt from.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from flowlace_trainers.sound.augmentation import SoundAugmentOptions
from flowlace_trainers.sound.clips import Clip, digest, folds_of
from flowlace_trainers.sound.front_end import Floats
from flowlace_trainers.sound.network import Trunk, pooled
from flowlace_trainers.sound.samples import TrainingWindows

_PART = 500
"""Windows a file; making goes on after the last whole file."""
_AT_A_TIME = 50


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePool:
    """Windows as the trunk gives them, in the order of their folds."""

    features: NDArray[np.float16]
    """`[n, 512, 6, 4]`."""
    teacher: NDArray[np.float16]
    """`[n, 1024]`: mean and largest value of each channel of the teacher's layer that the head's
    last block stands for."""
    truth: Floats
    """`[n, class]`, 0 or 1."""
    weight: Floats
    """`[n, class]`, 0 where nobody can say."""
    folds: NDArray[np.str_]
    """`[n]`."""

    def of_folds(self, is_wanted: Callable[[str], bool]) -> NDArray[np.int64]:
        """Returns the places of the windows of some folds."""
        wanted = [one for one in np.unique(self.folds) if is_wanted(str(one))]
        return np.flatnonzero(np.isin(self.folds, wanted))


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolOptions:
    """How many windows, and which."""

    windows_per_fold: int
    """A multiple of 500."""
    augment: SoundAugmentOptions
    """What may happen to them."""
    seed: int
    """Of everything random."""


def make_pool(
    clips: Sequence[Clip],
    labels: Sequence[str],
    options: PoolOptions,
    trunk: Trunk,
    continued: nn.Sequential,
    folder: Path,
    *,
    told: Callable[[int, int], None],
) -> FeaturePool:
    """Makes the pool, or what is missing of it in the folder, and returns it.

    Args:
        clips: of all folds.
        labels: the classes, in order.
        options: how many windows, and which.
        trunk: gives the features.
        continued: the teacher's layers after the trunk, as far as the head follows them.
        folder: gets the files.
        told: hears how many of how many parts are there.
    """
    folder = folder / _name(clips, labels, options)
    folder.mkdir(parents=True, exist_ok=True)
    folds = folds_of(clips)
    parts = [
        (fold, place, start)
        for place, fold in enumerate(folds)
        for start in range(0, options.windows_per_fold, _PART)
    ]
    made = []
    for number, (fold, place, start) in enumerate(parts):
        file = folder / f"{place}_{start:06}.npz"
        if not file.exists():
            mine = [one for one in clips if one.fold == fold]
            windows = TrainingWindows(mine, labels, options.augment, options.seed * 1000 + place)
            _write(file, _part(windows, range(start, start + _PART), trunk, continued))
        with np.load(file) as arrays:
            made.append([arrays[name] for name in ("features", "teacher", "truth", "weight")])
        told(number + 1, len(parts))
    names = np.repeat([fold for fold, _, _ in parts], _PART)
    features, teacher, truth, weight = (np.concatenate(one) for one in zip(*made, strict=True))
    return FeaturePool(features, teacher, truth, weight, names)


@torch.inference_mode()
def through_trunk(trunk: Trunk, spectra: Floats) -> NDArray[np.float16]:
    """Returns the trunk's features `[n, 512, 6, 4]` of windows `[n, 96, 64]`."""
    parts = torch.split(torch.from_numpy(np.ascontiguousarray(spectra))[:, None], _AT_A_TIME)
    made: NDArray[np.float16] = torch.cat([trunk(one).half() for one in parts]).numpy()
    return made


def _name(clips: Sequence[Clip], labels: Sequence[str], options: PoolOptions) -> str:
    told = f"{digest(clips)} {list(labels)} {asdict(options)}"
    return f"pool_{hashlib.sha256(told.encode()).hexdigest()[:16]}"


@torch.inference_mode()
def _part(
    windows: TrainingWindows, numbers: range, trunk: Trunk, continued: nn.Sequential
) -> dict[str, NDArray[np.generic]]:
    rows = []
    for start in range(numbers.start, numbers.stop, _AT_A_TIME):
        spectra, truth, weight = windows.batch(range(start, start + _AT_A_TIME))
        features = trunk(torch.from_numpy(spectra)[:, None])
        wanted = pooled(continued(features))
        rows.append((features.half().numpy(), wanted.half().numpy(), truth, weight))
    names = ("features", "teacher", "truth", "weight")
    return {
        name: np.concatenate(one) for name, one in zip(names, zip(*rows, strict=True), strict=True)
    }


def _write(file: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Writes all or nothing, so that a stopped run leaves no half part."""
    unfinished = file.with_suffix(".tmp.npz")
    np.savez(unfinished, **arrays)  # type: ignore[arg-type]  # numpy's stub takes no generic
    os.replace(unfinished, file)
