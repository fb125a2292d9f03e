"""A nowcast in the words of the CF conventions (1.10): what NetCDF and Zarr files hold.

Rain is packed into 16 bits of 0.01 mm/h (up to 327.67, more is lowered to it), probability into 8
bits of a hundredth: a quarter of the bytes of floats, and they compress in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.nowcast import Coverage, Nowcast
from flowlace.formats.radar_grid import Extent, is_geographic
from flowlace.sinks.grid_mapping import grid_mapping

REFERENCE = "forecast_reference_time"
"""The dimension that grows by one with each nowcast."""

RAIN_STEP_MM_H = 0.01
LARGEST_CODE = np.iinfo(np.int16).max
RAIN_FILL = np.int16(-1)
CHANCE_STEP = 0.01
CHANCE_FILL = np.int8(-1)

_SECONDS = {"units": "seconds since 1970-01-01T00:00:00Z", "calendar": "standard"}
_LARGEST_CHUNK_PX = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One variable of a file; those along `REFERENCE` get a record with each nowcast."""

    name: str
    dimensions: tuple[str, ...]
    dtype: Any
    attributes: dict[str, Any] = field(default_factory=dict)
    values: Any = None
    """Of a variable that does not grow."""
    fill: Any = None
    chunk: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NowcastLayout:
    """What nowcasts of one file have in common."""

    leads_minutes: tuple[float, ...]
    thresholds_mm_h: tuple[float, ...]
    """Empty without probabilities."""
    rows: int
    columns: int
    projection: str
    extent: Extent

    @classmethod
    def of(cls, nowcast: Nowcast) -> NowcastLayout:
        """Returns the layout of one nowcast."""
        return cls(
            leads_minutes=nowcast.leads_minutes,
            thresholds_mm_h=() if nowcast.probability is None else nowcast.thresholds_mm_h,
            rows=nowcast.rain_mm_h.shape[1],
            columns=nowcast.rain_mm_h.shape[2],
            projection=nowcast.projection,
            extent=nowcast.extent,
        )

    def axis(self, name: str) -> NDArray[np.float64]:
        """Returns the middles of the pixels along `x` or, the northern first, `y`."""
        extent = self.extent
        if name == "x":
            width = (extent.x_max - extent.x_min) / self.columns
            return np.asarray(extent.x_min + (np.arange(self.columns) + 0.5) * width, float)
        height = (extent.y_max - extent.y_min) / self.rows
        return np.asarray(extent.y_max - (np.arange(self.rows) + 0.5) * height, float)

    def variables(self) -> list[Variable]:
        """Returns all variables of a file.

        Raises:
            FlowlaceError: pyproj is not installed, or does not know the projection.
        """
        mapping = {"grid_mapping": "crs"} if self.projection else {}
        found = [*self._coordinates(), *self._times(), *self._fields(mapping), *_FACTS]
        if self.projection:
            crs = Variable(
                name="crs", dimensions=(), dtype=np.int32, values=np.int32(0),
                attributes=grid_mapping(self.projection),
            )  # fmt: skip
            found.append(crs)
        return found

    def _coordinates(self) -> Iterator[Variable]:
        for name, attributes in zip("yx", self._axis_attributes(), strict=True):
            yield Variable(
                name=name, dimensions=(name,), dtype=np.float64, values=self.axis(name),
                attributes={**attributes, "axis": name.upper()},
            )  # fmt: skip
        yield Variable(
            name="lead", dimensions=("lead",), dtype=np.float64,
            values=np.array(self.leads_minutes, np.float64),
            attributes={"standard_name": "forecast_period", "units": "minutes"},
        )  # fmt: skip
        if self.thresholds_mm_h:
            yield Variable(
                name="threshold", dimensions=("threshold",), dtype=np.float64,
                values=np.array(self.thresholds_mm_h, np.float64),
                attributes={"standard_name": "rainfall_rate", "units": "mm h-1"},
            )  # fmt: skip

    def _axis_attributes(self) -> list[dict[str, str]]:
        if is_geographic(self.projection):
            return [
                {"standard_name": "latitude", "units": "degrees_north"},
                {"standard_name": "longitude", "units": "degrees_east"},
            ]
        if not self.projection:
            comment = "the radar's files do not tell the projection"
            return [{"units": "1", "comment": comment}] * 2
        units = "km" if "+units=km" in self.projection else "m"
        return [{"standard_name": f"projection_{name}_coordinate", "units": units} for name in "yx"]

    def _times(self) -> Iterator[Variable]:
        yield Variable(
            name=REFERENCE, dimensions=(REFERENCE,), dtype=np.float64, chunk=(512,),
            attributes={"standard_name": REFERENCE, "long_name": "time of the newest observation",
                        **_SECONDS},
        )  # fmt: skip
        yield Variable(
            name="valid_time", dimensions=(REFERENCE, "lead"), dtype=np.float64,
            attributes={"standard_name": "time", **_SECONDS},
            chunk=(512, len(self.leads_minutes)),
        )  # fmt: skip

    def _fields(self, mapping: dict[str, str]) -> Iterator[Variable]:
        where = (min(self.rows, _LARGEST_CHUNK_PX), min(self.columns, _LARGEST_CHUNK_PX))
        common = {"coordinates": "valid_time", **mapping}
        yield Variable(
            name="rain_rate", dimensions=(REFERENCE, "lead", "y", "x"), dtype=np.int16,
            fill=RAIN_FILL, chunk=(1, 1, *where),
            attributes={
                "standard_name": "rainfall_rate", "long_name": "rain rate", "units": "mm h-1",
                "scale_factor": np.float32(RAIN_STEP_MM_H),
                "valid_range": np.array([0, LARGEST_CODE], np.int16),
                "ancillary_variables": "coverage", **common,
            },
        )  # fmt: skip
        if self.thresholds_mm_h:
            yield Variable(
                name="probability_of_rain", dtype=np.int8, fill=CHANCE_FILL,
                dimensions=(REFERENCE, "lead", "threshold", "y", "x"), chunk=(1, 1, 1, *where),
                attributes={
                    "long_name": "probability of at least the threshold's rain rate",
                    "units": "1", "scale_factor": np.float32(CHANCE_STEP),
                    "valid_range": np.array([0, 100], np.int8),
                    "ancillary_variables": "coverage", **common,
                },
            )  # fmt: skip
        yield Variable(
            name="coverage", dimensions=(REFERENCE, "lead", "y", "x"), dtype=np.int8,
            chunk=(1, 1, *where),
            attributes={
                "long_name": "why a pixel has a forecast or none",
                "flag_values": np.array(list(Coverage), np.int8),
                "flag_meanings": " ".join(one.name.lower() for one in Coverage),
                "comment": "inflow: seen by radar now, but by then its air has come from outside",
                **common,
            },
        )  # fmt: skip


_FACTS = (
    Variable(
        name="method", dimensions=(REFERENCE,), dtype=str, chunk=(64,),
        attributes={"long_name": "how the nowcast was made"},
    ),
    Variable(
        name="data_age", dimensions=(REFERENCE,), dtype=np.float64, chunk=(512,), fill=np.nan,
        attributes={"long_name": "age of the newest observation when it arrived", "units": "s"},
    ),
    Variable(
        name="frames", dimensions=(REFERENCE,), dtype=np.int32, chunk=(512,),
        attributes={"long_name": "observations the nowcast was made from", "units": "1"},
    ),
    Variable(
        name="history", dimensions=(REFERENCE,), dtype=np.float64, chunk=(512,),
        attributes={"long_name": "from the oldest to the newest of them", "units": "minutes"},
    ),
)  # fmt: skip


def file_attributes() -> dict[str, str]:
    """Returns what a file says of itself; no clock time, so that a replay gives the same bytes."""
    program = f"flowlace {version('flowlace')}"
    return {
        "Conventions": "CF-1.10",
        "title": "Radar nowcasts of rain",
        "source": program,
        "history": f"written by {program}",
        "comment": "pixels without a forecast are missing, never dry; `coverage` says why",
    }


def facts(nowcast: Nowcast) -> dict[str, Any]:
    """Returns what one nowcast adds to the variables that grow, but for the fields."""
    return {
        "valid_time": np.array(nowcast.valid_us, np.float64) / 1e6,
        "method": nowcast.method,
        "data_age": np.nan if nowcast.data_age_s is None else nowcast.data_age_s,
        "frames": nowcast.frames,
        "history": nowcast.history_minutes,
        REFERENCE: nowcast.observed_us / 1e6,
    }


def fields(nowcast: Nowcast, lead: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yields the name of each field and what one lead of a nowcast adds to it, packed.

    One at a time: all of a continent's would be as large as half the nowcast again.
    """
    yield "rain_rate", packed_rain(nowcast.rain_mm_h[lead])
    yield "coverage", nowcast.coverage(lead).view(np.int8)
    if nowcast.probability is not None and nowcast.thresholds_mm_h:
        yield "probability_of_rain", packed_chance(nowcast.probability[lead])


def packed_rain(rain_mm_h: NDArray[np.float32]) -> NDArray[np.int16]:
    """Returns rain in steps of 0.01 mm/h; -1 where it is not known.

    >>> packed_rain(np.array([0, 0.126, 1e6, np.nan], "f4"))
    array([    0,    13, 32767,    -1], dtype=int16)
    """
    return _packed(rain_mm_h, RAIN_STEP_MM_H, LARGEST_CODE, np.int16)


def packed_chance(probability: NDArray[np.float32]) -> NDArray[np.int8]:
    """Returns probability in hundredths; -1 where it is not known."""
    return _packed(probability, CHANCE_STEP, 100, np.int8)


def _packed(values: NDArray[np.float32], step: float, largest: int, dtype: Any) -> NDArray[Any]:
    codes = values * np.float32(1 / step)
    np.rint(codes, out=codes)
    np.clip(codes, 0, largest, out=codes)
    codes[~np.isfinite(values)] = -1
    return codes.astype(dtype)
