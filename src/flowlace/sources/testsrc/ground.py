"""The street's geometry: a flat ground seen by a level camera.

Ground coordinates in metres: `x_m` to the right of the picture's middle, `depth_m` away
from the camera. A point at height `up_m` is seen at

    x = middle + focal · x_m / depth_m        y = horizon + focal · (height − up_m) / depth_m

so one number, `focal / depth_m` pixels a metre, scales everything at that depth.
"""

from dataclasses import dataclass

CAMERA_HEIGHT_M = 3.0
FACADE_M = 21.0
"""Depth of the house fronts."""
FAR_KERB_M = 17.5
NEAR_KERB_M = 8.3
AVENUE_HALF_WIDTH_M = 4.2
"""Half the width of the road that runs away from the camera."""
AVENUE_WALL_M = 7.0
"""Distance of the avenue's house fronts from its middle."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The projection of one panorama, in pixels of the panorama."""

    focal_px: float
    """Focal length."""

    middle_px: float
    """Column of `x_m` = 0."""

    horizon_px: float
    """Row of the horizon."""

    def scale_px_m(self, depth_m: float) -> float:
        """Returns the pixels that a metre has at a depth."""
        return self.focal_px / depth_m

    def foot_px(self, x_m: float, depth_m: float) -> tuple[float, float]:
        """Returns where a point of the ground is seen, (x, y)."""
        scale = self.focal_px / depth_m
        return self.middle_px + scale * x_m, self.horizon_px + scale * CAMERA_HEIGHT_M
