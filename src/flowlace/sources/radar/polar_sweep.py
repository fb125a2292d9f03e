"""What a radar saw, as it saw it: by azimuth and range; and where its beam is.

A beam bends down in the air, by about as much as if it went straight over an earth of 4/3 of its
radius (Doviak and Zrnić 1993, section 2.2.3). In the triangle of the earth's middle, the radar and
a target, with elevation θ and the angle φ at the middle, the law of sines gives slant range
R sin φ / cos(θ + φ) and height R cos θ / cos(θ + φ) - R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EFFECTIVE_RADIUS_M = 4 / 3 * 6_371_000.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PolarSweep:
    """One turn of the antenna.

    Raises:
        ValueError: rays and azimuths do not fit each other, or there are fewer than two.
    """

    values: NDArray[np.float32]
    """`[ray, bin]` dBZ or mm/h; -inf (dBZ) or 0 where there was no echo, NaN where not measured."""
    azimuths_deg: NDArray[np.float64]
    """`[ray]` middles, clockwise from the north, in any order."""
    elevation_deg: float
    first_bin_m: float
    """From the radar to the near end of the first bin."""
    bin_m: float
    """Length of a bin."""
    is_clutter: NDArray[np.bool_] | None = None
    """`[ray, bin]`, what the radar's other moments say is no rain; None where they say nothing."""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) < 2 or not self.values.shape[1]:
            raise ValueError(f"a sweep must be [ray, bin] of 2 rays or more: {self.values.shape}")
        if self.azimuths_deg.shape != (len(self.values),):
            raise ValueError(f"{len(self.values)} rays have {self.azimuths_deg.size} azimuths")
        if self.bin_m <= 0:
            raise ValueError(f"a bin must have a length, not {self.bin_m} m")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PolarVolume:
    """The sweeps of one observation, in the order in which they were made."""

    sweeps: list[PolarSweep]
    is_rate: bool
    """Whether values are mm/h, not dBZ."""
    latitude_deg: float
    longitude_deg: float
    observed_us: int
    source: str


def slant_range_m(
    ground_m: NDArray[np.float64] | float, elevation_deg: float
) -> NDArray[np.float64]:
    """Returns how far along the beam the places at these distances on the ground are.

    >>> round(float(slant_range_m(100_000.0, 0.5)))
    100019
    """
    theta, phi = np.radians(elevation_deg), np.asarray(ground_m) / EFFECTIVE_RADIUS_M
    slant: NDArray[np.float64] = EFFECTIVE_RADIUS_M * np.sin(phi) / np.cos(theta + phi)
    return slant


def beam_height_m(
    ground_m: NDArray[np.float64] | float, elevation_deg: float
) -> NDArray[np.float64]:
    """Returns how high above the antenna the middle of the beam is over these places.

    >>> round(float(beam_height_m(100_000.0, 0.5)))
    1462
    """
    theta, phi = np.radians(elevation_deg), np.asarray(ground_m) / EFFECTIVE_RADIUS_M
    height: NDArray[np.float64] = EFFECTIVE_RADIUS_M * (np.cos(theta) / np.cos(theta + phi) - 1)
    return height
