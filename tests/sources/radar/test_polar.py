"""Polar volumes: the beam, the grid, and both formats."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.radar_grid import Quality, RadarGrid
from flowlace.sources.radar.formats import read_radar_file
from flowlace.sources.radar.nexrad_level2 import nexrad_volume
from flowlace.sources.radar.polar_clutter import is_not_rain
from flowlace.sources.radar.polar_grid import grid_polar
from flowlace.sources.radar.polar_rules import PolarRules
from flowlace.sources.radar.polar_sweep import (
    EFFECTIVE_RADIUS_M,
    PolarSweep,
    PolarVolume,
    beam_height_m,
    slant_range_m,
)
from flowlace.sources.radar.radar_file import RadarFileError, load_radar_file
from flowlace.sources.radar.rain_values import ReadRules
from flowlace.sources.registry import open_source
from flowlace.sources.source import SourceError
from tests.sources.radar import made_polar as made
from tests.sources.radar.made_files import file_of

REAL = Path("../shared/data/radar/raw")
TIME_US = round(datetime(2019, 4, 13, 15, 30, 25, tzinfo=UTC).timestamp() * 1e6)
WET, STRONG = 146, 166
"""Codes of 40 and 50 dBZ, of NEXRAD; of 41 and 51 in ODIM."""


def rules(**options: object) -> ReadRules:
    return ReadRules(polar=PolarRules(range_km=20, **options))  # type: ignore[arg-type]


def read(data: bytes, **options: object) -> RadarGrid:
    (grid,) = read_radar_file(file_of(data), rules(**options))
    return grid


def rain_of(dbz: float) -> float:
    return float((10 ** (dbz / 10) / 200) ** (1 / 1.6))


def sweep(
    values: np.ndarray, elevation: float = 0.0, azimuths: np.ndarray | None = None
) -> PolarSweep:
    rays = len(values)
    middles = (np.arange(rays) + 0.5) * 360 / rays
    return PolarSweep(
        values=values.astype(np.float32),
        azimuths_deg=middles if azimuths is None else azimuths,
        elevation_deg=elevation,
        first_bin_m=0,
        bin_m=1000,
    )


def gridded(*sweeps: PolarSweep, **options: object) -> RadarGrid:
    volume = PolarVolume(sweeps=list(sweeps), is_rate=True, latitude_deg=50, longitude_deg=10,
                         observed_us=TIME_US, source="made")  # fmt: skip
    return grid_polar(volume, rules(**options))


def distances_km(grid: RadarGrid) -> np.ndarray:
    side = grid.shape[0] // 2
    middles = (np.arange(-side, side) + 0.5) * grid.pixel_km
    return np.hypot(middles[None], middles[:, None])


def test_height_and_range_close_the_triangle_with_the_earths_middle() -> None:
    ground = np.array([1e3, 5e4, 2.4e5])
    slant, height = slant_range_m(ground, 1.5), beam_height_m(ground, 1.5)
    # Law of cosines at the radar, where the angle to the earth's middle is 90° + 1.5°.
    squared = (
        slant**2 + EFFECTIVE_RADIUS_M**2 - 2 * slant * EFFECTIVE_RADIUS_M * np.cos(np.radians(91.5))
    )
    np.testing.assert_allclose(EFFECTIVE_RADIUS_M + height, np.sqrt(squared), rtol=1e-12)


def test_the_beam_is_where_the_textbooks_formula_says() -> None:
    # h = sqrt(r² + R² + 2 r R sin θ) - R (Doviak and Zrnić 1993, 2.28b)
    slant = float(slant_range_m(2e5, 0.5))
    radius = EFFECTIVE_RADIUS_M
    wanted = np.sqrt(slant**2 + radius**2 + 2 * slant * radius * np.sin(np.radians(0.5))) - radius
    assert float(beam_height_m(2e5, 0.5)) == pytest.approx(wanted, rel=1e-9)
    assert wanted == pytest.approx(4100, abs=10)


def test_values_come_to_their_range() -> None:
    grid = gridded(sweep(np.tile(np.arange(30.0), (360, 1))))
    np.testing.assert_array_equal(grid.rain_rate_mm_h, np.floor(distances_km(grid)))


def test_values_come_to_their_azimuth_clockwise_from_the_north() -> None:
    grid = gridded(sweep(np.tile(np.arange(360.0)[:, None], (1, 30))))
    assert grid.rain_rate_mm_h[0, 20] == pytest.approx(np.degrees(np.arctan2(0.5, 19.5)) // 1)
    assert grid.rain_rate_mm_h[20, 39] == pytest.approx(91)  # half a pixel south of east
    assert grid.rain_rate_mm_h[39, 19] == pytest.approx(181)
    assert grid.rain_rate_mm_h[19, 0] == pytest.approx(271)


def test_a_sweep_may_begin_anywhere() -> None:
    values = np.tile(np.arange(360.0)[:, None], (1, 30))
    azimuths = (np.arange(360) + 0.5) % 360
    turned = sweep(np.roll(values, 100, axis=0), azimuths=np.roll(azimuths, 100))
    np.testing.assert_array_equal(
        gridded(turned).rain_rate_mm_h, gridded(sweep(values)).rain_rate_mm_h
    )


def test_rays_that_are_missing_are_not_seen_and_not_filled_from_their_neighbours() -> None:
    azimuths = np.arange(360) + 0.5
    is_there = (azimuths < 80) | (azimuths > 100)
    grid = gridded(sweep(np.ones((is_there.sum(), 30)), azimuths=azimuths[is_there]))
    assert np.isnan(grid.rain_rate_mm_h[19:21, 30:]).all()
    assert np.isfinite(grid.rain_rate_mm_h[:15]).all()


def test_what_is_beyond_the_last_bin_is_out_of_range() -> None:
    grid = gridded(sweep(np.ones((360, 10))))
    is_far = distances_km(grid) > 10.05
    assert np.isnan(grid.rain_rate_mm_h[is_far]).all()
    assert grid.quality is not None
    assert (grid.quality[is_far] == Quality.RANGE).all()
    assert (grid.quality[distances_km(grid) < 9.95] == Quality.GOOD).all()


def test_the_radar_is_in_the_middle_of_an_equidistant_grid() -> None:
    grid = gridded(sweep(np.ones((360, 30))), pixel_km=0.5)
    assert grid.shape == (80, 80)
    assert grid.extent == (-20_000, -20_000, 20_000, 20_000)
    assert grid.pixel_km == pytest.approx(0.5)
    assert grid.projection.startswith("+proj=aeqd +lat_0=50.00000 +lon_0=10.00000")


def test_the_lowest_sweep_is_taken_wherever_it_stands() -> None:
    grid = gridded(sweep(np.full((360, 30), 3.0), 4.0), sweep(np.full((360, 30), 7.0), 0.5))
    assert (grid.rain_rate_mm_h == 7).all()


def test_the_first_turn_of_an_elevation_counts() -> None:
    turns = [sweep(np.full((360, 30), one), angle) for one, angle in ((1, 0.52), (2, 0.48))]
    assert (gridded(*turns).rain_rate_mm_h == 1).all()
    assert (gridded(*turns, product="max").rain_rate_mm_h == 1).all()


def test_the_maximum_is_taken_over_all_sweeps_that_reach() -> None:
    low = np.tile(np.arange(30.0), (360, 1))
    grid = gridded(sweep(low, 0.0), sweep(np.full((360, 12), 5.5), 3.0), product="max")
    near = distances_km(grid)
    assert (grid.rain_rate_mm_h[near < 5] == 5.5).all()
    np.testing.assert_array_equal(grid.rain_rate_mm_h[near > 13], np.floor(near[near > 13]))


def test_a_cappi_takes_the_beam_nearest_to_its_height() -> None:
    low, high = sweep(np.full((360, 30), 1.0), 0.5), sweep(np.full((360, 30), 2.0), 6.0)
    grid = gridded(low, high, product="cappi", cappi_km=1.0)
    ground = distances_km(grid) * 1000
    is_high = np.abs(beam_height_m(ground, 6.0) - 1000) < np.abs(beam_height_m(ground, 0.5) - 1000)
    assert 0.2 < is_high.mean() < 0.8
    np.testing.assert_array_equal(grid.rain_rate_mm_h, np.where(is_high, 2, 1))


def test_low_correlation_is_clutter_and_rain_keeps_its_noise() -> None:
    rhohv = np.full((4, 40), 0.97, np.float32)
    rhohv[:, 10:20] = 0.5
    rhohv[:, 30] = 0.6  # one noisy gate in rain
    rhohv[0] = np.nan
    found = is_not_rain(rhohv, 0.8)
    assert found[1:, 11:19].all()
    assert not found[0].any()
    assert not found[:, 25:].any()


@pytest.mark.parametrize("compressed", [True, False])
def test_level_2_is_read_with_its_time_and_place(compressed: bool) -> None:
    codes = np.full((360, 30), WET)
    codes[:, 20:], codes[:, 10] = 0, 1
    grid = read(made.level2([{"REF": codes}], compressed=compressed))
    near = distances_km(grid)
    assert grid.rain_rate_mm_h[near < 9] == pytest.approx(rain_of(40))
    assert (grid.rain_rate_mm_h[(near > 21) & (near < 29)] == 0).all()
    assert np.isnan(grid.rain_rate_mm_h[(near > 10.1) & (near < 10.9)]).all()  # folded in range
    assert grid.observed_us == TIME_US
    assert "+lat_0=35.25000 +lon_0=-97.50000" in grid.projection
    assert grid.source == "NEXRAD KTST"


def test_level_2_loses_what_is_no_rain_by_its_correlation() -> None:
    reflectivity, rhohv = np.full((360, 30), WET), np.full((360, 30), 230, np.uint16)
    rhohv[:, :10] = 100  # (100 + 60.5) / 300 = 0.53
    data = made.level2([{"REF": reflectivity, "RHO": rhohv}])
    grid = read(data)
    near = distances_km(grid) < 7
    assert (grid.rain_rate_mm_h[near] == 0).all()
    assert grid.quality is not None
    assert (grid.quality[near] == Quality.CLUTTER).all()
    assert grid.rain_rate_mm_h[distances_km(grid) > 12] == pytest.approx(rain_of(40))
    assert read(data, min_rhohv=0).rain_rate_mm_h == pytest.approx(rain_of(40))


def test_level_2_of_2005_needs_to_be_told_where_its_radar_is() -> None:
    data = made.level2_of_2005(np.full((360, 30), WET))
    with pytest.raises(RadarFileError, match=r"where the radar KTST is.*radar_lat="):
        read(data)
    grid = read(data, place=(30.0, -90.0))
    assert grid.rain_rate_mm_h == pytest.approx(rain_of(40))
    assert "+lat_0=30.00000 +lon_0=-90.00000" in grid.projection


def test_turns_without_reflectivity_are_left_out() -> None:
    turns = [{"VEL": np.full((360, 30), 9)}, {"REF": np.full((360, 30), STRONG)}]
    grid = read(made.level2(turns, elevations=(0.5, 1.5)))
    assert grid.rain_rate_mm_h == pytest.approx(rain_of(50))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("compressed", [True, False])
def test_level_2_that_is_cut_off_is_an_error_that_names_it(share: float, compressed: bool) -> None:
    random = np.random.default_rng(1).integers(2, 255, (90, 30))
    data = made.level2([{"REF": random}], compressed=compressed)
    with pytest.raises(RadarFileError, match=r"^rain_201907110005: "):
        read(data[: int(len(data) * share)])


def test_a_volume_without_its_end_is_cut_off() -> None:
    with pytest.raises(RadarFileError, match="cut off: its volume does not end"):
        read(made.level2([{"REF": np.full((90, 30), WET)}], ends=False))


def test_a_volume_without_reflectivity_is_told() -> None:
    with pytest.raises(RadarFileError, match="holds no reflectivity"):
        read(made.level2([{"VEL": np.full((90, 30), WET)}]))


def test_odim_volumes_and_scans_are_read_with_their_time_and_place() -> None:
    pytest.importorskip("h5py")
    raw = np.full((360, 30), WET)
    raw[:, 15:], raw[:, 25:] = 0, 255
    grid = read(made.odim_polar([{"DBZH": raw}], kind="SCAN"))
    near = distances_km(grid)
    assert grid.rain_rate_mm_h[near < 14] == pytest.approx(rain_of(41))
    assert (grid.rain_rate_mm_h[(near > 16) & (near < 24)] == 0).all()
    assert np.isnan(grid.rain_rate_mm_h[near > 26]).all()
    assert grid.observed_us == TIME_US
    assert "+lat_0=60.00000 +lon_0=10.00000" in grid.projection


def test_odim_scans_are_told_apart_by_their_elevations() -> None:
    pytest.importorskip("h5py")
    scans = [{"DBZH": np.full((360, 30), one)} for one in (STRONG, WET)]
    data = made.odim_polar(scans, elevations=(5.0, 0.5))
    assert read(data).rain_rate_mm_h == pytest.approx(rain_of(41))
    assert read(data, product="max").rain_rate_mm_h == pytest.approx(rain_of(51), rel=1e-4)


def test_odim_reflectivity_without_clutter_is_preferred_to_that_with_it() -> None:
    pytest.importorskip("h5py")
    scan = {"TH": np.full((360, 30), STRONG), "DBZH": np.full((360, 30), WET)}
    assert read(made.odim_polar([scan])).rain_rate_mm_h == pytest.approx(rain_of(41))


def test_odim_rates_need_no_relation_and_low_correlation_is_clutter() -> None:
    pytest.importorskip("h5py")
    rhohv = np.full((360, 30), 240)  # 0.96
    rhohv[:, :10] = 150  # 0.6
    grid = read(made.odim_polar([{"RATE": np.full((360, 30), 80), "RHOHV": rhohv}]))
    assert (grid.rain_rate_mm_h[distances_km(grid) > 12] == 8).all()
    assert (grid.rain_rate_mm_h[distances_km(grid) < 7] == 0).all()


def test_odim_rays_lie_where_their_azimuths_say() -> None:
    pytest.importorskip("h5py")
    raw = np.tile(np.arange(1, 91)[:, None], (1, 30))
    start = (np.arange(90) * 4 + 180.0) % 360
    turned = made.odim_polar([{"RATE": raw}], how={"startazA": start, "stopazA": (start + 4) % 360})
    plain = read(made.odim_polar([{"RATE": raw}])).rain_rate_mm_h
    np.testing.assert_array_equal(read(turned).rain_rate_mm_h, plain[::-1, ::-1])


@pytest.mark.parametrize(("conventions", "rstart"), [("ODIM_H5/V2_2", 5.0), ("ODIM_H5/V2_4", 5e3)])
def test_the_unit_of_the_first_range_is_that_of_the_version(
    conventions: str, rstart: float
) -> None:
    pytest.importorskip("h5py")
    raw = np.full((360, 30), WET)
    grid = read(made.odim_polar([{"DBZH": raw}], conventions=conventions, rstart=rstart))
    assert np.isnan(grid.rain_rate_mm_h[distances_km(grid) < 4.9]).all()
    assert np.isfinite(grid.rain_rate_mm_h[distances_km(grid) > 5.1]).all()


def test_odim_of_other_moments_is_told() -> None:
    pytest.importorskip("h5py")
    with pytest.raises(RadarFileError, match="holds VRADH, no rain or dBZ"):
        read(made.odim_polar([{"VRADH": np.zeros((360, 30))}]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("polar=highest", "polar='highest' must be lowest, max or cappi"),
        ("pixel_km=0", "must be positive"),
        ("pixel_km=0.01", "more than 10000 × 10000"),
        ("min_rhohv=2", r"min_rhohv=2.0 must be 0..1"),
        ("radar_lat=50", "radar_lat and radar_lon belong together"),
    ],
)
def test_polar_options_that_make_no_sense_are_told(
    tmp_path: Path, options: str, message: str
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(SourceError, match=message):
        open_source(f"radar:{tmp_path}?{options}")


@pytest.mark.data
def test_real_level_2_has_the_turns_and_the_storm_that_metpy_finds() -> None:
    # MetPy 1.7.1 gives, for all 11 and 14 turns, bit for bit the same dBZ and azimuths; these are
    # its numbers of rays, bins and dBZ above 40 in the lowest turn.
    path = REAL / "nexrad_level2/KLBB20160601_150025_V06"
    if not path.exists():
        pytest.skip(f"needs {path}")
    volume = nexrad_volume(load_radar_file(path), ReadRules())
    assert len(volume.sweeps) == 11
    assert volume.sweeps[0].values.shape == (720, 1832)
    assert int((volume.sweeps[0].values > 40).sum()) == 5816


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "options", "wet"),
    [
        ("nexrad_level2/KLBB20160601_150025_V06", "", 0.1),
        ("nexrad_level2/KLIX20050828_180149.gz", "?radar_lat=30.3367&radar_lon=-89.8254", 0.18),
        ("odim_polar/T_PAGZ35_C_ENMI_20170421090837.hdf", "", 0.09),
    ],
)
def test_real_volumes_are_sources(name: str, options: str, wet: float) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"needs {REAL / name}")
    with open_source(f"radar:{REAL / name}{options}") as source:
        (frame,) = source
    rain = frame.payload.rain_rate_mm_h
    assert rain.shape == (480, 480)
    assert float((rain > 0.1).mean()) == pytest.approx(wet, abs=0.01)
