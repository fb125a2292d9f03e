import numpy as np
import pytest

from flowlace.formats.radar_grid import Extent, Quality, RadarGrid

KNMI = "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +units=km"
SMALL = Extent(0, 0, 4, 3)


def grid(rain: np.ndarray, projection: str = "", extent: Extent = SMALL) -> RadarGrid:
    return RadarGrid(
        rain_rate_mm_h=rain.astype(np.float32),
        projection=projection,
        extent=extent,
        observed_us=1_000_000,
    )


def test_values_are_read_only() -> None:
    one = grid(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="read-only"):
        one.rain_rate_mm_h[0, 0] = 1


def test_the_array_of_the_caller_stays_writeable() -> None:
    rain = np.zeros((3, 4), np.float32)
    grid(rain)
    rain[0, 0] = 1


def test_rain_must_be_a_grid() -> None:
    with pytest.raises(ValueError, match=r"must be \[y, x\], not of shape \(4,\)"):
        grid(np.zeros(4))


def test_an_empty_extent_is_an_error() -> None:
    with pytest.raises(ValueError, match="x_min < x_max"):
        grid(np.zeros((3, 4)), extent=Extent(4, 0, 0, 3))


def test_quality_has_the_shape_of_the_rain() -> None:
    with pytest.raises(ValueError, match="quality is of shape"):
        grid(np.zeros((3, 4))).with_rain(np.zeros((3, 4), np.float32), np.zeros((2, 2), np.uint8))


def test_a_pixel_of_a_hundredth_degree_at_60_north_is_half_as_wide_as_high() -> None:
    one = grid(np.zeros((100, 100)), "+proj=longlat", Extent(10, 59.5, 11, 60.5))
    assert one.pixel_size == pytest.approx((0.01, 0.01))
    assert one.pixel_km == pytest.approx(1.112 * 0.5**0.5, rel=1e-3)


@pytest.mark.parametrize(("units", "km"), [("km", 1.0), ("m", 0.001)])
def test_projected_pixels_are_in_the_units_of_the_projection(units: str, km: float) -> None:
    one = grid(np.zeros((3, 4)), KNMI.replace("units=km", f"units={units}"))
    assert one.pixel_km == pytest.approx(km)


def test_coverage_is_the_share_that_was_seen() -> None:
    assert grid(np.array([[0, np.nan], [1, 2]])).coverage == 0.75


def test_grids_lie_alike_up_to_rounding_of_the_extent() -> None:
    one = grid(np.zeros((3, 4)), KNMI)
    assert one.lies_as(grid(np.ones((3, 4)), KNMI, Extent(1e-5, 0, 4, 3)))
    assert not one.lies_as(grid(np.ones((3, 4)), KNMI, Extent(0.5, 0, 4.5, 3)))
    assert not one.lies_as(grid(np.ones((2, 4)), KNMI))
    assert not one.lies_as(grid(np.ones((3, 4)), ""))


def test_other_rain_keeps_place_time_and_quality() -> None:
    quality = np.full((3, 4), Quality.CAPPED, np.uint8)
    one = grid(np.zeros((3, 4)), KNMI).with_rain(np.ones((3, 4), np.float32), quality)
    other = one.with_rain(np.full((3, 4), 2, np.float32))
    assert other.lies_as(one)
    assert other.observed_us == one.observed_us
    assert other.quality is not None
    assert (other.quality == Quality.CAPPED).all()
