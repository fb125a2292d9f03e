import numpy as np

from flowlace.formats.radar_grid import Extent
from flowlace.sinks.cf_nowcast import NowcastLayout, packed_chance, packed_rain
from tests.sinks.made_nowcasts import DEGREES, made_nowcast


def test_packed_rain_is_within_half_a_step() -> None:
    rain = np.linspace(0, 300, 10_000, dtype=np.float32)
    assert np.abs(packed_rain(rain) * 0.01 - rain).max() <= 0.00502


def test_what_is_not_a_number_is_missing_and_too_much_is_the_most() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 1e9, -3], np.float32)
    assert packed_rain(odd).tolist() == [-1, -1, -1, 32767, 0]
    assert packed_chance(odd).tolist() == [-1, -1, -1, 100, 0]


def test_coordinates_are_the_middles_of_pixels_the_northern_first() -> None:
    layout = NowcastLayout.of(made_nowcast())
    assert layout.axis("x")[[0, -1]].tolist() == [4_000_500, 4_005_500]
    assert layout.axis("y")[[0, -1]].tolist() == [3_003_500, 3_000_500]


def test_axes_tell_their_units() -> None:
    degrees = NowcastLayout.of(made_nowcast(projection=DEGREES, extent=Extent(5, 50, 8, 52)))
    kilometres = NowcastLayout.of(made_nowcast(projection="+proj=stere +lat_0=90 +units=km"))
    unknown = NowcastLayout.of(made_nowcast(projection=""))
    units = [
        {one.name: one.attributes["units"] for one in layout.variables() if one.name in ("x", "y")}
        for layout in (degrees, kilometres, unknown)
    ]
    assert units == [
        {"x": "degrees_east", "y": "degrees_north"},
        {"x": "km", "y": "km"},
        {"x": "1", "y": "1"},
    ]


def test_without_a_projection_there_is_no_grid_mapping() -> None:
    variables = {one.name: one for one in NowcastLayout.of(made_nowcast(projection="")).variables()}
    assert "crs" not in variables
    assert "grid_mapping" not in variables["rain_rate"].attributes
