"""Speech of ../shared/data/audio/asr; tests that use it are marked `data`."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 16_000
FOLDER = Path(__file__).parents[3] / "shared" / "data" / "audio" / "asr"
NAME = "lj001_0001_0022"


def asr_folder() -> Path:
    if not FOLDER.is_dir():
        pytest.skip(f"there is no speech in {FOLDER}")
    return FOLDER


@cache
def speech(name: str = NAME) -> NDArray[np.float32]:
    """Returns a file's samples, -1 to 1."""
    with av.open(str(asr_folder() / f"{name}.flac")) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return (np.concatenate(frames, axis=1)[0] / 32768).astype(np.float32)


@cache
def clips() -> dict[str, dict[str, Any]]:
    """Returns the rows of the list of clips by their names."""
    with open(asr_folder() / f"{NAME}.csv", newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def clip(name: str) -> NDArray[np.float32]:
    row = clips()[name]
    return speech()[round(float(row["start_s"]) * RATE_HZ) : round(float(row["end_s"]) * RATE_HZ)]
