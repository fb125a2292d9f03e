"""The colours of rain and of its probability: fixed steps, the same in every map.

Light rain is blue and gets darker, heavy rain goes on from violet to yellow. Any two colours of a
map, what is dry and unknown included, stay apart for people who see two of the three basic colours
(CIELAB distance of at least 13 with the simulation of Machado, Oliveira and Fernandes 2009).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

DRY: Colour = (247, 247, 244)
"""Below the first step, and known to be."""
UNKNOWN: Colour = (184, 184, 184)
"""Where no radar sees; hatched."""
INFLOW: Colour = (230, 217, 189)
"""Where air will have come from that nobody has seen; hatched the other way."""
HATCH_UNKNOWN: Colour = (160, 160, 160)
HATCH_INFLOW: Colour = (200, 180, 140)


@dataclass(frozen=True, slots=True)
class ColourSteps:
    """A colour from each step up to the next."""

    steps: tuple[float, ...]
    """Rising; a value that is equal to a step has its colour."""
    colours: tuple[Colour, ...]
    unit: str
    """For the legend."""

    def classes(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Returns the number of steps each value has reached; 0 below the first and for NaN.

        >>> RAIN.classes(np.array([0.05, 0.1, 3.0, 1000.0, np.nan], "f4"))
        array([0, 1, 5, 9, 0], dtype=uint8)
        """
        steps = np.array(self.steps, values.dtype)
        found = np.searchsorted(steps, values, side="right").astype(np.uint8)
        found[np.isnan(values)] = 0
        return found

    def table(self) -> NDArray[np.uint8]:
        """Returns `[class, rgb]`: what is dry, then the colours."""
        return np.array([DRY, *self.colours], np.uint8)


RAIN = ColourSteps(
    steps=(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50),
    colours=(
        (198, 226, 245),
        (143, 195, 232),
        (85, 158, 214),
        (44, 116, 186),
        (72, 38, 132),
        (160, 47, 144),
        (216, 74, 107),
        (245, 133, 60),
        (251, 210, 59),
    ),
    unit="mm/h",
)
PROBABILITY = ColourSteps(
    steps=(0.05, 0.2, 0.4, 0.6, 0.8), colours=RAIN.colours[:5], unit="probability"
)
