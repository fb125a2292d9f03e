"""The part of a picture a model sees: where it lies, its letterbox, and the way back.

Names and formulas as in MediaPipe's `image_to_tensor_utils`.
"""

from dataclasses import dataclass, replace
from math import cos, isfinite, sin

from flowlace.formats.rect import NormalizedRect

Padding = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A part of a picture in pixels, turned about its middle; it may reach out of the picture."""

    x_center: float
    y_center: float
    width: float
    height: float
    rotation: float = 0.0
    """Clockwise, radians."""


def region_of(rect: NormalizedRect | None, width_px: int, height_px: int) -> Region:
    """Returns the region a rect describes, or the whole picture.

    Raises ValueError for a rect with NaN or infinity, or without a positive size.
    """
    if rect is None:
        return Region(
            x_center=width_px / 2, y_center=height_px / 2, width=width_px, height=height_px
        )
    values = (rect.x_center, rect.y_center, rect.width, rect.height, rect.rotation)
    if not all(map(isfinite, values)):
        raise ValueError(f"NORM_RECT has to be finite, but it is {rect}")
    if rect.width <= 0 or rect.height <= 0:
        raise ValueError(f"NORM_RECT needs a width and height above 0, but it is {rect}")
    return Region(
        x_center=rect.x_center * width_px,
        y_center=rect.y_center * height_px,
        width=rect.width * width_px,
        height=rect.height * height_px,
        rotation=rect.rotation,
    )


def letterboxed(region: Region, width: int, height: int) -> tuple[Region, Padding]:
    """Returns the region widened or heightened to the shape of width × height, and the borders."""
    wanted, given = height / width, region.height / region.width
    if wanted > given:
        border = (1 - given / wanted) / 2
        return replace(region, height=region.width * wanted), (0.0, border, 0.0, border)
    border = (1 - wanted / given) / 2
    return replace(region, width=region.height / wanted), (border, 0.0, border, 0.0)


def projection_matrix(region: Region, width_px: int, height_px: int) -> tuple[float, ...]:
    """Returns the 4×4 matrix, row by row, from fractions of the region to those of the picture.

    Args:
        region: in a picture.
        width_px: of that picture.
        height_px: of that picture.
    """
    right_x = region.width * cos(region.rotation) / width_px
    right_y = region.width * sin(region.rotation) / height_px
    down_x = -region.height * sin(region.rotation) / width_px
    down_y = region.height * cos(region.rotation) / height_px
    left = region.x_center / width_px - (right_x + down_x) / 2
    top = region.y_center / height_px - (right_y + down_y) / 2
    # Depth has the scale of x, as MediaPipe's landmarks have it.
    depth = region.width / width_px
    return (
        *(right_x, down_x, 0.0, left),
        *(right_y, down_y, 0.0, top),
        *(0.0, 0.0, depth, 0.0),
        *(0.0, 0.0, 0.0, 1.0),
    )
