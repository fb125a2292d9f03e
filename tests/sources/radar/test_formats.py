import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec

import numpy as np
import pytest

from flowlace.formats.radar_grid import RadarGrid
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.radar_file import RadarFileError
from flowlace.sources.radar.rain_values import ReadRules, ZRRelation
from tests.sources.radar import made_files as made

NAN = float("nan")
PLAIN = ReadRules()


def read(data: bytes, name: str = "rain_201907110005", rules: ReadRules = PLAIN) -> RadarGrid:
    (grid,) = read_radar_file(made.file_of(data, name), rules)
    return grid


def utc(*time: int) -> int:
    return round(datetime(*time, tzinfo=UTC).timestamp() * 1e6)  # type: ignore[misc, arg-type]


def dbz_rain(dbz: float, a: float = 200.0, b: float = 1.6) -> float:
    return float((10 ** (dbz / 10) / a) ** (1 / b))


def same(rain: np.ndarray, wanted: list[list[float]]) -> None:
    np.testing.assert_allclose(rain, wanted, rtol=1e-4, atol=1e-6)


def test_mrms_is_read_with_its_seconds_and_its_place() -> None:
    grid = read(made.grib2_png(np.array([[0, 20, 30], [31, 130, 1030]])))
    same(grid.rain_rate_mm_h, [[NAN, NAN, 0], [0.1, 10, 100]])
    assert grid.observed_us == utc(2019, 6, 10, 0, 2, 38)
    assert grid.extent == pytest.approx((-130.0, 54.98, -129.97, 55.0))


def test_mrms_reflectivity_becomes_rain_by_marshall_and_palmer() -> None:
    grid = read(made.grib2_png(np.array([[0, 9000, 13000]]), parameter=(209, 10, 0),
                               reference=-99_900, decimal=1))  # fmt: skip
    assert np.isnan(grid.rain_rate_mm_h[0, 0])
    grid = read(made.grib2_png(np.array([[1290, 1390]]), parameter=(209, 10, 0),
                               reference=-990, decimal=1))  # fmt: skip
    same(grid.rain_rate_mm_h, [[dbz_rain(30), dbz_rain(40)]])


def test_the_user_may_state_another_relation() -> None:
    data = made.grib2_png(np.array([[1290]]), parameter=(209, 10, 0), reference=-990)
    grid = read(data, rules=ReadRules(zr=ZRRelation(a=300, b=1.4)))
    same(grid.rain_rate_mm_h, [[dbz_rain(30, 300, 1.4)]])


def test_an_unknown_parameter_asks_what_it_is() -> None:
    data = made.grib2_png(np.array([[40]]), parameter=(209, 3, 7))
    with pytest.raises(RadarFileError, match=r"\(209, 3, 7\) is no rain rate.*quantity=rate"):
        read(data)
    same(read(data, rules=ReadRules(quantity="rate")).rain_rate_mm_h, [[1.0]])


_WRITE_GRIB2 = """
import sys, eccodes
handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
for key, value in {
    "Ni": 3, "Nj": 2, "latitudeOfFirstGridPointInDegrees": 50.0,
    "latitudeOfLastGridPointInDegrees": 49.0, "longitudeOfFirstGridPointInDegrees": 9.0,
    "longitudeOfLastGridPointInDegrees": 11.0, "iDirectionIncrementInDegrees": 1.0,
    "jDirectionIncrementInDegrees": 1.0, "parameterCategory": 1, "parameterNumber": 7,
    "dataDate": 20240229, "dataTime": 1230, "bitmapPresent": 1, "missingValue": 9999,
    "bitsPerValue": 24,
}.items():
    eccodes.codes_set(handle, key, value)
rates = [0, 1 / 3600, 2 / 3600, 9999, 0.5 / 3600, 0.25 / 3600]
eccodes.codes_set_values(handle, rates)
sys.stdout.buffer.write(eccodes.codes_get_message(handle))
"""


def other_grib2() -> bytes:
    """Returns mm/s in simple packing with a bitmap, written in a process of its own."""
    if find_spec("eccodes") is None:
        pytest.skip("eccodes is not installed")
    done = subprocess.run([sys.executable, "-c", _WRITE_GRIB2], capture_output=True, check=True)
    return done.stdout


def test_other_grib2_goes_through_eccodes() -> None:
    grid = read(other_grib2())
    np.testing.assert_allclose(grid.rain_rate_mm_h, [[0, 1, 2], [NAN, 0.5, 0.25]], atol=1e-3)
    assert grid.extent == pytest.approx((8.5, 48.5, 11.5, 50.5))
    assert grid.observed_us == utc(2024, 2, 29, 12, 30)


def test_fmi_is_read_with_the_finnish_relation_and_lies_in_finland() -> None:
    grid = read(made.fmi_pgm(np.array([[0, 124], [144, 255]])))
    same(grid.rain_rate_mm_h, [[0, dbz_rain(30, 223, 1.53)], [dbz_rain(40, 223, 1.53), NAN]])
    assert grid.observed_us == utc(2016, 9, 28, 14, 45)
    assert grid.extent[:2] == pytest.approx((-380_886.31, -3_395_677.92), abs=0.1)


@pytest.mark.parametrize("interlaced", [False, True])
def test_swiss_gifs_hold_steps_of_rain_in_five_minutes(interlaced: bool) -> None:
    places = np.arange(300).reshape(20, 15) % 256
    grid = read(made.gif(places, interlaced), "AQC161932045V_00005.801.gif")
    wanted = 12 * (10 ** ((100 - 71.5) / 20) / 316) ** (1 / 1.5)
    assert grid.rain_rate_mm_h.ravel()[100] == pytest.approx(wanted, rel=1e-5)
    assert np.isnan(grid.rain_rate_mm_h.ravel()[255])
    assert grid.rain_rate_mm_h.ravel()[256] == 0
    assert grid.observed_us == utc(2016, 7, 11, 20, 45)


def test_geotiff_tells_its_place_and_projection() -> None:
    grid = read(made.geotiff(np.array([[0, 124], [144, 255]])), "201609281445_FINUTM.tif")
    same(grid.rain_rate_mm_h, [[0, dbz_rain(30)], [dbz_rain(40), NAN]])
    assert grid.projection == "+proj=utm +zone=35 +ellps=GRS80 +units=m +no_defs"
    assert grid.extent == (1000, 4500, 1500, 5000)
    assert grid.observed_us == utc(2016, 9, 28, 14, 45)


def test_a_geotiff_of_rates_is_read_as_such() -> None:
    data = made.geotiff(np.array([[0, 12], [3, 255]]))
    grid = read(data, "201609281445.tif", ReadRules(quantity="rate"))
    same(grid.rain_rate_mm_h, [[0, 12], [3, NAN]])


def test_radolan_is_turned_north_up_and_its_clutter_is_not_seen() -> None:
    raw = np.zeros((900, 900), np.uint16)
    raw[0, 0], raw[0, 1], raw[899, 0] = 25, 0x8000 | 7, 0x2000 | 250
    grid = read(made.radolan(raw))
    assert grid.rain_rate_mm_h[899, 0] == pytest.approx(3.0)  # 0.25 mm in 5 minutes
    assert np.isnan(grid.rain_rate_mm_h[899, 1])
    assert np.isnan(grid.rain_rate_mm_h[0, 0])
    assert grid.observed_us == utc(2014, 8, 10, 20, 50)


def test_odim_rates_are_read_and_lie_in_europe() -> None:
    pytest.importorskip("h5py")
    pytest.importorskip("pyproj")
    grid = read(made.odim(np.array([[-9999000.0, -8888000.0], [0.5, 20.0]])))
    same(grid.rain_rate_mm_h, [[NAN, 0], [0.5, 20]])
    assert grid.observed_us == utc(2018, 8, 24, 18, 0)
    assert grid.extent == pytest.approx((0, -4000, 4000, 0), abs=1)


def test_odim_reflectivity_and_amounts_become_rates() -> None:
    pytest.importorskip("h5py")
    pytest.importorskip("pyproj")
    reflectivity = read(made.odim(np.array([[-8888000.0, 30.0]]), "DBZH"))
    same(reflectivity.rain_rate_mm_h, [[0, dbz_rain(30)]])
    amounts = read(made.odim(np.array([[-8888000.0, 1.5]]), "ACRR"))
    same(amounts.rain_rate_mm_h, [[0, 6.0]])  # in 15 minutes


def test_an_odim_profile_is_no_picture() -> None:
    pytest.importorskip("h5py")
    with pytest.raises(RadarFileError, match="an ODIM VP; read are COMP, IMAGE, PVOL and SCAN"):
        read(made.odim(np.zeros((2, 2)), kind="VP"))


def test_knmi_amounts_become_rates_and_the_projection_is_in_kilometres() -> None:
    pytest.importorskip("h5py")
    grid = read(made.knmi(np.array([[0, 100], [1, 65535]])))
    same(grid.rain_rate_mm_h, [[0, 12], [0.12, NAN]])
    assert grid.observed_us == utc(2010, 8, 26, 0, 0)
    assert grid.extent == (0, -3652, 2, -3650)
    assert "+a=6378137 +b=6356752 " in grid.projection
    assert grid.pixel_km == pytest.approx(1)


@pytest.mark.parametrize("y_up", [False, True])
def test_netcdf_amounts_become_rates_from_north_to_south(y_up: bool) -> None:
    pytest.importorskip("h5py")
    raw = np.array([[0, 20, 40], [-1, 2, 4], [6, 8, 10]])
    grid = read(made.cf_netcdf(raw[::-1] if y_up else raw, y_up=y_up))
    same(grid.rain_rate_mm_h[:2], [[0, 6, 12], [NAN, 0.6, 1.2]])
    assert grid.observed_us == utc(2020, 10, 31, 4, 0)
    assert grid.projection.startswith("+proj=aea +lat_1=-26.2 +lat_2=-29.3 +lon_0=153.24")
    assert grid.pixel_km == pytest.approx(0.5)


def test_netcdf_rates_need_no_interval() -> None:
    pytest.importorskip("h5py")
    grid = read(made.cf_netcdf(np.full((3, 3), 20), units="mm/h", start=False))
    assert grid.rain_rate_mm_h == pytest.approx(1.0)


def test_a_netcdf_amount_without_an_interval_is_no_rate() -> None:
    pytest.importorskip("h5py")
    with pytest.raises(RadarFileError, match="nothing says over how long"):
        read(made.cf_netcdf(np.zeros((3, 3)), start=False))


def test_a_big_tiff_is_read_as_a_geotiff_is() -> None:
    pixels = np.array([[0, 124], [144, 255]])
    grid, plain = (read(one(pixels), "201609281445.tif") for one in (made.big_tiff, made.geotiff))
    np.testing.assert_array_equal(grid.rain_rate_mm_h, plain.rain_rate_mm_h)
    assert grid.lies_as(plain)


WHOLE = {
    "grib2": (made.grib2_png(np.full((40, 40), 77)), "a"),
    "pgm": (made.fmi_pgm(np.zeros((40, 40))), "a"),
    "gif": (made.gif(np.zeros((40, 40), int)), "AQC161932045.gif"),
    "bigtiff": (made.big_tiff(np.zeros((40, 40))), "201609281445.tif"),
    "geotiff": (made.geotiff(np.zeros((40, 40))), "201609281445.tif"),
    "radolan": (made.radolan(np.zeros((900, 900))), "a"),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.97])
def test_a_file_that_is_cut_off_is_an_error_that_names_it(kind: str, share: float) -> None:
    data, name = WHOLE[kind]
    with pytest.raises(RadarFileError, match=f"^{name}: "):
        read(data[: int(len(data) * share)], name)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_hdf5_that_is_cut_off_is_an_error_that_names_it(share: float) -> None:
    pytest.importorskip("h5py")
    data = made.knmi(np.zeros((40, 40)))
    with pytest.raises(RadarFileError, match=r"^rain_201907110005: "):
        read(data[: int(len(data) * share)])


def test_grib2_that_eccodes_can_not_read_is_an_error_that_names_it() -> None:
    data = bytearray(other_grib2())
    data[-8:-4] = b""
    data[8:16] = len(data).to_bytes(8, "big")
    with pytest.raises(RadarFileError, match=r"^rain_201907110005: "):
        read(bytes(data))


def test_something_else_is_of_no_known_kind() -> None:
    with pytest.raises(RadarFileError, match="of no kind that is known"):
        read(b"hello, this is no radar file")
