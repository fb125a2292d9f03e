import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.warp import transform

from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.sinks import SinkCounts, SinkError, open_sink
from tests.sinks.made_nowcasts import DEGREES, LAEA, made_chances, made_nowcast, made_rain


def write(url: str, *nowcasts: Nowcast) -> SinkCounts:
    with open_sink(url) as sink:
        for one in nowcasts:
            sink.write(one.observed_us, one)
    return sink.counts


def test_there_is_a_band_for_each_lead_with_its_time(tmp_path: Path) -> None:
    made = made_nowcast()
    assert write(f"{tmp_path}/rain.tif", made).written == 1
    with rasterio.open(tmp_path / "rain.tif") as opened:
        assert opened.descriptions == (
            "rain rate in mm/h, +10 min, valid 2019-06-10T00:10:00Z",
            "rain rate in mm/h, +20 min, valid 2019-06-10T00:20:00Z",
        )
        np.testing.assert_allclose(opened.read(), made.rain_mm_h, atol=1 / 256)
        assert np.isnan(opened.nodata)
        assert opened.tags()["method"] == "extrapolation"
        assert opened.tags(2)["valid_time"] == "2019-06-10T00:20:00Z"


@pytest.mark.parametrize(
    ("projection", "extent", "scale"),
    [
        (LAEA, Extent(4_000_000, 3_000_000, 4_006_000, 3_004_000), 1),
        (DEGREES, Extent(5, 50, 8, 52), 1),
        (
            "+proj=stere +lat_0=90 +lat_ts=60 +R=6371000 +units=km",
            Extent(0, -4415, 700, -3650),
            1000,
        ),
    ],
)
def test_it_lies_where_the_grid_lies(
    tmp_path: Path, projection: str, extent: Extent, scale: float
) -> None:
    write(f"{tmp_path}/rain.tif", made_nowcast(projection=projection, extent=extent))
    with rasterio.open(tmp_path / "rain.tif") as opened:
        bounds = opened.bounds
        assert tuple(bounds) == pytest.approx([scale * one for one in extent])
        here = transform(opened.crs, DEGREES, [bounds.left], [bounds.top])
        there = Transformer.from_crs(projection, DEGREES, always_xy=True)
        corner = there.transform(extent.x_min, extent.y_max)
        assert (here[0][0], here[1][0]) == pytest.approx(corner, abs=1e-6)
        assert CRS.from_string(projection).is_geographic == opened.crs.is_geographic


def test_it_is_tiled_with_its_directories_first_and_overviews(tmp_path: Path) -> None:
    made = made_nowcast(rain_mm_h=made_rain(2, 700, 900))
    write(f"{tmp_path}/rain.tif?blocksize=256", made)
    with rasterio.open(tmp_path / "rain.tif") as opened:
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert opened.block_shapes == [(256, 256)] * 2
        assert opened.overviews(1) == [2, 4]
        assert opened.profile["compress"] == "deflate"


def test_probability_has_a_band_for_each_lead_and_threshold(tmp_path: Path) -> None:
    chances = made_chances()
    made = made_nowcast(thresholds_mm_h=(0.2, 1.0), probability=chances)
    write(f"{tmp_path}/chance.tif?quantity=probability", made)
    with rasterio.open(tmp_path / "chance.tif") as opened:
        assert opened.count == 4
        assert opened.descriptions[1].startswith("probability of at least 1 mm/h, +10 min")
        np.testing.assert_allclose(opened.read(), chances.reshape(4, 4, 6), atol=1 / 512)


def test_coverage_tells_inflow_from_what_no_radar_sees(tmp_path: Path) -> None:
    rain = np.zeros((1, 2, 2), np.float32)
    rain[0, 0] = np.nan
    observed = np.array([[1, np.nan], [1, 1]], np.float32)
    made = made_nowcast(rain_mm_h=rain, observed_mm_h=observed)
    write(f"{tmp_path}/coverage.tif?quantity=coverage", made)
    with rasterio.open(tmp_path / "coverage.tif") as opened:
        assert opened.read(1).tolist() == [[1, 0], [2, 2]]
        assert opened.tags()["flag_meanings"] == "0=unknown 1=inflow 2=forecast"


def test_a_nowcast_without_probability_is_skipped_and_counted(tmp_path: Path) -> None:
    counts = write(f"{tmp_path}/chance.tif?quantity=probability", made_nowcast())
    assert counts.skipped == {"no_probability": 1}
    assert not (tmp_path / "chance.tif").exists()


def test_one_name_holds_the_newest_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(f"{tmp_path}/rain.tif", made_nowcast(0), made_nowcast(5), made_nowcast(10))
    with rasterio.open(tmp_path / "rain.tif") as opened:
        assert opened.tags()["forecast_reference_time"] == "2019-06-10T00:10:00Z"
    assert caplog.text.count("holds the newest nowcast only") == 1


def test_a_name_with_the_time_keeps_all(tmp_path: Path) -> None:
    write(f"{tmp_path}/%H%M.tif", made_nowcast(0), made_nowcast(5))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["0000.tif", "0005.tif"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/rain.tif", "there is no folder"),
        ("rain.tif?quantity=snow", "must be one of: rain, probability, coverage"),
        ("rain.tif?blocksize=100", "must be 64, 80, 96"),
    ],
)
def test_what_can_not_be_written_is_told_at_once(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SinkError, match=reason):
        open_sink(f"{tmp_path}/{name}")


def test_a_projection_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"rain\.tif' can't be written in projection .*nonsense"):
        write(f"{tmp_path}/rain.tif", made_nowcast(projection="+proj=nonsense"))


def test_without_rasterio_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(SinkError, match=r"GeoTIFF needs rasterio; .*'flowlace\[geotiff\]'"):
        open_sink(f"{tmp_path}/rain.tif")
