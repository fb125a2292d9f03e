"""Writes what a built-in source knows about itself: what happens from when to when."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowlace.sources.source import SourceError

ENDINGS = (".csv", ".jsonl")


def check_truth(truth: str, seconds: float) -> None:
    """Raises ValueError unless truth can be written to such a file, or none is asked for."""
    if truth and not (truth.endswith(ENDINGS) and seconds):
        raise ValueError("truth needs a file that ends in .csv or .jsonl, and seconds above 0")


def write_truth(events: Sequence[Any], path: str | Path, source: str) -> None:
    """Writes events as lines of JSON, or as comma-separated values with a line of names.

    Args:
        events: dataclasses with `onset_us`, `offset_us` and `label`.
        path: ends in `.csv` or `.jsonl`.
        source: as the user typed it.

    Raises:
        SourceError: the file can't be written.
    """
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            if str(path).endswith(".csv"):
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(("onset_us", "offset_us", "label"))
                writer.writerows((one.onset_us, one.offset_us, one.label) for one in events)
            else:
                file.writelines(json.dumps(asdict(one)) + "\n" for one in events)
    except OSError as error:
        raise SourceError(f"source {source!r}: truth can't be written: {error.strerror}") from error
