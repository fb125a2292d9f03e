"""Writes a street to disk as test data: a video and the truth about it."""

import csv
from pathlib import Path

from flowlace.sinks.video_file import VideoFileOptions, VideoFileSink
from flowlace.sources.source import SourceError
from flowlace.sources.testsrc.street import StreetSource

HEADER = ("frame", "timestamp_us", "track_id", "x", "y", "w", "h")
"""Columns of the table, the ones of the project's own test clips."""


def write_clip(
    street: StreetSource, video: str | Path, table: str | Path, *, min_visible: float = 0.05
) -> None:
    """Writes all frames, and a row for each thing of which `min_visible` can be seen.

    The box of a row covers the hidden parts too, and may reach out of the picture.
    """
    if street.info.frame_count is None:
        raise SourceError("testsrc:street without an end can't be written; give seconds > 0")
    rate = street.info.frame_rate or 30.0
    with (
        VideoFileSink(video, VideoFileOptions(fps=rate)) as sink,
        Path(table).open("w", newline="") as file,
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
