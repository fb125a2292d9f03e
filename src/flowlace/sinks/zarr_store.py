"""Nowcasts as a Zarr store with CF metadata, growing along the time of the observation.

A nowcast is committed by the last file that is written for it: the consolidated metadata, which
readers open first and which tells how long the arrays are. A killed process leaves what was
committed, and chunks nobody sees.

Zarr format 2: every reader has it (xarray, GDAL, zarr.js), and it specifies what format 3 still
leaves open: text, and consolidated metadata itself.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
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
from flowlace.sinks.nowcast_sink import NowcastSink, missing_package
from flowlace.sinks.sink import Sink, SinkError

_METHOD_LETTERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrOptions:
    """How a store is written."""

    compression: int = 3
    """Of Zstandard, 1 to 19."""

    append: bool = False
    """Add to a store that is there instead of replacing it."""


class ZarrSink(NowcastSink):
    """Writes nowcasts to one Zarr store (format 2), to be opened by `xarray.open_zarr`.

    What a store to append to has already is skipped and counted (`already_there`).
    SinkError names the store where it can't be written, and where a nowcast lies on another grid or
    has other leads or thresholds than those in it.
    """

    def __init__(self, path: str | Path, options: ZarrOptions = ZarrOptions()) -> None:
        super().__init__(str(path))
        if not 1 <= options.compression <= 19:
            raise ValueError(f"option compression={options.compression} must lie within 1 and 19")
        try:
            import zarr  # noqa: F401 - told now and not with the first nowcast
        except ImportError as error:
            raise missing_package("zarr", "Zarr", "zarr") from error
        self._options = options
        self._layout: NowcastLayout | None = None
        self._arrays: dict[str, Any] = {}
        self._count = 0
        self._ended_us = 0
        try:
            self._prepare()
        except OSError as error:
            raise self._error(error) from error

    def write(self, timestamp_us: int, payload: Any) -> None:
        """Adds one nowcast."""
        nowcast = self._checked(timestamp_us, payload)
        layout = NowcastLayout.of(nowcast)
        try:
            if self._layout is None:
                self._begin(layout)
            elif layout != self._layout:
                raise SinkError(
                    f"sink {self._path!r}: the nowcast of {nowcast.observed_us} µs has another "
                    "grid, leads or thresholds than those before; write a store for each"
                )
            if nowcast.observed_us <= self._ended_us:
                self.counts.skipped["already_there"] += 1
                return
            self._add(nowcast)
        except OSError as error:
            raise self._error(error) from error
        self.counts.written += 1

    def _prepare(self) -> None:
        folder = Path(self._path)
        is_store = (folder / ".zgroup").exists()
        if folder.exists() and not is_store and (not folder.is_dir() or any(folder.iterdir())):
            raise SinkError(f"sink {self._path!r} is there and is no Zarr store; move it away")
        if is_store and not self._options.append:
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)

    def _begin(self, layout: NowcastLayout) -> None:
        import zarr

        variables = layout.variables()
        if self._options.append and (Path(self._path) / ".zmetadata").exists():
            self._continue(variables)
        else:
            group = zarr.create_group(
                self._path, zarr_format=2, attributes=file_attributes(), overwrite=True
            )
            for one in variables:
                self._create(group, one, layout)
        group = zarr.open_group(self._path, mode="r+", use_consolidated=False)
        self._arrays = {
            one.name: group[one.name] for one in variables if REFERENCE in one.dimensions
        }
        self._layout = layout

    def _continue(self, variables: list[Variable]) -> None:
        import zarr

        group: Any = zarr.open_consolidated(self._path, mode="r")
        for one in variables:
            if one.name not in group or not _is_same(group[one.name], one):
                raise SinkError(
                    f"sink {self._path!r} can't be added to: its {one.name} is not that of the "
                    "nowcasts to come; move it away or leave out append"
                )
        self._count = group[REFERENCE].shape[0]
        self._ended_us = round(float(group[REFERENCE][-1]) * 1e6)

    def _create(self, group: Any, one: Variable, layout: NowcastLayout) -> None:
        from numcodecs import Zstd

        dtype = f"U{_METHOD_LETTERS}" if one.dtype is str else one.dtype
        shape = _shape(one, layout)
        array = group.create_array(
            one.name, shape=shape, dtype=dtype, chunks=one.chunk or shape or "auto",
            compressors=Zstd(level=self._options.compression), fill_value=one.fill,
            attributes={**_plain(one.attributes), "_ARRAY_DIMENSIONS": list(one.dimensions)},
        )  # fmt: skip
        if one.values is not None:
            array[...] = one.values

    def _add(self, nowcast: Nowcast) -> None:
        import zarr

        for array in self._arrays.values():
            array.resize((self._count + 1, *array.shape[1:]))
        for name, value in facts(nowcast).items():
            self._arrays[name][self._count] = value
        for lead in range(len(nowcast.leads_minutes)):
            for name, values in fields(nowcast, lead):
                self._arrays[name][self._count, lead] = values
        zarr.consolidate_metadata(self._path, zarr_format=2)
        self._count += 1

    def _error(self, error: OSError) -> SinkError:
        reason: object = error.strerror or error
        parent = Path(self._path).parent
        if isinstance(error, FileNotFoundError) and not parent.exists():
            reason = f"there is no folder {str(parent)!r}; make it first"
        return SinkError(f"sink {self._path!r} can't be written: {reason}")


def _is_same(array: Any, one: Variable) -> bool:
    """Tells whether an array holds what a variable that does not grow has to."""
    is_growing = one.values is None
    has_wkt = array.attrs.get("crs_wkt") == one.attributes.get("crs_wkt")
    return is_growing or (has_wkt and np.array_equal(array[...], one.values))


def _shape(one: Variable, layout: NowcastLayout) -> tuple[int, ...]:
    if one.values is not None:
        return tuple(np.shape(one.values))
    sizes = {
        REFERENCE: 0,
        "lead": len(layout.leads_minutes),
        "threshold": len(layout.thresholds_mm_h),
        "y": layout.rows,
        "x": layout.columns,
    }
    return tuple(sizes[name] for name in one.dimensions)


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """Returns attributes as JSON holds them."""
    return {name: _plain_value(value) for name, value in attributes.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.float32):
        return float(str(value))  # 0.01 and not 0.009999999776
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def open_zarr(url: Url) -> Sink:
    """Opens a Zarr store named on the command line."""
    return ZarrSink(url.rest, url.read_options(ZarrOptions))
