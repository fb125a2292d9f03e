"""Which reader a radar file needs, by what is in it."""

from __future__ import annotations

from collections.abc import Callable

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.radar.cf_netcdf import read_cf_netcdf
from flowlace.sources.radar.fmi_pgm import read_fmi_pgm
from flowlace.sources.radar.geotiff import read_geotiff
from flowlace.sources.radar.grib2 import read_grib2
from flowlace.sources.radar.hdf5_file import hdf5_of
from flowlace.sources.radar.knmi import read_knmi
from flowlace.sources.radar.mch_gif import read_mch_gif
from flowlace.sources.radar.nexrad_level2 import read_nexrad_level2
from flowlace.sources.radar.nexrad_messages import BEGINNINGS
from flowlace.sources.radar.odim import read_odim
from flowlace.sources.radar.radar_file import MissingPackageError, RadarFile, RadarFileError
from flowlace.sources.radar.radolan import read_radolan
from flowlace.sources.radar.rain_values import ReadRules

_AS_THE_FILE_SAYS = ReadRules()

Reader = Callable[[RadarFile, ReadRules], list[RadarGrid]]

_BY_BEGINNING: tuple[tuple[bytes, Reader], ...] = (
    (b"GRIB", read_grib2),
    (b"P5", read_fmi_pgm),
    (b"II*\0", read_geotiff),
    (b"MM\0*", read_geotiff),
    (b"II+\0", read_geotiff),
    (b"MM\0+", read_geotiff),
    (b"GIF8", read_mch_gif),
    (b"CDF", read_cf_netcdf),
    *((one, read_nexrad_level2) for one in BEGINNINGS),
)


def read_radar_file(file: RadarFile, rules: ReadRules = _AS_THE_FILE_SAYS) -> list[RadarGrid]:
    """Returns what a file holds, by time; RadarFileError names the file and the reason."""
    try:
        grids = _reader(file)(file, rules)
    except (MissingPackageError, RadarFileError):
        raise
    except Exception as error:  # a damaged file may break a reader anywhere
        raise RadarFileError(f"{file.name}: {type(error).__name__}: {error}") from error
    return sorted(grids, key=lambda one: one.observed_us)


def _reader(file: RadarFile) -> Reader:
    for beginning, reader in _BY_BEGINNING:
        if file.data.startswith(beginning):
            return reader
    if file.data.startswith(b"\x89HDF"):
        with hdf5_of(file) as opened:
            if "overview" in opened and "image1" in opened:
                return read_knmi
            return read_odim if "what" in opened and "where" in opened else read_cf_netcdf
    if b"\x03" in file.data[:2000] and file.data[:2].isalnum():
        return read_radolan
    raise RadarFileError(
        f"{file.name}: of no kind that is known (GRIB2, HDF5, NetCDF, PGM, GeoTIFF, GIF, RADOLAN, "
        "NEXRAD Level II)"
    )
