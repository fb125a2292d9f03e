"""From what radars store to rain in mm/h.

Reflectivity becomes rain by a Z–R relation, Z = a R^b: Z = 200 R^1.6 (Marshall and Palmer) unless
the format or the user says another. Reflectivity above 53 dBZ is hail; it counts as 53, as usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.sources.radar.polar_rules import USUAL_POLAR_RULES, PolarRules


@dataclass(frozen=True, slots=True, kw_only=True)
class ZRRelation:
    """Z = a R^b, with a cap."""

    a: float = 200.0
    b: float = 1.6
    cap_dbz: float = 53.0
    """More is hail and counts as this."""

    def __post_init__(self) -> None:
        if self.a <= 0 or self.b <= 0:
            raise ValueError(f"zr_a={self.a} and zr_b={self.b} must be positive")

    def rain(self, dbz: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns rain in mm/h; NaN stays NaN."""
        power = (np.minimum(dbz, self.cap_dbz) / 10 - np.log10(self.a)) / self.b
        rain: NDArray[np.float32] = np.power(np.float32(10), power.astype(np.float32))
        return rain


MARSHALL_PALMER = ZRRelation()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRules:
    """What the user says of the files."""

    zr: ZRRelation | None = None
    """None takes the format's own, or Marshall and Palmer's."""
    quantity: str = ""
    """`rate` (mm/h) or `dbz` where the file does not tell, or tells wrongly; empty asks the file.
    """
    polar: PolarRules = USUAL_POLAR_RULES
    """How polar volumes become grids."""

    def relation(self, usual: ZRRelation = MARSHALL_PALMER) -> ZRRelation:
        """Returns the relation to use where the format has a usual one."""
        return self.zr or usual
