"""How the camera moves: a slow pan, a little zoom, a hand that shakes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]
_FULL_TURN = 2 * np.pi


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPath:
    """Gives the camera's place at a time, without remembering the time before.

    All motion is a sum of sines, so any frame can be asked for alone. With `pan`, `shake`
    and zoom at 0 the camera stands still.
    """

    width: int
    """Columns of the picture."""

    height: int
    """Rows of the picture."""

    world_width: int
    """Columns of the panorama."""

    world_height: int
    """Rows of the panorama."""

    pan: float = 1.0
    """1 sweeps over the panorama, 0 looks at its middle."""

    shake: float = 1.0
    """1 is a hand, 0 a tripod."""

    seed: int = 0
    """Of all phases."""

    def matrix(self, time_s: float) -> Affine:
        """Returns the 2×3 affine map from the panorama to the picture at a time."""
        phases = np.random.default_rng((self.seed, 2)).uniform(0, _FULL_TURN, 12)
        unit = self.height / 360

        def swing(period_s: float, phase: int) -> float:
            return float(np.sin(_FULL_TURN * time_s / period_s + phases[phase]))

        zoom = 1.06 + 0.06 * self.pan * swing(17.0, 0)
        roll = np.radians(self.shake * (0.35 * swing(2.9, 1) + 0.2 * swing(0.71, 2)))
        # What may be swept over without showing an edge, at the smallest zoom and any roll.
        room_x = max(0.0, (self.world_width - self.width * 1.04) / 2 - 14 * unit)
        x = self.pan * room_x * (0.7 * swing(23.0, 3) + 0.3 * swing(9.1, 4))
        y = self.pan * 5 * unit * swing(11.0, 5)
        x += self.shake * unit * (2.2 * swing(1.7, 6) + 1.1 * swing(0.53, 7) + 0.5 * swing(0.19, 8))
        y += self.shake * unit * (1.6 * swing(1.3, 9) + 0.9 * swing(0.47, 10))
        center = np.array([self.world_width / 2 + x, self.world_height / 2 + y])
        turn = zoom * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        middle = np.array([self.width / 2, self.height / 2])
        return np.column_stack([turn, middle - turn @ center])
