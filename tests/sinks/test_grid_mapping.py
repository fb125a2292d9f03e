import sys

import pyproj
import pytest

from flowlace.framework.errors import FlowlaceError
from flowlace.sinks.grid_mapping import grid_mapping
from tests.sinks.made_nowcasts import LAEA


def test_the_grid_mapping_has_the_numbers_of_the_projection() -> None:
    mapping = grid_mapping(LAEA)
    assert mapping["grid_mapping_name"] == "lambert_azimuthal_equal_area"
    assert mapping["latitude_of_projection_origin"] == 52
    assert mapping["longitude_of_projection_origin"] == 10
    assert (mapping["false_easting"], mapping["false_northing"]) == (4_321_000, 3_210_000)
    assert mapping["crs_wkt"].startswith("PROJCRS[")


@pytest.mark.parametrize(("parallel", "pole"), [(60, 90), (-70, -90)])
def test_a_polar_projection_tells_its_pole_as_the_conventions_ask(
    parallel: float, pole: float
) -> None:
    mapping = grid_mapping(f"+proj=stere +lat_0={pole} +lat_ts={parallel} +lon_0=10 +R=6371000")
    assert mapping["grid_mapping_name"] == "polar_stereographic"
    assert mapping["latitude_of_projection_origin"] == pole
    assert mapping["standard_parallel"] == parallel


def test_the_well_known_text_is_the_projection() -> None:
    wkt = grid_mapping(LAEA)["crs_wkt"]
    back = pyproj.Transformer.from_crs(pyproj.CRS.from_wkt(wkt), LAEA, always_xy=True)
    assert back.transform(4_000_000, 3_000_000) == pytest.approx((4_000_000, 3_000_000), abs=1e-3)


def test_without_pyproj_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyproj", None)
    with pytest.raises(FlowlaceError, match=r"needs pyproj; .*pip install 'flowlace\[radar\]'"):
        grid_mapping(LAEA)


def test_a_projection_nobody_knows_is_an_error() -> None:
    with pytest.raises(FlowlaceError, match=r"projection '\+proj=nonsense' is not known"):
        grid_mapping("+proj=nonsense")
