"""Decoded clips in one file that is mapped into memory: decoding takes longer than learning.

The file is kept in a folder for what can be made again, under a name that depends on the clips'
contents and on their size, and made anew when either changes.
"""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.clips import Clip, ClipFile, digest_of, labels_of, read_clip

_logger = logging.getLogger("flowlace_trainers.video.clip_store")
_INDEX = "index.json"
_FRAMES = "frames.raw"


class ClipStore:
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
        self.labels = labels_of(files) if labels is None else tuple(labels)
        _check_labels(files, self.labels)
        self.digest = digest_of(files)
        self._shape = (height_px, width_px, 3)
        name = f"{self.digest[:16]}_{width_px}x{height_px}_{least_step_us}"
        folder = data / "clips" / name
        if not (folder / _INDEX).exists():
            _decode(files, width_px, height_px, least_step_us, folder)
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        self.skipped = Counter[str](index["skipped"])
        self._clips: list[dict[str, Any]] = index["clips"]
        self._frames: NDArray[np.uint8] = np.memmap(folder / _FRAMES, np.uint8, "r").reshape(
            -1, *self._shape
        )

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Clip:
        one = self._clips[index]
        times = np.array(one["times_us"], np.int64)
        first = one["first"]
        return Clip(self._frames[first : first + len(times)], times, one["label"])


def _decode(
    files: Sequence[ClipFile], width_px: int, height_px: int, least_step_us: int, folder: Path
) -> None:
    """Writes a store, under another name until it is whole."""
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        index = _write_frames(files, width_px, height_px, least_step_us, unfinished / _FRAMES)
        (unfinished / _INDEX).write_text(json.dumps(index), encoding="utf-8")
        if not folder.exists():  # else another process was faster, with the same result
            unfinished.rename(folder)
    except OSError as error:
        raise TrainerError(f"clips can't be kept in {str(folder)!r}: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_frames(
    files: Sequence[ClipFile], width_px: int, height_px: int, least_step_us: int, path: Path
) -> dict[str, Any]:
    """Writes the frames of all clips that can be read; returns where each lies."""
    clips: list[dict[str, Any]] = []
    skipped = Counter[str]()
    first = 0
    with path.open("wb") as raw:
        for file in files:
            try:
                clip = read_clip(
                    file, width_px=width_px, height_px=height_px, least_step_us=least_step_us
                )
            except TrainerError as error:
                _logger.warning("left out: %s", error)
                skipped["can't be read"] += 1
                continue
            raw.write(clip.frames.tobytes())
            times = clip.times_us.tolist()
            clips.append({"first": first, "times_us": times, "label": file.label})
            first += len(times)
    if not clips:
        raise TrainerError(f"none of {len(files)} clips can be read; see the warnings")
    return {"clips": clips, "skipped": skipped}


def _check_labels(files: Sequence[ClipFile], labels: Sequence[str]) -> None:
    unknown = sorted({one.label for one in files} - set(labels))
    if unknown:
        raise TrainerError(
            f"clips are labelled {', '.join(map(repr, unknown))}, expected one of: "
            + ", ".join(labels)
        )
