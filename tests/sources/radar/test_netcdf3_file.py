"""NetCDF 3, with files that the netCDF library 1.7.5 has written (`netcdf3/`)."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.netcdf3_file import ClassicFile, netcdf3_of
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError

WRITTEN = Path(__file__).parent / "netcdf3"
NAMES = ["classic.nc", "offset_64.nc", "cdf_5.nc"]
NAN = float("nan")


def text(value: str) -> bytes:
    return struct.pack(">I", len(value)) + value.encode().ljust(-(-len(value) // 4) * 4, b"\0")


def two_record_variables() -> bytes:
    """Returns a file whose variables a (3 bytes a record) and b (a double) lie in turns."""
    head = b"CDF\1" + struct.pack(">I", 2)
    head += struct.pack(">II", 10, 2) + text("time") + struct.pack(">I", 0)
    head += text("x") + struct.pack(">I", 3) + struct.pack(">II", 0, 0)
    begin = len(head) + 8 + (8 + 8 + 4 + 20) + (8 + 4 + 4 + 20)
    a = text("a") + struct.pack(">III", 2, 0, 1) + struct.pack(">IIIII", 0, 0, 1, 4, begin)
    b = text("b") + struct.pack(">II", 1, 0) + struct.pack(">IIIII", 0, 0, 6, 8, begin + 4)
    head += struct.pack(">II", 11, 2) + a + b
    assert len(head) == begin
    records = [struct.pack(">bbbxd", one, one + 1, one + 2, one / 2) for one in (1, 5)]
    return head + b"".join(records)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_netcdf_library_are_read(name: str) -> None:
    (grid,) = read_radar_file(RadarFile(name, (WRITTEN / name).read_bytes()))
    wanted = [[0, 12, 24], [NAN, 1.2, 2.4], [3.6, 4.8, 6.0]]
    np.testing.assert_allclose(grid.rain_rate_mm_h, wanted, rtol=1e-6)
    assert grid.observed_us == datetime(2020, 10, 31, 4, 5, tzinfo=UTC).timestamp() * 1e6
    assert grid.extent == pytest.approx((9.995, 49.995, 10.025, 50.025))
    assert grid.projection.startswith("+proj=longlat")
    assert grid.source == "NetCDF made"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.4, 0.8, 0.97])
def test_a_file_that_is_cut_off_is_an_error_that_names_it(name: str, share: float) -> None:
    data = (WRITTEN / name).read_bytes()
    with pytest.raises(RadarFileError, match=rf"^{name}: the NetCDF file is cut off or damaged"):
        read_radar_file(RadarFile(name, data[: int(len(data) * share)]))


def test_records_of_several_variables_lie_in_turns() -> None:
    opened = ClassicFile(two_record_variables())
    assert opened["a"].values.tolist() == [[1, 2, 3], [5, 6, 7]]
    assert opened["b"].values.tolist() == [0.5, 2.5]


def test_a_size_that_is_not_there_takes_no_memory() -> None:
    data = bytearray((WRITTEN / "classic.nc").read_bytes())
    place = data.index(b"lat") + 4
    data[place : place + 4] = b"\x7f\xff\xff\xff"
    with pytest.raises(RadarFileError, match="cut off or damaged"):
        read_radar_file(RadarFile("a", bytes(data)))


def test_a_coordinate_that_is_missing_is_told() -> None:
    data = (WRITTEN / "classic.nc").read_bytes().replace(b"lat\0", b"lot\0")
    with pytest.raises(RadarFileError, match="no coordinate y or lat"):
        read_radar_file(RadarFile("a", data))


def test_what_is_not_there_is_told_with_the_name_of_the_file() -> None:
    file = RadarFile("a.nc", two_record_variables())
    with pytest.raises(RadarFileError, match=r"a\.nc: the NetCDF file lacks 'rain'"):  # noqa: SIM117
        with netcdf3_of(file) as opened:
            opened["rain"]
