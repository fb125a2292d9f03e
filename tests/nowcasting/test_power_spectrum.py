import cv2
import numpy as np
import pytest

from flowlace.nowcasting.power_spectrum import power_by_scale, scale_bands

SHAPE = (192, 256)


def plane_wave(wavelength_px: float, radians: float = 0.0) -> np.ndarray:
    """Rain that varies by 1 mm/h about 3 along one direction."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    along = x * np.cos(radians) + y * np.sin(radians)
    return (3 + np.sin(2 * np.pi * along / wavelength_px)).astype(np.float32)


@pytest.mark.parametrize("radians", [0.0, 0.6, np.pi / 2])
@pytest.mark.parametrize("wavelength_px", [5.0, 13.0, 38.0])
def test_a_plane_wave_lands_in_the_band_of_its_wavelength(
    wavelength_px: float, radians: float
) -> None:
    bands = scale_bands(SHAPE, pixel_km=0.5)
    band = int(np.argmax(power_by_scale(plane_wave(wavelength_px, radians), bands)))
    assert bands.edges_km[band] <= 0.5 * wavelength_px <= bands.edges_km[band + 1]


def test_the_bands_of_a_wave_add_up_to_its_variance() -> None:
    power = power_by_scale(plane_wave(16), scale_bands(SHAPE, 1.0))
    assert power.sum() == pytest.approx(0.5, rel=0.01)


def test_noise_has_its_variance_but_for_waves_shorter_than_two_pixels() -> None:
    noise = np.random.default_rng(0).normal(5, 2, SHAPE).astype(np.float32)
    power = power_by_scale(noise, scale_bands(SHAPE, 1.0))
    assert power.sum() == pytest.approx(4 * np.pi / 4, rel=0.03)  # a circle in its square


def test_a_blur_takes_the_power_its_formula_says() -> None:
    bands = scale_bands(SHAPE, 1.0)
    sharp, blurred = plane_wave(16), cv2.GaussianBlur(plane_wave(16), (0, 0), 2.0)
    share = power_by_scale(blurred, bands).sum() / power_by_scale(sharp, bands).sum()
    assert share == pytest.approx(np.exp(-((2 * np.pi * 2 / 16) ** 2)), rel=0.02)


def test_even_rain_has_no_power() -> None:
    even = np.full(SHAPE, 7, np.float32)
    assert power_by_scale(even, scale_bands(SHAPE, 1.0)) == pytest.approx(0, abs=1e-12)


def test_the_edge_of_what_is_known_is_no_small_scale() -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    is_unknown = np.hypot(y - 96, x - 128) > 80
    holed, dry = plane_wave(32), plane_wave(32)
    holed[is_unknown], dry[is_unknown] = np.nan, 0
    bands = scale_bands(SHAPE, 1.0)
    is_small = bands.edges_km[1:] < 12
    assert power_by_scale(holed, bands).sum() == pytest.approx(0.5, rel=0.02)
    assert power_by_scale(holed, bands)[is_small].sum() < 1e-4
    assert power_by_scale(dry, bands)[is_small].sum() > 1e-2


def test_nothing_known_has_no_power() -> None:
    nothing = np.full(SHAPE, np.nan, np.float32)
    assert (power_by_scale(nothing, scale_bands(SHAPE, 1.0)) == 0).all()


def test_odd_sizes_and_single_rows_have_bands_or_none() -> None:
    bands = scale_bands((101, 97), 2.0)
    assert power_by_scale(np.ones((101, 97), np.float32), bands).shape == (len(bands),)
    assert bands.edges_km[0] == 4.0
    assert len(scale_bands((1, 50), 1.0)) == 0


def test_rain_of_another_grid_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"of a grid \(192, 256\), the rain is \(4, 4\)"):
        power_by_scale(np.zeros((4, 4), np.float32), scale_bands(SHAPE, 1.0))
