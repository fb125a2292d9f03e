"""Rain to learn from: stretches of radar pictures without a break."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.sources.registry import open_source
from flowlace.sources.source import SourceError
from flowlace_trainers.errors import TrainerError

_LONGEST_GAP_US = 20 * 60 * 1_000_000
_WET_MM_H = 0.1
_NEAR_MINUTES = 1.0
_KILOMETRES = "+proj=eqc +units=km"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RainEvent:
    """One stretch of pictures of one place."""

    name: str
    """Tells it from others."""
    network: str
    """Which radars saw it; events of one network share their weight in the training."""
    rain_mm_h: NDArray[np.float32]
    """`[time, y, x]`, NaN where nothing was seen."""
    minutes: NDArray[np.float64]
    """Of each picture since the first one."""
    pixel_km: float
    """Side of a pixel."""
    source: str
    """Where it comes from, for the card."""

    def nearest(self, minute: float) -> int | None:
        """Returns the picture of a minute, at most one minute off; None where there is none."""
        late = np.abs(self.minutes - minute)
        found = int(late.argmin())
        return found if late[found] <= _NEAR_MINUTES else None


def read_events(folder: Path, names: Sequence[str]) -> list[RainEvent]:
    """Reads events from `.npz` files by the beginnings of their names.

    A file holds `codes [time, y, x]` and `lut`, the rain in mm/h of each code (NaN: nothing seen),
    `times` (ISO 8601, UTC) and `meta` (JSON with `source` and `km`, the side of a pixel).

    Raises:
        TrainerError: there is no such file, or it holds something else.
    """
    made = []
    for name in names:
        found = sorted(folder.glob(f"{name}*.npz"))
        if not found:
            raise TrainerError(f"no radar data {name}*.npz in {str(folder)!r}")
        made += [_read(path) for path in found]
    return made


def _read(path: Path) -> RainEvent:
    try:
        # Opened here: of what is no archive, numpy would leave the file open.
        with path.open("rb") as opened, np.load(opened) as file:
            rain = file["lut"].astype(np.float32)[file["codes"]]
            times = [datetime.fromisoformat(str(one)) for one in file["times"]]
            meta = json.loads(str(file["meta"]))
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, EOFError) as error:
        raise TrainerError(f"radar data {str(path)!r} can't be read: {error}") from error
    minutes = np.array([(one - times[0]).total_seconds() / 60 for one in times])
    if len(rain) != len(minutes) or rain.ndim != 3 or not (np.diff(minutes) > 0).all():
        raise TrainerError(
            f"radar data {str(path)!r}: expected [time, y, x] with a rising time each, found "
            f"{rain.shape} with {len(minutes)} times"
        )
    return RainEvent(
        name=path.stem,
        network=path.stem.partition("_")[0],
        rain_mm_h=rain,
        minutes=minutes,
        pixel_km=float(meta.get("km", 1.0)),
        source=str(meta.get("source", path.stem)),
    )


def radar_events(url: str, *, network: str = "own", least_pictures: int = 6) -> list[RainEvent]:
    """Reads events from radar files, as `flowlace run --source` names them: `radar:FOLDER`.

    Where more than 20 minutes are missing a new event begins. All of it is held in memory.

    Args:
        url: of the files; a live one is refused.
        network: name of the radars.
        least_pictures: shorter stretches teach nothing.

    Raises:
        TrainerError: there is nothing to learn from.
    """
    grids: list[RadarGrid] = []
    events = []
    try:
        for grid in _grids(url):
            if grids and grid.observed_us - grids[-1].observed_us > _LONGEST_GAP_US:
                events.append(grids)
                grids = []
            grids.append(grid)
    except SourceError as error:
        raise TrainerError(str(error)) from error
    made = [_event(one, network) for one in [*events, grids] if len(one) >= least_pictures]
    if not made:
        raise TrainerError(
            f"{url!r}: no stretch of {least_pictures} observations without a gap of 20 minutes"
        )
    return made


def tile_events(
    url: str,
    *,
    network: str,
    tile_px: int,
    least_wet: float,
    without: Sequence[tuple[int, int, int, int]] = (),
) -> list[RainEvent]:
    """Reads the rainy tiles of a large grid from radar files, one event each.

    Args:
        url: of the files, without a gap.
        network: name of the radars.
        tile_px: side of a tile; tiles lie side by side.
        least_wet: share of a tile's pixels with rain in the first observation.
        without: boxes (first row, first column, row after, column after) no tile may touch, such
            as what is kept to check.

    Raises:
        TrainerError: there is nothing to learn from.
    """
    places: list[tuple[int, int]] | None = None
    grids: list[list[RadarGrid]] = []
    try:
        for grid in _grids(url):
            if places is None:
                places = _wet_tiles(grid.rain_rate_mm_h, tile_px, least_wet, without)
                grids = [[] for _ in places]
            for (row, column), held in zip(places, grids, strict=True):
                part = grid.rain_rate_mm_h[row : row + tile_px, column : column + tile_px]
                held.append(_part_of(grid, part))
    except SourceError as error:
        raise TrainerError(str(error)) from error
    if not places:
        raise TrainerError(f"{url!r}: no tile of {tile_px} px has rain on {least_wet:.0%} of it")
    return [
        replace(_event(held, network), name=f"{network}_{held[0].observed_us}_{row}_{column}")
        for (row, column), held in zip(places, grids, strict=True)
    ]


def reversed_in_time(event: RainEvent) -> RainEvent:
    """Returns an event as if time ran backwards.

    Whether rain grew or faded in a few events says little about others. With both directions to
    learn from, what is learnt is how long rain keeps its amount, not which way it went.
    """
    return replace(
        event,
        name=f"{event.name}_reversed",
        rain_mm_h=event.rain_mm_h[::-1],
        minutes=event.minutes[-1] - event.minutes[::-1],
    )


def _wet_tiles(
    rain: NDArray[np.float32],
    side: int,
    least_wet: float,
    without: Sequence[tuple[int, int, int, int]],
) -> list[tuple[int, int]]:
    rows, columns = rain.shape
    return [
        (row, column)
        for row in range(0, rows - side + 1, side)
        for column in range(0, columns - side + 1, side)
        if not any(
            row < bottom and row + side > top and column < right and column + side > left
            for top, left, bottom, right in without
        )
        and (rain[row : row + side, column : column + side] >= _WET_MM_H).mean() >= least_wet
    ]


def _part_of(grid: RadarGrid, part: NDArray[np.float32]) -> RadarGrid:
    """Returns a part of a grid with pixels of the size of the whole's mean; where is forgotten."""
    side = part.shape[0] * grid.pixel_km
    return replace(
        grid,
        rain_rate_mm_h=part.copy(),
        quality=None,
        projection=_KILOMETRES,
        extent=Extent(0, 0, side, side),
    )


def _grids(url: str) -> Iterator[RadarGrid]:
    with open_source(url) as source:
        if source.is_live:
            raise TrainerError(f"{url!r} is live and has no end; give files that are there")
        while (frame := source.read()) is not None:
            if not isinstance(frame.payload, RadarGrid):
                raise TrainerError(f"{url!r} gives {type(frame.payload).__name__}, no radar")
            yield frame.payload


def _event(grids: Sequence[RadarGrid], network: str) -> RainEvent:
    start = grids[0].observed_us
    return RainEvent(
        name=f"{network}_{start}",
        network=network,
        rain_mm_h=np.stack([one.rain_rate_mm_h for one in grids]),
        minutes=np.array([(one.observed_us - start) / 60e6 for one in grids]),
        pixel_km=grids[0].pixel_km,
        source=grids[0].source,
    )


def digest(events: Sequence[RainEvent]) -> str:
    """Returns a digest of events, in hexadecimal."""
    made = hashlib.sha256()
    for one in events:
        made.update(one.name.encode())
        made.update(one.minutes.tobytes())
        made.update(np.ascontiguousarray(one.rain_mm_h).tobytes())
    return made.hexdigest()
