"""Draws render data over a picture."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.drawing.annotations import draw_annotations
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.render_data import Color, RenderData
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_TO_RGB = {
    ImageFormat.GRAY8: cv2.COLOR_GRAY2RGB,
    ImageFormat.SBGRA: cv2.COLOR_BGRA2RGB,
}


@proto_options("mediapipe.AnnotationOverlayCalculatorOptions", extension=250607623)
@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotationOverlayOptions:
    """Options of AnnotationOverlayCalculator."""

    canvas_width_px: int = option(2, default=1920)
    """Width of the canvas when no picture is connected."""
    canvas_height_px: int = option(3, default=1080)
    """Height of the canvas when no picture is connected."""
    canvas_color: Color | None = option(4)
    """Colour of the canvas; black if unset."""

    flip_text_vertically: bool = option(5)
    gpu_uses_top_left_origin: bool = option(6, default=True)
    gpu_scale_factor: float = option(7, default=1.0)


@register_calculator
class AnnotationOverlayCalculator(Calculator[AnnotationOverlayOptions]):
    """Draws render data over a picture.

    Inputs:   IMAGE (Image), or IMAGE_GPU, which is the same here; without it a canvas is made
              any number of untagged streams (RenderData, or list[RenderData]), drawn in order
    Outputs:  IMAGE, or IMAGE_GPU (Image, SRGB or SRGBA), in step with the picture

    The drawing is made on one copy of the picture; a picture with nothing to draw on it is handed
    on as it is.

    Example:
        ```
        node {
          calculator: "AnnotationOverlayCalculator"
          input_stream: "IMAGE:camera_frames"
          input_stream: "box_render_data"
          output_stream: "IMAGE:annotated_frames"
        }
        ```
    """

    input_ports = (
        Port("IMAGE", Image, optional=True, doc="what is drawn on"),
        Port("IMAGE_GPU", Image, optional=True, doc="the same under MediaPipe's other name"),
        Port("layers", RenderData | list[RenderData], optional=True, repeated=True),
    )
    output_ports = (
        Port("IMAGE", Image, optional=True, doc="the picture with the drawing"),
        Port("IMAGE_GPU", Image, optional=True, doc="the same under MediaPipe's other name"),
    )
    timestamp_offset = 0

    def open(self) -> None:
        """Finds what is connected."""
        connected = set(self.input_headers)
        self._picture = next((tag for tag in ("IMAGE", "IMAGE_GPU") if tag in connected), None)
        self._layers = [key for key in self.input_headers if key not in ("IMAGE", "IMAGE_GPU")]

    def process(self, packets: PacketSet) -> None:
        """Draws one picture."""
        layers = [layer for key in self._layers for layer in _as_list(packets[key])]
        if self._picture is None:
            image = self._canvas()
        elif packets[self._picture]:
            image = packets[self._picture].payload
        else:
            return
        if any(layer.annotations for layer in layers):
            image = overlaid(image, layers)
        for output in self.outputs.values():
            output.send(Packet(image, packets.timestamp))

    def _canvas(self) -> Image:
        options = self.options
        shape = (options.canvas_height_px, options.canvas_width_px, 3)
        color = options.canvas_color or Color()
        return Image(ImageFormat.SRGB, np.full(shape, color.as_tuple(), np.uint8))


def overlaid(image: Image, layers: list[RenderData]) -> Image:
    """Returns a copy of `image`, SRGB or SRGBA, with `layers` drawn on it.

    Raises ValueError for a format nothing can be drawn on.
    """
    pixels = _writable_rgb(image)
    draw_annotations(pixels, layers)
    return Image(ImageFormat.SRGBA if pixels.shape[2] == 4 else ImageFormat.SRGB, pixels)


def _as_list(packet: Packet[Any]) -> list[RenderData]:
    if not packet:
        return []
    return packet.payload if isinstance(packet.payload, list) else [packet.payload]


def _writable_rgb(image: Image) -> NDArray[np.uint8]:
    """Returns a copy to draw on."""
    if image.format in (ImageFormat.SRGB, ImageFormat.SRGBA):
        return np.ascontiguousarray(image.pixels).copy()
    if image.format not in _TO_RGB:
        raise ValueError(
            f"nothing can be drawn on a picture of format {image.format.name}; "
            f"convert it to SRGB before"
        )
    return np.asarray(cv2.cvtColor(image.pixels, _TO_RGB[image.format]), np.uint8)
