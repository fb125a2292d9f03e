"""Frames of `testsrc:street` with their truth, painted once and kept in a folder.

Every seed is another street with other figures, seen by another camera in other light, so
splits by seed share nothing. Frames are moments minutes apart, not neighbours.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from flowlace.sources.testsrc.scene import LABELS, SceneBox
from flowlace.sources.testsrc.street import StreetOptions, StreetSource
from flowlace_trainers.detector.samples import Pixels, Sample, clipped

_LONGEST_S = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StreetSplit:
    """Which streets, and how much of each."""

    first_seed: int
    """Seeds count up from here."""
    streets: int
    """How many seeds."""
    frames: int
    """Moments of each street."""
    width_px: int = 640
    """Columns of the pictures."""
    height_px: int = 360
    """Rows of the pictures."""
    least_visible: float = 0.3
    """Boxes with a smaller share of visible pixels are ignored."""
    least_side: float = 1 / 60
    """Boxes with a side shorter than this share of the picture's height are ignored."""

    @property
    def seeds(self) -> range:
        """The seeds of the streets."""
        return range(self.first_seed, self.first_seed + self.streets)


def street_options(split: StreetSplit, seed: int) -> StreetOptions:
    """Returns how the street of a seed is seen: each its own crowd, hand, lens and light."""
    rng = np.random.default_rng((seed, 101))
    return StreetOptions(
        width=split.width_px,
        height=split.height_px,
        seed=seed,
        seconds=0,
        density=float(rng.uniform(0.4, 1.6)),
        pan=float(rng.uniform(0, 1)),
        shake=float(rng.uniform(0, 1.5)),
        noise=float(rng.uniform(0, 1.5)),
        light=float(rng.uniform(0.5, 2.0)),
    )


def street_sample(image: Pixels, truth: Sequence[SceneBox], split: StreetSplit) -> Sample:
    """Returns a frame with its boxes cut at the edges and the hidden and tiny ones ignored."""
    corners = [(box.x, box.y, box.x + box.w, box.y + box.h) for box in truth]
    boxes = clipped(np.array(corners, np.float32).reshape(-1, 4), split.width_px, split.height_px)
    visible = np.array([box.visible_fraction for box in truth], np.float32)
    shorter = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf)
    return Sample(
        image=image,
        boxes=boxes,
        classes=np.array([LABELS.index(box.label) for box in truth], np.int64),
        is_ignored=(visible < split.least_visible) | (shorter < split.least_side * split.height_px),
        scores=np.ones(len(truth), np.float32),
    )


class StreetSamples:
    """The frames of a split; read from the folder's files without loading them whole."""

    labels = LABELS

    def __init__(self, split: StreetSplit, folder: Path, *, processes: int = 1) -> None:
        self._split = split
        files = [_images_file(split, folder, seed) for seed in split.seeds]
        missing = [file for file in files if not file.exists()]
        if missing:
            _paint(split, folder, missing, processes)
        self._images = [np.load(file, mmap_mode="r") for file in files]
        self._truth = [_read_truth(file) for file in files]
        self.digest = self._digest()

    def __len__(self) -> int:
        return self._split.streets * self._split.frames

    def __getitem__(self, index: int) -> Sample:
        # Neighbours in the list are of different streets, so any part of it is varied.
        street, frame = index % self._split.streets, index // self._split.streets
        image = np.asarray(self._images[street][frame])
        return street_sample(image, self._truth[street][frame], self._split)

    def _digest(self) -> str:
        """Of the split, all boxes, and the first frame of every street."""
        digest = hashlib.sha256(json.dumps(asdict(self._split)).encode())
        for images, truth in zip(self._images, self._truth, strict=True):
            digest.update(np.ascontiguousarray(images[0]).tobytes())
            digest.update(json.dumps([[asdict(box) for box in one] for one in truth]).encode())
        return digest.hexdigest()


def _images_file(split: StreetSplit, folder: Path, seed: int) -> Path:
    size = f"{split.width_px}x{split.height_px}x{split.frames}"
    return folder / f"street_{size}_{seed}.npy"


def _paint(split: StreetSplit, folder: Path, missing: Sequence[Path], processes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if processes == 1:
        for file in missing:
            _paint_street(split, file)
        return
    # Fresh processes: one copied from a process with threads may hang on their locks.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_paint_street, split), missing))


def _paint_street(split: StreetSplit, file: Path) -> None:
    """Paints the frames of a seed, which is in the file's name, and writes their truth."""
    seed = int(file.stem.rpartition("_")[2])
    options = street_options(split, seed)
    source = StreetSource(options)
    moments_s = np.random.default_rng((seed, 102)).uniform(0, _LONGEST_S, split.frames)
    numbers = [int(moment * options.fps) for moment in moments_s]
    truth = [[asdict(box) for box in source.ground_truth(number)] for number in numbers]
    _truth_file(file).write_text(json.dumps(truth))
    # Renamed when whole: a run that is cut off leaves nothing that looks complete.
    part = file.with_suffix(".part.npy")
    np.save(part, np.stack([source.image(number).pixels for number in numbers]))
    part.replace(file)


def _truth_file(file: Path) -> Path:
    return file.with_suffix(".json")


def _read_truth(file: Path) -> list[list[SceneBox]]:
    frames = json.loads(_truth_file(file).read_text())
    return [[SceneBox(**box) for box in frame] for frame in frames]
