"""Nowcasts as Cloud-Optimised GeoTIFFs: a band a lead, for GIS, tile servers and web maps.

`rain_%Y%m%dT%H%M%SZ.tif` is one file a nowcast; `rain.tif` holds the newest and is replaced.
Written by GDAL's own COG driver through rasterio: tifffile is lighter, but can't put all
directories first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.nowcast import Coverage, Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.framework.openers import Url
from flowlace.sinks.dated_file import DatedFile
from flowlace.sinks.nowcast_sink import NowcastSink, missing_package
from flowlace.sinks.sink import Sink, SinkError

_logger = logging.getLogger("flowlace.sinks.geotiff_file")
_STEP_MM_H = 1 / 128
"""Rain is rounded to it: the bits below are noise, and cost half of the file."""
_QUANTITIES = ("rain", "probability", "coverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeotiffOptions:
    """What GeoTIFFs hold and how they are written."""

    quantity: str = "rain"
    """`rain` in mm/h; `probability`, a band for each lead and threshold; `coverage`."""

    blocksize: int = 512
    """Side of a tile in pixels, a multiple of 16."""


@dataclass(frozen=True, slots=True)
class _Band:
    values: NDArray[Any]
    lead: int
    description: str


class GeotiffSink(NowcastSink):
    """Writes each nowcast as a Cloud-Optimised GeoTIFF; grids in kilometres become metres.

    Rain and probability are float32 with NaN as nodata; coverage is a byte, with its meanings in
    the tag `flag_meanings`. A nowcast without probabilities is skipped and counted where they are
    asked for (`no_probability`).
    """

    def __init__(self, path: str | Path, options: GeotiffOptions = GeotiffOptions()) -> None:
        super().__init__(str(path))
        if options.quantity not in _QUANTITIES:
            raise ValueError(
                f"option quantity={options.quantity!r} must be one of: {', '.join(_QUANTITIES)}"
            )
        if options.blocksize < 64 or options.blocksize % 16:
            raise ValueError(f"option blocksize={options.blocksize} must be 64, 80, 96 …")
        try:
            import rasterio  # noqa: F401 - told now and not with the first nowcast
        except ImportError as error:
            raise missing_package("rasterio", "GeoTIFF", "geotiff") from error
        self._options = options
        self._place = DatedFile(path)

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Writes one nowcast."""
        nowcast = self._checked(timestamp_us, payload)
        bands = list(_BANDS[self._options.quantity](nowcast))
        if not bands:
            self.counts.skipped["no_probability"] += 1
            return
        path = self._place.path(nowcast.observed_us)
        self._place.write(path, self._encoded(path, nowcast, bands))
        self.counts.written += 1
        if self.counts.written == 2 and not self._place.is_dated:
            _logger.warning(
                "%s holds the newest nowcast only; to keep all, put the time into its name: "
                "rain_%%Y%%m%%dT%%H%%M%%SZ.tif",
                self._path,
            )

    def _encoded(self, path: Path, nowcast: Nowcast, bands: list[_Band]) -> bytes:
        import rasterio
        from rasterio.errors import RasterioError
        from rasterio.io import MemoryFile

        try:
            # Env: without it GDAL does not find the PROJ data that come with rasterio.
            with rasterio.Env(), MemoryFile() as memory:
                with memory.open(**self._profile(nowcast, bands)) as opened:
                    opened.update_tags(**_facts(nowcast, self._options.quantity))
                    for number, band in enumerate(bands, 1):
                        opened.write(band.values, number)
                        opened.set_band_description(number, band.description)
                        opened.update_tags(number, **_band_tags(nowcast, band.lead))
                data: bytes = memory.read()
        except (RasterioError, ValueError) as error:
            raise SinkError(
                f"sink {str(path)!r} can't be written in projection {nowcast.projection!r}: {error}"
            ) from error
        return data

    def _profile(self, nowcast: Nowcast, bands: list[_Band]) -> dict[str, Any]:
        from rasterio import Affine

        rows, columns = nowcast.rain_mm_h.shape[1:]
        projection, extent = _in_metres(nowcast.projection, nowcast.extent)
        across = (extent.x_max - extent.x_min) / columns
        down = (extent.y_max - extent.y_min) / rows
        is_coverage = self._options.quantity == "coverage"
        return {
            "driver": "COG",
            "dtype": "uint8" if is_coverage else "float32",
            "count": len(bands),
            "height": rows,
            "width": columns,
            "crs": projection or None,
            "transform": Affine(across, 0, extent.x_min, 0, -down, extent.y_max),
            "nodata": None if is_coverage else np.nan,
            "compress": "DEFLATE",
            "level": 1,
            "predictor": "YES",
            "blocksize": self._options.blocksize,
            "overview_resampling": "MODE" if is_coverage else "AVERAGE",
        }


def _in_metres(projection: str, extent: Extent) -> tuple[str, Extent]:
    """Returns a grid in kilometres as one in metres: many programs take all units for metres."""
    if "+units=km" not in projection:
        return projection, extent
    return projection.replace("+units=km", "+units=m"), Extent(*(1000 * one for one in extent))


def _rain_bands(nowcast: Nowcast) -> Iterator[_Band]:
    for lead, rain in enumerate(nowcast.rain_mm_h):
        rounded = np.rint(rain / np.float32(_STEP_MM_H)) * np.float32(_STEP_MM_H)
        yield _Band(rounded, lead, f"rain rate in mm/h, {_when(nowcast, lead)}")


def _probability_bands(nowcast: Nowcast) -> Iterator[_Band]:
    if nowcast.probability is None:
        return
    for lead, chances in enumerate(nowcast.probability):
        for threshold, chance in zip(nowcast.thresholds_mm_h, chances, strict=True):
            text = f"probability of at least {threshold:g} mm/h, {_when(nowcast, lead)}"
            yield _Band(np.rint(chance * np.float32(256)) / np.float32(256), lead, text)


def _coverage_bands(nowcast: Nowcast) -> Iterator[_Band]:
    for lead in range(len(nowcast.leads_minutes)):
        yield _Band(nowcast.coverage(lead), lead, f"coverage, {_when(nowcast, lead)}")


_BANDS = {"rain": _rain_bands, "probability": _probability_bands, "coverage": _coverage_bands}


def _when(nowcast: Nowcast, lead: int) -> str:
    return f"+{nowcast.leads_minutes[lead]:g} min, valid {_iso(nowcast.valid_us[lead])}"


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _facts(nowcast: Nowcast, quantity: str) -> dict[str, str]:
    facts = {
        "forecast_reference_time": _iso(nowcast.observed_us),
        "method": nowcast.method,
        "frames": str(nowcast.frames),
        "history_minutes": f"{nowcast.history_minutes:g}",
        "units": {"rain": "mm/h"}.get(quantity, "1"),
    }
    if nowcast.data_age_s is not None:
        facts["data_age_s"] = f"{nowcast.data_age_s:g}"
    if quantity == "coverage":
        facts["flag_meanings"] = " ".join(f"{one.value}={one.name.lower()}" for one in Coverage)
    return facts


def _band_tags(nowcast: Nowcast, lead: int) -> dict[str, str]:
    return {
        "lead_minutes": f"{nowcast.leads_minutes[lead]:g}",
        "valid_time": _iso(nowcast.valid_us[lead]),
    }


def open_geotiff(url: Url) -> Sink:
    """Opens a GeoTIFF named on the command line."""
    return GeotiffSink(url.rest, url.read_options(GeotiffOptions))
