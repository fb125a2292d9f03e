"""Small archives of MRMS files of rain of which everything is known."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flowlace.formats.radar_grid import Extent, RadarGrid
from tests.nowcasting.made_rain import moving_rain
from tests.sources.radar.made_files import grib2_png

START = datetime(2024, 6, 1, tzinfo=UTC)
START_US = round(START.timestamp() * 1e6)
SHAPE = (64, 64)


def file_name(minute: float) -> str:
    """As MRMS names its files."""
    return f"MRMS_PrecipRate_00.00_{START + timedelta(minutes=minute):%Y%m%d-%H%M%S}.grib2"


def write_file(folder: Path, minute: float, rain: np.ndarray) -> Path:
    """Writes rain in mm/h as it was seen so many minutes after the start."""
    time = START + timedelta(minutes=minute)
    codes = np.where(np.isnan(rain), 0, np.nan_to_num(rain) * 10 + 30).round()
    parts = (time.year, time.month, time.day, time.hour, time.minute, time.second)
    path = folder / file_name(minute)
    path.write_bytes(grib2_png(codes, parts))
    return path


def write_archive(
    folder: Path,
    minutes: Iterable[float],
    pixels_a_minute: float = 0.2,
    fades_from_minute: float = np.inf,
) -> Path:
    """Writes cells that move to the east, and may fade by a third in ten minutes."""
    times = list(minutes)
    frames = moving_rain(times, pixels_a_minute, 0, SHAPE)
    for minute, rain in zip(times, frames, strict=True):
        write_file(folder, minute, rain * np.exp(-max(0.0, minute - fades_from_minute) / 25))
    return folder


def grid(minute: float, value: float = 0.0) -> RadarGrid:
    """A small observation so many minutes after the start."""
    return RadarGrid(
        rain_rate_mm_h=np.full((4, 4), value, np.float32),
        projection="",
        extent=Extent(0, 0, 4, 4),
        observed_us=START_US + round(minute * 60e6),
    )
