"""Nowcasts for tests of sinks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent

START_US = 1_560_124_800_000_000
"""2019-06-10 00:00:00 UTC."""
LAEA = "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m +no_defs"
DEGREES = "+proj=longlat +datum=WGS84 +no_defs"


def made_rain(
    leads: int = 2, rows: int = 4, columns: int = 6, seed: int = 0
) -> NDArray[np.float32]:
    """Returns `[lead, y, x]`; the last column is NaN."""
    rain = np.random.default_rng(seed).gamma(0.4, 4.0, (leads, rows, columns)).astype(np.float32)
    rain[:, :, -1] = np.nan
    return rain


def made_nowcast(minute: float = 0, **changes: Any) -> Nowcast:
    """Returns a nowcast of 2 leads on 4 × 6 pixels of 1 km; the last column is not seen."""
    rain = changes.pop("rain_mm_h", None)
    rain = made_rain(seed=round(minute)) if rain is None else np.asarray(rain, np.float32)
    rows, columns = rain.shape[1:]
    fields: dict[str, Any] = {
        "method": "extrapolation",
        "observed_us": START_US + round(minute * 60e6),
        "received_us": None,
        "leads_minutes": tuple(10.0 * (lead + 1) for lead in range(len(rain))),
        "rain_mm_h": rain,
        "frames": 4,
        "history_minutes": 15.0,
        "pixel_km": 1.0,
        "projection": LAEA,
        "extent": Extent(4_000_000, 3_000_000, 4_000_000 + columns * 1000, 3_000_000 + rows * 1000),
        **changes,
    }
    return Nowcast(**fields)


def made_chances(leads: int = 2, thresholds: int = 2) -> NDArray[np.float32]:
    """Returns `[lead, threshold, y, x]` in hundredths; the last column is NaN."""
    chances = np.random.default_rng(1).integers(0, 101, (leads, thresholds, 4, 6)) / 100
    chances[..., -1] = np.nan
    return chances.astype(np.float32)
