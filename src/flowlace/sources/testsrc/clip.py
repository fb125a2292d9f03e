"""Writes a street to disk as test data: a video and the truth about it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from flowlace.sources.source import SourceError

if TYPE_CHECKING:
    from flowlace.sources.testsrc.street import StreetSource

HEADER = ("frame", "timestamp_us", "track_id", "x", "y", "w", "h")
"""Columns of the table, the ones of the project's own test clips."""


def write_clip(street: StreetSource, video: Path, table: Path, min_visible: float) -> None:
    """Writes all frames, and a row for each thing of which `min_visible` can be seen.

    The box of a row covers the hidden parts too, and may reach out of the picture.
    """
    # Here, because sources must load without the encoders.
    from flowlace.sinks.video_file import VideoFileOptions, VideoFileSink

    if street.info.frame_count is None:
        raise SourceError("testsrc:street without an end can't be written; give seconds > 0")
    rate = street.info.frame_rate or 30.0
    with (
        VideoFileSink(video, VideoFileOptions(fps=rate)) as sink,
        table.open("w", newline="") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for frame in range(street.info.frame_count):
            timestamp_us = street.timestamp_us(frame)
            sink.write(timestamp_us, street.image(frame))
            for box in street.ground_truth(frame):
                if box.visible_fraction >= min_visible:
                    place = (f"{one:.2f}" for one in (box.x, box.y, box.w, box.h))
                    rows.writerow((frame, timestamp_us, box.id, *place))
