"""Nowcasts as NetCDF 4 with CF metadata, written with h5py.

`out.nc` holds all nowcasts of a run, along an unlimited dimension. `out_%Y%m%dT%H%M%SZ.nc` is one
file a nowcast, `out_%Y%m%d.nc` one a day. A file is kept in memory and replaced whole with each
nowcast, so it can be read at any moment and a killed process leaves all nowcasts up to then. HDF5's
own way of being read while written (SWMR) was refused: after a kill, NetCDF readers don't open it.
What that costs is bounded: after 200 MB the nowcasts go on in `out-2.nc`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from flowlace.formats.nowcast import Nowcast
from flowlace.framework.openers import Url
from flowlace.sinks.cf_nowcast import (
    REFERENCE,
    NowcastLayout,
    Variable,
    facts,
    fields,
    file_attributes,
)
from flowlace.sinks.dated_file import DatedFile
from flowlace.sinks.nowcast_sink import NowcastSink, missing_package
from flowlace.sinks.sink import Sink, SinkError

_logger = logging.getLogger("flowlace.sinks.netcdf_file")
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NetcdfOptions:
    """How NetCDF files are written."""

    compression: int = 1
    """Deflate's level, 1 to 9; 4 takes twice as long as 1 for a twentieth less."""

    largest_mb: float = 200.0
    """A larger file is not added to; the next nowcast begins `out-2.nc`."""

    append: bool = False
    """Add to a file that is there instead of replacing it."""


class NetcdfSink(NowcastSink):
    """Writes nowcasts to NetCDF files; see the head of this file.

    Another grid, other leads or other thresholds begin another file too: `out-2.nc`.
    What a file to append to has already is skipped and counted (`already_there`). SinkError names
    the file where it can't be written and where one to append to does not fit.
    """

    def __init__(self, path: str | Path, options: NetcdfOptions = NetcdfOptions()) -> None:
        super().__init__(str(path))
        if not (1 <= options.compression <= 9 and options.largest_mb > 0):
            raise ValueError("options must be compression=1…9 and largest_mb > 0")
        try:
            import h5py  # noqa: F401 - told now and not with the first nowcast
        except ImportError as error:
            raise missing_package("h5py", "NetCDF", "radar") from error
        self._options = options
        self._place = DatedFile(path)
        self._file: _NetcdfFile | None = None
        self._name: Path | None = None
        self._part = 1
        self._size = 0

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Adds one nowcast and puts the file in its place."""
        nowcast = self._checked(timestamp_us, payload)
        file = self._file_for(nowcast, NowcastLayout.of(nowcast))
        if nowcast.observed_us <= file.ended_us:
            self.counts.skipped["already_there"] += 1
            return
        file.add(nowcast)
        with file.image() as data:
            self._place.write(self._place.path(nowcast.observed_us, self._part), data)
            self._size = len(data)
        self.counts.written += 1

    def close(self) -> None:
        """Frees the memory; the file has been in its place since the last nowcast."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _file_for(self, nowcast: Nowcast, layout: NowcastLayout) -> _NetcdfFile:
        name = self._place.path(nowcast.observed_us)
        is_same = self._file is not None and name == self._name
        if is_same and self._file is not None and self._goes_on(layout):
            return self._file
        self._part = self._part + 1 if is_same else 1
        self.close()
        self._name = name
        path = self._place.path(nowcast.observed_us, self._part)
        if is_same:
            _logger.warning("%s: the nowcasts go on in %s", self._path, path)
        self._file = self._opened(path, layout)
        return self._file

    def _goes_on(self, layout: NowcastLayout) -> bool:
        is_small = self._size < self._options.largest_mb * _MEGABYTE
        return self._file is not None and self._file.layout == layout and is_small

    def _opened(self, path: Path, layout: NowcastLayout) -> _NetcdfFile:
        level = self._options.compression
        if not (self._options.append and path.exists()):
            return _NetcdfFile(layout, level)
        try:
            return _NetcdfFile(layout, level, path.read_bytes())
        except (OSError, KeyError, ValueError, IndexError) as error:
            raise SinkError(
                f"sink {str(path)!r} can't be added to: {error}; move it away or leave out append"
            ) from error


class _NetcdfFile:
    """A NetCDF file in memory."""

    def __init__(self, layout: NowcastLayout, compression: int, image: bytes = b"") -> None:
        import h5py

        self.layout = layout
        # Not HDF5's own file in memory, of which only copies are given.
        self._bytes = BytesIO(image)
        self._hdf5 = (
            h5py.File(self._bytes, "r+") if image else h5py.File(self._bytes, "w", track_order=True)
        )
        self._compression = compression
        variables = layout.variables()
        self._growing = [one.name for one in variables if REFERENCE in one.dimensions]
        self.ended_us = 0
        """When the last nowcast was observed that was there before."""
        if image:
            self._check_fits(variables)
            self.ended_us = round(float(self._hdf5[REFERENCE][-1]) * 1e6)
        else:
            self._build(variables)

    def add(self, nowcast: Nowcast) -> None:
        count = len(self._hdf5[REFERENCE])
        for name in self._growing:
            self._hdf5[name].resize(count + 1, axis=0)
        for name, value in facts(nowcast).items():
            self._hdf5[name][count] = value
        for lead in range(len(nowcast.leads_minutes)):
            for name, values in fields(nowcast, lead):
                self._hdf5[name][count, lead] = values

    def image(self) -> memoryview:
        """Returns the bytes of the file, without a copy; release it before more is added."""
        self._hdf5.flush()
        return self._bytes.getbuffer()

    def close(self) -> None:
        self._hdf5.close()

    def _build(self, variables: list[Variable]) -> None:
        for name, value in file_attributes().items():
            self._hdf5.attrs[name] = np.bytes_(value)
        for one in variables:
            self._create(one)
        for one in variables:
            self._attach(one)

    def _create(self, one: Variable) -> None:
        import h5py

        dtype = h5py.string_dtype() if one.dtype is str else one.dtype
        if REFERENCE in one.dimensions:
            sizes = {REFERENCE: 0, **self._sizes()}
            shape = tuple(sizes[name] for name in one.dimensions)
            is_field = len(shape) > 2
            variable = self._hdf5.create_dataset(
                one.name, shape, dtype, maxshape=(None, *shape[1:]), chunks=one.chunk,
                fillvalue=one.fill, track_order=True, shuffle=is_field,
                compression=self._compression if is_field else None,
            )  # fmt: skip
        else:
            variable = self._hdf5.create_dataset(one.name, data=one.values, dtype=dtype)
        if one.fill is not None:
            variable.attrs["_FillValue"] = np.array([one.fill], one.dtype)
        for name, value in one.attributes.items():
            variable.attrs[name] = np.bytes_(value) if isinstance(value, str) else value

    def _attach(self, one: Variable) -> None:
        variable = self._hdf5[one.name]
        if one.dimensions == (one.name,):
            variable.make_scale(one.name)
            return
        for axis, name in enumerate(one.dimensions):
            variable.dims[axis].attach_scale(self._hdf5[name])

    def _sizes(self) -> dict[str, int]:
        layout = self.layout
        return {
            "lead": len(layout.leads_minutes),
            "threshold": len(layout.thresholds_mm_h),
            "y": layout.rows,
            "x": layout.columns,
        }

    def _check_fits(self, variables: list[Variable]) -> None:
        for one in variables:
            if one.name not in self._hdf5 or not _is_same(self._hdf5[one.name], one):
                raise ValueError(f"its {one.name} is not that of the nowcasts to come")


def _is_same(dataset: Any, one: Variable) -> bool:
    """Tells whether a dataset holds what a variable that does not grow has to."""
    is_growing = one.values is None
    wkt = np.bytes_(one.attributes.get("crs_wkt", ""))
    has_wkt = dataset.attrs.get("crs_wkt", b"") == wkt
    return is_growing or (has_wkt and np.array_equal(dataset[...], one.values))


def open_netcdf(url: Url) -> Sink:
    """Opens a NetCDF file named on the command line."""
    return NetcdfSink(url.rest, url.read_options(NetcdfOptions))
