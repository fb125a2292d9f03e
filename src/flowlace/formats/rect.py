"""A region of a picture that may be turned: MediaPipe's `Rect` and `NormalizedRect`.

Source of names: MediaPipe `framework/formats/rect.proto`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Rect:
    """A region in pixels."""

    x_center: int
    """Middle, pixels from the left edge."""
    y_center: int
    """Middle, pixels from the top."""
    width: int
    """Width in pixels before the turn."""
    height: int
    """Height in pixels before the turn."""
    rotation: float = 0.0
    """Clockwise about the middle, radians."""
    rect_id: int | None = None
    """Links regions of one object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalizedRect:
    """A region in fractions of the picture's width and height."""

    x_center: float
    """Middle, fraction of the picture's width."""
    y_center: float
    """Middle, fraction of the picture's height."""
    width: float
    """Fraction of the picture's width, before the turn."""
    height: float
    """Fraction of the picture's height, before the turn."""
    rotation: float = 0.0
    """Clockwise about the middle, radians, in pixels that are square."""
    rect_id: int | None = None
    """Links regions of one object."""
