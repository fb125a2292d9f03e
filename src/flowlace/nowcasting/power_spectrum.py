"""How much rain varies at each scale: power spectra averaged over directions.

A forecast that is blurred has less power than the observation at small scales; one made of noise
has as much, in the wrong places. A Hann window keeps the edges of the picture from counting as
small scales, and weights that rise with the distance from the unknown do so for the edges of what
is known: they would hide what a blur has taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_BANDS_AN_OCTAVE = 2
_TAPER_PX = 16
"""Farther than this from the unknown, all pixels weigh the same."""


@dataclass(frozen=True, slots=True, eq=False)
class ScaleBands:
    """Bands of wavelength that a grid resolves, the smallest first."""

    shape: tuple[int, int]
    """Rows and columns of the grid."""
    edges_km: NDArray[np.float64]
    """`[band + 1]`, rising; the first is two pixels."""
    band_of_mode: NDArray[np.intp]
    """`[rows, columns // 2 + 1]`: the band of each mode; the number of bands where none."""

    @property
    def scales_km(self) -> NDArray[np.float64]:
        """Middle of each band, by ratio."""
        middles: NDArray[np.float64] = np.sqrt(self.edges_km[:-1] * self.edges_km[1:])
        return middles

    def __len__(self) -> int:
        return len(self.edges_km) - 1


def scale_bands(shape: tuple[int, int], pixel_km: float) -> ScaleBands:
    """Returns half-octave bands from two pixels up to the longer side of the grid.

    Shorter waves, which only the diagonal has, are in no band. A grid of fewer than four pixels
    a side has no bands.
    """
    rows, columns = shape
    octaves = np.log2(max(shape) / 2) if min(shape) >= 4 else 0.0
    count = int(np.ceil(octaves * _BANDS_AN_OCTAVE - 1e-9)) if octaves else 0
    edges_km = 2 * pixel_km * 2.0 ** (np.arange(count + 1) / _BANDS_AN_OCTAVE)
    cycles_y, cycles_x = np.fft.fftfreq(rows, pixel_km), np.fft.rfftfreq(columns, pixel_km)
    cycles_a_km = np.hypot(cycles_y[:, None], cycles_x[None])
    with np.errstate(divide="ignore"):
        wavelength_km = 1 / cycles_a_km
    # The slack keeps the wave of exactly two pixels in the first band, whatever the rounding.
    band = np.searchsorted(edges_km * (1 - 1e-9), wavelength_km, side="right") - 1
    band[(band < 0) | (wavelength_km > edges_km[-1] * (1 + 1e-9))] = count
    return ScaleBands(shape, edges_km, np.minimum(band, count))


def power_by_scale(rain_mm_h: NDArray[np.float32], bands: ScaleBands) -> NDArray[np.float64]:
    """Returns the variance of rain `[y, x]` that waves of each band carry, `[band]` in (mm/h)².

    NaN is unknown; to compare two fields, make both unknown where one is. The sum over all bands
    is the variance under the weights, but for waves that are in no band; 0 where nothing is known.
    """
    if rain_mm_h.shape != bands.shape:
        raise ValueError(f"the bands are of a grid {bands.shape}, the rain is {rain_mm_h.shape}")
    _, columns = bands.shape
    weights = _weights(np.isfinite(rain_mm_h))
    if not weights.any():
        return np.zeros(len(bands))
    rain = np.nan_to_num(rain_mm_h).astype(np.float64)
    rain -= (rain * weights).sum() / weights.sum()
    modes = np.abs(np.fft.rfft2(rain * weights)) ** 2 / (rain.size * (weights**2).sum())
    # All columns but the first, and the last of an even number, stand for two modes.
    modes[:, 1 : (columns + 1) // 2] *= 2
    power = np.bincount(bands.band_of_mode.ravel(), modes.ravel(), len(bands) + 1)
    return power[: len(bands)].astype(np.float64, copy=False)


def _weights(is_known: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows, columns = is_known.shape
    window: NDArray[np.float64] = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[1:-1]
    if is_known.all():
        return window
    distance_px = cv2.distanceTransform(is_known.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    tapered: NDArray[np.float64] = (
        window * np.sin(0.5 * np.pi * np.minimum(distance_px / _TAPER_PX, 1)) ** 2
    )
    return tapered
