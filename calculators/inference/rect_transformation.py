"""Moves, turns, scales and squares regions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, radians, sin
from typing import Any

from flowlace.calculators.inference.radians import wrapped
from flowlace.formats.rect import NormalizedRect, Rect
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_TYPES: dict[str, Any] = {
    "RECT": Rect,
    "RECTS": list[Rect],
    "NORM_RECT": NormalizedRect,
    "NORM_RECTS": list[NormalizedRect],
}


@proto_options("mediapipe.RectTransformationCalculatorOptions", extension=262226312)
@dataclass(frozen=True, kw_only=True, slots=True)
class RectTransformationOptions:
    """Options of `RectTransformationCalculator`."""

    scale_x: float = option(1, default=1.0)
    """Along the side that was level before the turn."""
    scale_y: float = option(2, default=1.0)
    """Along the side that was upright before the turn."""
    rotation: float | None = option(3)
    """Added to the region's own, radians."""
    rotation_degrees: int | None = option(4)
    """The same in degrees; one of both."""
    shift_x: float = option(5)
    """Along the level side, in lengths of that side."""
    shift_y: float = option(6)
    """Along the upright side, in lengths of that side."""
    square_long: bool = option(7)
    """Make it a square as long as the long side, before scaling."""
    square_short: bool = option(8)
    """Make it a square as long as the short side, before scaling."""


@register_calculator
class RectTransformationCalculator(Calculator[RectTransformationOptions]):
    """Turns, shifts, squares and scales regions, in this order.

    Inputs:   one of RECT (Rect), RECTS (list of Rect), NORM_RECT (NormalizedRect),
              NORM_RECTS (list of NormalizedRect)
              IMAGE_SIZE (tuple of width and height), needed for regions in fractions
    Outputs:  regions, of the input's type, in step

    Shifts and sides are along the turned region. The usual way from a detected face or hand to
    what the next model takes: `square_long` and a scale of 1.5 or more.

    `rotation` turns the region, as MediaPipe documents it; MediaPipe's own code uses it for the
    direction of the shift only.

    Timestamps: as the input; without a packet on IMAGE_SIZE there is no output for fractions.

    Example:
        ```
        node {
          calculator: "RectTransformationCalculator"
          input_stream: "NORM_RECT:face_rects"
          input_stream: "IMAGE_SIZE:frame_sizes"
          output_stream: "square_face_rects"
          options { [mediapipe.RectTransformationCalculatorOptions.ext] {
            scale_x: 1.5 scale_y: 1.5 square_long: true
          } }
        }
        ```
    """

    input_ports = (
        Port("RECT", Rect, optional=True),
        Port("RECTS", list[Rect], optional=True),
        Port("NORM_RECT", NormalizedRect, optional=True),
        Port("NORM_RECTS", list[NormalizedRect], optional=True),
        Port("IMAGE_SIZE", tuple, optional=True),
    )
    output_ports = (Port("regions"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one input and options that say one thing."""
        given = [tag for tag in _TYPES if tag in contract.inputs]
        if len(given) != 1:
            raise ContractError(f"connect exactly one of {', '.join(_TYPES)}")
        if given[0].startswith("NORM") and "IMAGE_SIZE" not in contract.inputs:
            raise ContractError(f"{given[0]} needs IMAGE_SIZE too")
        options: RectTransformationOptions = contract.options
        if options.rotation is not None and options.rotation_degrees is not None:
            raise ContractError("has rotation and rotation_degrees; keep one")
        if options.square_long and options.square_short:
            raise ContractError("has square_long and square_short; keep one")
        contract.outputs[0].type = _TYPES[given[0]]

    def open(self) -> None:
        """Finds what is connected."""
        self._input = next(tag for tag in _TYPES if tag in self.input_headers)
        self._angle = self.options.rotation or radians(self.options.rotation_degrees or 0)

    def process(self, packets: PacketSet) -> None:
        """Transforms the regions of one time."""
        packet = packets[self._input]
        transform = self._transform(packets)
        if not packet or transform is None:
            return
        is_list = self._input.endswith("S")
        given = packet.payload
        made = [transform(rect) for rect in given] if is_list else transform(given)
        self.outputs["regions"].send(Packet(made, packets.timestamp))

    def _transform(self, packets: PacketSet) -> Callable[[Any], Any] | None:
        if not self._input.startswith("NORM"):
            return self._rect
        size = packets["IMAGE_SIZE"]
        return self._norm_rect_for(*size.payload) if size else None

    def _rect(self, rect: Any) -> Any:
        rotation = self._rotation(rect)
        x, y = self._shift(rect.width, rect.height, rotation)
        width, height = self._sides(rect.width, rect.height)
        return replace(
            rect,
            x_center=int(rect.x_center + x),
            y_center=int(rect.y_center + y),
            width=int(width),
            height=int(height),
            rotation=rotation,
        )

    def _norm_rect_for(self, width_px: int, height_px: int) -> Callable[[Any], Any]:
        def transform(rect: NormalizedRect) -> NormalizedRect:
            sides = rect.width * width_px, rect.height * height_px
            rotation = self._rotation(rect)
            x, y = self._shift(*sides, rotation)
            width, height = self._sides(*sides)
            return replace(
                rect,
                x_center=rect.x_center + x / width_px,
                y_center=rect.y_center + y / height_px,
                width=width / width_px,
                height=height / height_px,
                rotation=rotation,
            )

        return transform

    def _rotation(self, rect: Rect | NormalizedRect) -> float:
        if self.options.rotation is None and self.options.rotation_degrees is None:
            return rect.rotation
        return wrapped(rect.rotation + self._angle)

    def _shift(self, width: float, height: float, rotation: float) -> tuple[float, float]:
        along, across = width * self.options.shift_x, height * self.options.shift_y
        c, s = cos(rotation), sin(rotation)
        return along * c - across * s, along * s + across * c

    def _sides(self, width: float, height: float) -> tuple[float, float]:
        if self.options.square_long:
            width = height = max(width, height)
        elif self.options.square_short:
            width = height = min(width, height)
        return width * self.options.scale_x, height * self.options.scale_y
