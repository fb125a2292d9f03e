"""Opens NetCDF 3 (classic, 64-bit offset, CDF-5) in memory, in the shape h5py gives NetCDF 4."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.sources.radar.radar_file import MissingPackageError, RadarFile, RadarFileError


@dataclass(frozen=True, slots=True)
class ClassicVariable:
    """A variable as it is stored: neither scaled nor masked."""

    name: str
    attrs: dict[str, Any]
    values: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its dimensions."""
        return self.values.shape

    @property
    def size(self) -> int:
        """Number of its values."""
        return self.values.size

    def __getitem__(self, where: Any) -> Any:
        return self.values[where]


class ClassicFile(dict[str, ClassicVariable]):
    """Variables by name, and the attributes of the file."""

    def __init__(self, variables: dict[str, ClassicVariable], attrs: dict[str, Any]) -> None:
        super().__init__(variables)
        self.attrs = attrs


@contextmanager
def netcdf3_of(file: RadarFile) -> Iterator[ClassicFile]:
    """Gives the whole file; what is missing or damaged in it becomes a RadarFileError."""
    try:
        import netCDF4
    except ImportError as error:
        raise MissingPackageError("netCDF4", "NetCDF 3") from error
    try:
        with netCDF4.Dataset(file.name, memory=file.data) as opened:
            opened.set_auto_maskandscale(False)
            attrs = {name: opened.getncattr(name) for name in opened.ncattrs()}
            yield ClassicFile({one.name: _read(one) for one in opened.variables.values()}, attrs)
    except KeyError as error:
        raise RadarFileError(f"{file.name}: the NetCDF file lacks {error}") from error
    except (OSError, RuntimeError) as error:
        raise RadarFileError(f"{file.name}: the NetCDF file is cut off or damaged") from error


def _read(variable: Any) -> ClassicVariable:
    attrs = {name: variable.getncattr(name) for name in variable.ncattrs()}
    return ClassicVariable(variable.name, attrs, np.asarray(variable[...]))
