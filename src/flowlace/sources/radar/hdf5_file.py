"""Opens HDF5 data in memory and reads its attributes as plain values."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowlace.sources.radar.radar_file import MissingPackageError, RadarFile, RadarFileError


@contextmanager
def hdf5_of(file: RadarFile) -> Iterator[Any]:
    """Gives the open file; what is missing or damaged in it becomes a RadarFileError."""
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError("h5py", "HDF5 (ODIM, KNMI, NetCDF)") from error
    try:
        with h5py.File(io.BytesIO(file.data), "r") as opened:
            yield opened
    except (OSError, KeyError, RuntimeError) as error:
        raise RadarFileError(f"{file.name}: the HDF5 file is damaged: {error}") from error


def attribute(group: Any, name: str, default: Any = None) -> Any:
    """Returns an attribute as str, int or float; arrays of one value as that value."""
    if name not in group.attrs:
        return default
    value = group.attrs[name]
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value.item() if isinstance(value, np.number) else value
