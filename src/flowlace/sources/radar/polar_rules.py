"""How polar volumes become grids, as the user says."""

from dataclasses import dataclass
from typing import Literal

PolarProduct = Literal["lowest", "max", "cappi"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PolarRules:
    """How polar volumes become grids."""

    product: PolarProduct = "lowest"
    """`lowest`: the first sweep of the lowest elevation; `max`: the largest value of all sweeps;
    `cappi`: of the sweep whose beam is nearest to `cappi_km`."""
    cappi_km: float = 1.5
    """Height above the antenna."""
    pixel_km: float = 1.0
    range_km: float = 240.0
    """From the radar to each side of the grid."""
    min_rhohv: float = 0.8
    """Echoes that correlate less between both polarisations are no rain; 0 keeps all."""
    place: tuple[float, float] | None = None
    """Latitude and longitude of the radar where files do not tell."""

    def __post_init__(self) -> None:
        if self.product not in ("lowest", "max", "cappi"):
            raise ValueError(f"polar={self.product!r} must be lowest, max or cappi")
        if not 0 < self.pixel_km <= self.range_km <= 1000 or self.cappi_km <= 0:
            raise ValueError(
                f"pixel_km={self.pixel_km}, range_km={self.range_km} and cappi_km={self.cappi_km} "
                "must be positive, range_km at least one pixel and at most 1000"
            )
        if self.range_km / self.pixel_km > 5000:
            raise ValueError(
                f"range_km={self.range_km} in pixels of {self.pixel_km} km is a grid of more than "
                "10000 × 10000; make pixels larger"
            )
        if not 0 <= self.min_rhohv <= 1:
            raise ValueError(f"min_rhohv={self.min_rhohv} must be 0..1")


USUAL_POLAR_RULES = PolarRules()
