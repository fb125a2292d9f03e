"""Clips with a label each: `FOLDER/class/clip.mp4`, or files that a table names.

Pictures count as clips of one frame. Frames are stretched to one size, the whole of each, as
ImageToTensorCalculator does where nothing else is asked for: what is trained on is what graphs see.
"""

import csv
import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.sources.source import SourceError
from flowlace.sources.video_file import VideoFileSource
from flowlace_trainers.errors import TrainerError

_logger = logging.getLogger("flowlace_trainers.video.clips")
_VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
_PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
_COLUMNS = ("path", "label")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A few seconds of one kind."""

    frames: NDArray[np.uint8]
    """`[frame, y, x, 3]`, red, green, blue."""
    times_us: NDArray[np.int64]
    """`[frame]`, growing, from 0."""
    label: str
    """What happens in it."""


class ClipSet(Protocol):
    """What a network learns from."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All there are, in the order of the network's outputs."""

    @property
    def digest(self) -> str:
        """SHA-256 of what it was made from."""

    def __len__(self) -> int:
        """How many clips there are."""

    def __getitem__(self, index: int) -> Clip:
        """Returns a clip, the same every time."""


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A clip that hasn't been read."""

    path: Path
    """Of the video or picture."""
    label: str
    """Its class."""


def list_clips(folder: Path) -> list[ClipFile]:
    """Returns the clips of `folder/class/…`, sorted; files that are no clips are told and left out.

    Raises:
        TrainerError: no such folder, or no clips in it.
    """
    if not folder.is_dir():
        raise TrainerError(f"{str(folder)!r} is no folder; clips lie in FOLDER/class/clip.mp4")
    files = sorted(one for one in folder.glob("*/*") if one.is_file() and one.name[0] != ".")
    clips = [ClipFile(one, one.parent.name) for one in files if _is_clip(one)]
    others = Counter(one.suffix.lower() or one.name for one in files if not _is_clip(one))
    if others:
        told = ", ".join(f"{count} {suffix}" for suffix, count in others.items())
        _logger.warning("%s: files that are no clips are left out: %s", folder, told)
    if not clips:
        known = " ".join(sorted(_VIDEOS | _PICTURES))
        raise TrainerError(
            f"{str(folder)!r} holds no clips; they lie in FOLDER/class/clip.mp4 ({known})"
        )
    return clips


def read_table(table: Path, part: str | None = None) -> list[ClipFile]:
    """Returns the clips of a CSV table with columns `path` and `label`, in its order.

    Args:
        table: paths in it are relative to its folder.
        part: takes rows of this `part` only, such as `train`.

    Raises:
        TrainerError: no such table, a column is missing, or no row is of that part.
    """
    wanted = _COLUMNS if part is None else (*_COLUMNS, "part")
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [one for one in wanted if one not in (reader.fieldnames or ())]
            if missing:
                raise TrainerError(f"{str(table)!r} lacks the columns: {', '.join(missing)}")
            rows = [row for row in reader if part is None or row["part"] == part]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{str(table)!r} can't be read: {error}") from error
    if not rows:
        raise TrainerError(f"{str(table)!r} has no rows" + (f" of part {part!r}" if part else ""))
    return [ClipFile(table.parent / row["path"], row["label"]) for row in rows]


def read_clip(file: ClipFile, *, width_px: int, height_px: int, least_step_us: int = 0) -> Clip:
    """Returns a clip; one that breaks off gives its frames up to there.

    Args:
        file: video or picture.
        width_px: frames are stretched to this.
        height_px: and this.
        least_step_us: frames sooner after the one before are left out.

    Raises:
        TrainerError: it can't be opened, or holds no frame.
    """
    frames: list[Any] = []
    times: list[int] = []
    for frame, time_us in _frames(file.path):
        if not times or time_us - times[-1] >= least_step_us:
            size = (width_px, height_px)
            frames.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
            times.append(time_us)
    if not frames:
        raise TrainerError(f"clip {str(file.path)!r} holds no frame")
    return Clip(
        np.stack(frames).astype(np.uint8, copy=False), np.array(times) - times[0], file.label
    )


def labels_of(files: Sequence[ClipFile]) -> tuple[str, ...]:
    """Returns the labels of clips in alphabetical order."""
    return tuple(sorted({one.label for one in files}))


def digest_of(files: Sequence[ClipFile]) -> str:
    """Returns a SHA-256 of names, labels and contents."""
    made = hashlib.sha256()
    for one in files:
        made.update(f"{one.path.parent.name}/{one.path.name},{one.label}\n".encode())
        try:
            made.update(hashlib.sha256(one.path.read_bytes()).digest())
        except OSError as error:
            raise TrainerError(f"clip {str(one.path)!r} can't be read: {error}") from error
    return made.hexdigest()


def _is_clip(file: Path) -> bool:
    return file.suffix.lower() in _VIDEOS | _PICTURES


def _frames(path: Path) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yields pixels `[y, x, 3]` and times in microseconds."""
    if path.suffix.lower() in _PICTURES:
        picture = cv2.imdecode(np.frombuffer(_bytes(path), np.uint8), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            raise TrainerError(f"clip {str(path)!r} can't be read: it is no picture")
        yield picture.astype(np.uint8, copy=False), 0
        return
    try:
        with VideoFileSource(path) as source:
            while (frame := source.read()) is not None:
                yield frame.payload.pixels, frame.timestamp_us
    except SourceError as error:
        raise TrainerError(f"clip {str(path)!r} can't be read: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainerError(f"clip {str(path)!r} can't be read: {error.strerror}") from error
    if not content:
        raise TrainerError(f"clip {str(path)!r} can't be read: it is empty")
    return content
