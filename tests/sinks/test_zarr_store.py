import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from flowlace.formats.nowcast import Nowcast
from flowlace.sinks import SinkError, open_sink
from tests.sinks.made_nowcasts import LAEA, START_US, made_chances, made_nowcast, made_rain


def write(url: str, *nowcasts: Nowcast) -> None:
    with open_sink(url) as sink:
        for one in nowcasts:
            sink.write(one.observed_us, one)


def test_nowcasts_are_one_array_along_the_time_of_the_observation(tmp_path: Path) -> None:
    made = [made_nowcast(minute) for minute in (0, 5, 10)]
    write(f"{tmp_path}/out.zarr", *made)
    group = zarr.open_consolidated(tmp_path / "out.zarr")
    rain = group["rain_rate"]
    assert rain.shape == (3, 2, 4, 6)
    assert rain.attrs["_ARRAY_DIMENSIONS"] == ["forecast_reference_time", "lead", "y", "x"]
    decoded = np.where(rain[...] == rain.fill_value, np.nan, rain[...] * rain.attrs["scale_factor"])
    np.testing.assert_allclose(decoded, [one.rain_mm_h for one in made], atol=0.00501)
    assert (group["forecast_reference_time"][...] - START_US / 1e6).tolist() == [0, 300, 600]
    assert group["method"][...].tolist() == ["extrapolation"] * 3
    assert group["crs"].attrs["grid_mapping_name"] == "lambert_azimuthal_equal_area"


def test_probabilities_come_back_to_the_hundredth(tmp_path: Path) -> None:
    chances = made_chances()
    write(f"{tmp_path}/out.zarr", made_nowcast(thresholds_mm_h=(0.2, 1.0), probability=chances))
    found = zarr.open_consolidated(tmp_path / "out.zarr")["probability_of_rain"][0] * 0.01
    np.testing.assert_allclose(found[..., :-1], chances[..., :-1], atol=1e-6)
    assert (found[..., -1] == -0.01).all()


def test_a_nowcast_that_was_not_finished_is_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(f"{tmp_path}/out.zarr")
    sink.write(0, made_nowcast(0))

    def killed(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zarr, "consolidate_metadata", killed)
    with pytest.raises(KeyboardInterrupt):
        sink.write(0, made_nowcast(5))
    group = zarr.open_consolidated(tmp_path / "out.zarr")
    assert {name: group[name].shape[0] for name in ("rain_rate", "valid_time", "method")} == {
        "rain_rate": 1, "valid_time": 1, "method": 1,
    }  # fmt: skip


def test_appending_goes_on_after_what_was_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_nowcast_that_was_not_finished_is_not_seen(tmp_path, monkeypatch)
    monkeypatch.undo()
    write(f"{tmp_path}/out.zarr?append=1", made_nowcast(10))
    group = zarr.open_consolidated(tmp_path / "out.zarr")
    assert (group["forecast_reference_time"][...] - START_US / 1e6).tolist() == [0, 600]
    assert group["rain_rate"].shape[0] == 2


def test_a_run_replaces_the_store_unless_it_is_told_to_append(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.zarr", made_nowcast(0), made_nowcast(5))
    write(f"{tmp_path}/out.zarr", made_nowcast(10))
    assert zarr.open_consolidated(tmp_path / "out.zarr")["rain_rate"].shape[0] == 1


@pytest.mark.parametrize("options", ["", "?append=1"])
def test_a_store_whose_first_nowcast_was_not_finished_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    def killed(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(zarr, "consolidate_metadata", killed)
        with pytest.raises(KeyboardInterrupt):
            write(f"{tmp_path}/out.zarr", made_nowcast(0))
    write(f"{tmp_path}/out.zarr{options}", made_nowcast(5))
    found = zarr.open_consolidated(tmp_path / "out.zarr")["forecast_reference_time"][...]
    assert (found - START_US / 1e6).tolist() == [300]


def test_another_grid_is_an_error(tmp_path: Path) -> None:
    other = made_nowcast(5, rain_mm_h=made_rain(2, 3, 3))
    with pytest.raises(SinkError, match="has another grid, leads or thresholds"):
        write(f"{tmp_path}/out.zarr", made_nowcast(0), other)
    with pytest.raises(SinkError, match=r"can't be added to: its . is not that"):
        write(f"{tmp_path}/out.zarr?append=1", other)


def test_another_projection_is_not_appended_to(tmp_path: Path) -> None:
    write(f"{tmp_path}/out.zarr", made_nowcast(0))
    other = made_nowcast(5, projection=LAEA.replace("lat_0=52", "lat_0=53"))
    with pytest.raises(SinkError, match="its crs is not that of the nowcasts to come"):
        write(f"{tmp_path}/out.zarr?append=1", other)


def test_a_run_that_is_started_again_skips_what_is_there(tmp_path: Path) -> None:
    made = [made_nowcast(minute) for minute in (0, 5, 10)]
    write(f"{tmp_path}/out.zarr", *made[:2])
    with open_sink(f"{tmp_path}/out.zarr?append=1") as sink:
        for one in made:
            sink.write(one.observed_us, one)
    assert (sink.counts.written, sink.counts.skipped) == (1, {"already_there": 2})
    assert zarr.open_consolidated(tmp_path / "out.zarr")["rain_rate"].shape[0] == 3


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.zarr").mkdir()
    (tmp_path / "out.zarr/letter.txt").write_text("dear")
    with pytest.raises(SinkError, match="is there and is no Zarr store; move it away"):
        open_sink(f"{tmp_path}/out.zarr")
    assert (tmp_path / "out.zarr/letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none/out.zarr", "there is no folder"), ("out.zarr?compression=0", "within 1 and 19")],
)
def test_what_can_not_be_written_is_told_at_once(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SinkError, match=reason):
        open_sink(f"{tmp_path}/{name}")


def test_another_payload_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="at 0 µs takes nowcasts, not list"):
        open_sink(f"{tmp_path}/out.zarr").write(0, [])


def test_without_zarr_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(SinkError, match=r"Zarr needs zarr; .*pip install 'flowlace\[zarr\]'"):
        open_sink(f"{tmp_path}/out.zarr")
