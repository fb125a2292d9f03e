"""What is drawn on a picture: MediaPipe's `RenderData`, as plain values.

The classes are options messages too, so that a graph file can state a colour or a text.
Source of names and numbers: MediaPipe `util/render_data.proto`, `util/color.proto`.
"""

from dataclasses import dataclass
from enum import IntEnum

from flowlace.framework.options import option, proto_options


@proto_options("mediapipe.Color", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Color:
    """Red, green and blue from 0 to 255."""

    r: int = option(1)
    g: int = option(2)
    b: int = option(3)

    def as_tuple(self) -> tuple[int, int, int]:
        """Returns (red, green, blue)."""
        return self.r, self.g, self.b


@proto_options("mediapipe.RenderAnnotation.Rectangle", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Rectangle:
    """A rectangle, turned about its centre."""

    left: float = option(1, "double")
    top: float = option(2, "double")
    right: float = option(3, "double")
    bottom: float = option(4, "double")
    normalized: bool = option(5)
    """Whether coordinates are fractions of the picture instead of pixels."""
    rotation: float = option(6, "double")
    """Radians, in square pixels."""
    top_left_thickness: float = option(7, "double")
    """Radius of a dot on the upper left corner; 0 draws none."""


@proto_options("mediapipe.RenderAnnotation.Point", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A dot."""

    x: float = option(1, "double")
    y: float = option(2, "double")
    normalized: bool = option(3)


class LineType(IntEnum):
    """How a line is drawn."""

    UNKNOWN = 0
    SOLID = 1
    DASHED = 2


@proto_options("mediapipe.RenderAnnotation.Line", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A straight line."""

    x_start: float = option(1, "double")
    y_start: float = option(2, "double")
    x_end: float = option(3, "double")
    y_end: float = option(4, "double")
    normalized: bool = option(5)
    line_type: LineType = option(6, default=LineType.SOLID)


@proto_options("mediapipe.RenderAnnotation.Arrow", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """A line with its head at the end."""

    x_start: float = option(1, "double")
    y_start: float = option(2, "double")
    x_end: float = option(3, "double")
    y_end: float = option(4, "double")
    normalized: bool = option(5)


@proto_options("mediapipe.RenderAnnotation.Text", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A line of text that starts at (left, baseline)."""

    display_text: str = option(1)
    """What is written."""
    left: float = option(2, "double")
    """Where the line starts, or its middle where it is centred."""
    baseline: float = option(3, "double")
    """What the letters stand on, or their middle where they are centred."""
    font_height: float = option(4, "double", default=8.0)
    """Pixels, or a fraction of the picture's height where `normalized`."""
    normalized: bool = option(5)
    """Whether coordinates are fractions of the picture instead of pixels."""
    font_face: int = option(6)
    """OpenCV's Hershey fonts, 0 to 7."""
    center_horizontally: bool = option(7)
    """Put the middle of the line at `left`."""
    center_vertically: bool = option(8)
    """Put the middle of the letters at `baseline`."""


@proto_options("mediapipe.RenderAnnotation.FilledRectangle", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class FilledRectangle:
    """A rectangle with its inside painted."""

    rectangle: Rectangle = option(1)
    fill_color: Color | None = option(2)


@proto_options("mediapipe.RenderAnnotation.Oval", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Oval:
    """The ellipse that fits into a rectangle."""

    rectangle: Rectangle = option(1)


Shape = Rectangle | FilledRectangle | Oval | Point | Line | Arrow | Text


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderAnnotation:
    """One thing to draw."""

    data: Shape
    thickness: float = 1.0
    """Pixels."""
    color: Color = Color(r=255)
    scene_tag: str = ""
    """What it stands for, for programs that draw it their own way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderData:
    """Everything one calculator wants drawn at one time."""

    annotations: tuple[RenderAnnotation, ...] = ()
    scene_class: str = ""
    """Names this layer; unique in a graph."""
