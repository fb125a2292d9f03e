import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest

from flowlace.formats.nowcast import Nowcast
from flowlace.sinks import SinkError, open_sink
from tests.sinks.made_nowcasts import LAEA, START_US, made_chances, made_nowcast, made_rain


def write(url: str, *nowcasts: Nowcast) -> dict[str, int]:
    with open_sink(url) as sink:
        for one in nowcasts:
            sink.write(one.observed_us, one)
    return {"written": sink.counts.written, **sink.counts.skipped}


def values(path: Path, name: str) -> Any:
    with netCDF4.Dataset(path) as opened:
        return opened[name][...]


def test_the_netcdf_library_reads_all_nowcasts_of_a_run(tmp_path: Path) -> None:
    made = [made_nowcast(minute) for minute in (0, 5, 10)]
    assert write(f"{tmp_path}/out.nc", *made) == {"written": 3}
    rain = values(tmp_path / "out.nc", "rain_rate")
    assert rain.shape == (3, 2, 4, 6)
    assert rain.mask[..., -1].all()
    expected = np.stack([one.rain_mm_h for one in made])[..., :-1]
    np.testing.assert_allclose(rain[..., :-1], expected, atol=0.00501)


def test_times_are_those_of_the_observation_and_of_what_is_forecast(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(0), made_nowcast(7))
    with netCDF4.Dataset(tmp_path / "out.nc") as opened:
        valid = opened["valid_time"]
        times = netCDF4.num2date(valid[...], valid.units, only_use_cftime_datetimes=False)
        assert times[1, 0] == datetime(2019, 6, 10, 0, 17)
        assert opened["forecast_reference_time"][:].tolist() == [
            START_US / 1e6,
            START_US / 1e6 + 420,
        ]
        assert opened["lead"][:].tolist() == [10, 20]
        assert opened.dimensions["forecast_reference_time"].isunlimited()


def test_metadata_follow_the_conventions(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(received_us=START_US + 90_000_000))
    with netCDF4.Dataset(tmp_path / "out.nc") as opened:
        rain = opened["rain_rate"]
        assert opened.Conventions == "CF-1.10"
        assert (rain.standard_name, rain.units, rain.grid_mapping) == (
            "rainfall_rate", "mm h-1", "crs",
        )  # fmt: skip
        assert rain.dimensions == ("forecast_reference_time", "lead", "y", "x")
        assert opened["crs"].grid_mapping_name == "lambert_azimuthal_equal_area"
        assert opened["x"].standard_name == "projection_x_coordinate"
        assert (opened["method"][0], opened["frames"][0]) == ("extrapolation", 4)
        assert (opened["data_age"][0], opened["history"][0]) == (90, 15)


def test_probabilities_come_back_to_the_hundredth(tmp_path: Path) -> None:
    chances = made_chances()
    made = made_nowcast(thresholds_mm_h=(0.2, 1.0), probability=chances)
    write(f"{tmp_path}/out.nc", made)
    found = values(tmp_path / "out.nc", "probability_of_rain")
    np.testing.assert_allclose(found[0, ..., :-1], chances[..., :-1], atol=1e-6)
    assert found.mask[..., -1].all()
    assert values(tmp_path / "out.nc", "threshold").tolist() == [0.2, 1]


def test_inflow_is_told_from_what_no_radar_sees(tmp_path: Path) -> None:
    rain = np.zeros((1, 2, 2), np.float32)
    rain[0, 0] = np.nan
    observed = np.array([[1, np.nan], [1, 1]], np.float32)
    write(f"{tmp_path}/out.nc", made_nowcast(rain_mm_h=rain, observed_mm_h=observed))
    with netCDF4.Dataset(tmp_path / "out.nc") as opened:
        assert opened["coverage"][0, 0].tolist() == [[1, 0], [2, 2]]
        assert opened["coverage"].flag_meanings == "unknown inflow forecast"


def test_a_nowcast_of_nothing_but_nan_is_missing_throughout(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(rain_mm_h=np.full((2, 4, 6), np.nan)))
    assert values(tmp_path / "out.nc", "rain_rate").mask.all()


def test_a_name_with_the_time_is_one_file_a_nowcast(tmp_path: Path) -> None:
    write(f"{tmp_path}/out_%Y%m%dT%H%M%SZ.nc", made_nowcast(0), made_nowcast(5))
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "out_20190610T000000Z.nc", "out_20190610T000500Z.nc",
    ]  # fmt: skip
    assert values(tmp_path / "out_20190610T000500Z.nc", "rain_rate").shape[0] == 1


def test_a_name_with_the_day_is_one_file_a_day(tmp_path: Path) -> None:
    write(f"{tmp_path}/%Y%m%d.nc", made_nowcast(1430), made_nowcast(1435), made_nowcast(1445))
    assert values(tmp_path / "20190610.nc", "rain_rate").shape[0] == 2
    assert values(tmp_path / "20190611.nc", "rain_rate").shape[0] == 1


def test_another_grid_goes_on_in_another_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = made_nowcast(5, rain_mm_h=made_rain(2, 3, 3))
    write(
        f"{tmp_path}/out.nc", made_nowcast(0), other, made_nowcast(10, rain_mm_h=made_rain(2, 3, 3))
    )
    assert values(tmp_path / "out.nc", "rain_rate").shape == (1, 2, 4, 6)
    assert values(tmp_path / "out-2.nc", "rain_rate").shape == (2, 2, 3, 3)
    assert "the nowcasts go on in" in caplog.text


def test_a_large_file_goes_on_in_another_one(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc?largest_mb=0.001", *(made_nowcast(minute) for minute in (0, 5, 10)))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out-2.nc", "out-3.nc", "out.nc"]


def test_a_run_replaces_the_file_unless_it_is_told_to_append(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(0))
    write(f"{tmp_path}/out.nc?append=1", made_nowcast(5))
    times = values(tmp_path / "out.nc", "forecast_reference_time")
    assert (times - START_US / 1e6).tolist() == [0, 300]
    np.testing.assert_allclose(
        values(tmp_path / "out.nc", "rain_rate")[0, ..., :-1],
        made_nowcast(0).rain_mm_h[..., :-1],
        atol=0.00501,
    )
    write(f"{tmp_path}/out.nc", made_nowcast(10))
    assert values(tmp_path / "out.nc", "rain_rate").shape[0] == 1


@pytest.mark.parametrize("is_damaged", [True, False])
def test_what_does_not_fit_is_not_appended_to(tmp_path: Path, is_damaged: bool) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(0, rain_mm_h=made_rain(2, 3, 3)))
    whole = (tmp_path / "out.nc").read_bytes()
    (tmp_path / "out.nc").write_bytes(whole[: len(whole) // 2] if is_damaged else whole)
    with pytest.raises(SinkError, match=r"out\.nc' can't be added to: .*; move it away"):
        write(f"{tmp_path}/out.nc?append=1", made_nowcast(5))


def test_another_projection_is_not_appended_to(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.nc", made_nowcast(0))
    other = made_nowcast(5, projection=LAEA.replace("lat_0=52", "lat_0=53"))
    with pytest.raises(SinkError, match="its crs is not that of the nowcasts to come"):
        write(f"{tmp_path}/out.nc?append=1", other)


def test_a_run_that_is_started_again_skips_what_is_there(tmp_path: Path) -> None:
    made = [made_nowcast(minute) for minute in (0, 5, 10)]
    write(f"{tmp_path}/out.nc", *made[:2])
    counts = write(f"{tmp_path}/out.nc?append=1", *made)
    assert counts == {"written": 1, "already_there": 2}
    times = values(tmp_path / "out.nc", "forecast_reference_time")
    assert (times - START_US / 1e6).tolist() == [0, 300, 600]


def test_other_payloads_and_times_that_go_back_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"at 3 µs takes nowcasts, not str; bind the stream"):
        open_sink(f"{tmp_path}/out.nc").write(3, "rain")
    with pytest.raises(SinkError, match="time must grow"):
        write(f"{tmp_path}/out.nc", made_nowcast(5), made_nowcast(0))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/out.nc", "there is no folder"),
        ("out.nc?compression=0", "compression=1…9"),
        ("out.nc?largest_mb=0", "largest_mb > 0"),
        ("out_%f.nc", "'%f' is no code of time"),
    ],
)
def test_what_can_not_be_written_is_told_at_once(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SinkError, match=reason):
        open_sink(f"{tmp_path}/{name}")


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SinkError, match=r"NetCDF needs h5py; .*pip install 'flowlace\[radar\]'"):
        open_sink(f"{tmp_path}/out.nc")


_WRITER = """
import sys
from flowlace.sinks import open_sink
from tests.sinks.made_nowcasts import made_nowcast, made_rain
sink = open_sink(sys.argv[1])
rain = made_rain(6, 200, 200)
for minute in range(100000):
    made = made_nowcast(minute, rain_mm_h=rain.copy())
    sink.write(made.observed_us, made)
    print(minute, flush=True)
"""


@pytest.mark.parametrize("wait", [2, 9])
def test_a_killed_process_leaves_all_nowcasts_it_wrote(tmp_path: Path, wait: int) -> None:
    path = tmp_path / "out.nc"
    command = [sys.executable, "-c", _WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(wait)]
        process.kill()
        told += process.stdout.readlines()
    with h5py.File(path) as opened:
        count = len(opened["forecast_reference_time"])
        assert count >= len(told)
        assert opened["rain_rate"][:].shape == (count, 6, 200, 200)
        assert (opened["rain_rate"][:, :, :, 0] >= 0).all()


def test_the_same_nowcasts_give_the_same_bytes(tmp_path: Path) -> None:
    write(f"{tmp_path}/a.nc", made_nowcast(0), made_nowcast(5))
    write(f"{tmp_path}/b.nc", made_nowcast(0), made_nowcast(5))
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
    assert datetime.now(UTC).strftime("%Y-%m-%d").encode() not in (tmp_path / "a.nc").read_bytes()
