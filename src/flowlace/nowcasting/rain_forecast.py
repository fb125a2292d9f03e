"""What a method of nowcasting gives."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class RainForecast(NamedTuple):
    """Rain by lead, and how likely it is to reach thresholds where they were asked for."""

    rain_mm_h: NDArray[np.float32]
    """`[lead, y, x]`, NaN where nothing is known."""
    probability: NDArray[np.float32] | None
    """`[lead, threshold, y, x]` of at least each threshold, 0..1; None without thresholds."""
