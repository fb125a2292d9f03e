"""Frames of clips in one file that is mapped into memory: making them takes longer than learning.

The file is kept in a folder for what can be made again, under a name that depends on the clips'
contents and on their size, and made anew when either changes.
"""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.clips import Clip, ClipFile, ClipSet, digest_of, labels_of, read_clip

_logger = logging.getLogger("flowlace_trainers.video.clip_store")
_INDEX = "index.json"
_FRAMES = "frames.raw"


class _Stored:
    """Clips in a folder that was written before.

    Args:
        folder: where they lie.
        labels: of all classes.
        digest: of what they were made from.
        shape: of a frame.
    """

    def __init__(
        self, folder: Path, labels: tuple[str, ...], digest: str, shape: tuple[int, int, int]
    ) -> None:
        self.labels = labels
        self.digest = digest
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        self.skipped = Counter[str](index["skipped"])
        self._clips: list[dict[str, Any]] = index["clips"]
        frames = np.memmap(folder / _FRAMES, np.uint8, "r")
        self._frames: NDArray[np.uint8] = frames.reshape(-1, *shape)

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Clip:
        one = self._clips[index]
        times = np.array(one["times_us"], np.int64)
        first = one["first"]
        return Clip(self._frames[first : first + len(times)], times, one["label"])


class ClipStore(_Stored):
    """Clips of files, all frames of one size.

    Files that can't be read are left out, told, and counted in `skipped`.

    Args:
        files: of the clips.
        width_px: frames are stretched to this.
        height_px: and this.
        data: folder for the decoded frames.
        least_step_us: frames sooner after the one before are left out.
        labels: of all classes, where these files need not have every one; None takes theirs.

    Raises:
        TrainerError: no clip can be read, a label is none of `labels`, or the disk is full.
    """

    def __init__(
        self,
        files: Sequence[ClipFile],
        *,
        width_px: int,
        height_px: int,
        data: Path,
        least_step_us: int = 0,
        labels: Sequence[str] | None = None,
    ) -> None:
        known = labels_of(files) if labels is None else tuple(labels)
        _check_labels(files, known)
        digest, skipped = digest_of(files), Counter[str]()
        folder = data / "clips" / f"{digest[:16]}_{width_px}x{height_px}_{least_step_us}"
        read = partial(
            read_clip, width_px=width_px, height_px=height_px, least_step_us=least_step_us
        )
        _keep(folder, _readable(files, read, skipped), skipped)
        super().__init__(folder, known, digest, (height_px, width_px, 3))


class DrawnClips(_Stored):
    """Clips that are drawn, not read, kept where drawing each one anew takes longer than learning.

    Args:
        clips: all of one size.
        data: folder for the drawn frames.

    Raises:
        TrainerError: the disk is full.
    """

    def __init__(self, clips: ClipSet, data: Path) -> None:
        folder = data / "clips" / clips.digest[:16]
        _keep(folder, (clips[number] for number in range(len(clips))), Counter())
        height_px, width_px = clips[0].frames.shape[1:3]
        super().__init__(folder, clips.labels, clips.digest, (height_px, width_px, 3))


def _keep(folder: Path, clips: Iterable[Clip], skipped: Counter[str]) -> None:
    """Writes a store where there is none, under another name until it is whole."""
    if (folder / _INDEX).exists():
        return
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        index = {"clips": _write_frames(clips, unfinished / _FRAMES), "skipped": skipped}
        (unfinished / _INDEX).write_text(json.dumps(index), encoding="utf-8")
        if not folder.exists():  # else another process was faster, with the same result
            unfinished.rename(folder)
    except OSError as error:
        raise TrainerError(f"clips can't be kept in {str(folder)!r}: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_frames(clips: Iterable[Clip], path: Path) -> list[dict[str, Any]]:
    """Writes the frames of all clips; returns where each lies."""
    written: list[dict[str, Any]] = []
    first = 0
    with path.open("wb") as raw:
        for clip in clips:
            raw.write(clip.frames.tobytes())
            times = clip.times_us.tolist()
            written.append({"first": first, "times_us": times, "label": clip.label})
            first += len(times)
    return written


def _readable(
    files: Sequence[ClipFile], read: Callable[[ClipFile], Clip], skipped: Counter[str]
) -> Iterator[Clip]:
    """Yields the clips of files that can be read, and counts the others."""
    for file in files:
        try:
            clip = read(file)
        except TrainerError as error:
            _logger.warning("left out: %s", error)
            skipped["can't be read"] += 1
            continue
        yield clip
    if skipped.total() == len(files):
        raise TrainerError(f"none of {len(files)} clips can be read; see the warnings")


def _check_labels(files: Sequence[ClipFile], labels: Sequence[str]) -> None:
    unknown = sorted({one.label for one in files} - set(labels))
    if unknown:
        raise TrainerError(
            f"clips are labelled {', '.join(map(repr, unknown))}, expected one of: "
            + ", ".join(labels)
        )
