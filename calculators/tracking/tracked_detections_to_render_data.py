"""Turns tracked objects into what is drawn: a colour and a name for each."""

import colorsys
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flowlace.formats.detection import Detection
from flowlace.formats.object_row import best_label
from flowlace.formats.render_data import Color, Rectangle, RenderAnnotation, RenderData, Text
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

GOLDEN_TURN = 0.618034
"""Part of the colour circle between two ids: neighbours are never alike."""

LEAST_BASELINE = 0.035
"""Names of boxes at the top of the frame stay in it."""

SHADOW = Color(r=20, g=20, b=20)
SHADOW_WIDTH = 0.1
"""Letter heights by which shadows are moved to each side. Thicker letters are wider, so they
would not lie under the others."""


@proto_options("flowlace.TrackedDetectionsToRenderDataCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedDetectionsToRenderDataOptions:
    """Options of TrackedDetectionsToRenderDataCalculator."""

    thickness: float = option(1, default=2.0)
    """Of boxes, pixels."""
    font_height: float = option(2, default=0.03)
    """Of names, as a part of the frame's height."""


@register_calculator
class TrackedDetectionsToRenderDataCalculator(Calculator[TrackedDetectionsToRenderDataOptions]):
    """Turns tracked objects into what is drawn: each in a colour of its own, named over its box.

    Inputs:   DETECTIONS (list[Detection]), with relative boxes and ids
    Outputs:  RENDER_DATA (RenderData), in step: a box, and id, label and score over it

    The colour follows from the id, so an object that changes its id changes its colour.
    DetectionsToRenderDataCalculator draws MediaPipe's way, all in one colour.

    Example:
        ```
        node {
          calculator: "TrackedDetectionsToRenderDataCalculator"
          input_stream: "DETECTIONS:tracked_detections"
          output_stream: "RENDER_DATA:object_render_data"
        }
        ```
    """

    input_ports = (Port("DETECTIONS", list[Detection]),)
    output_ports = (Port("RENDER_DATA", RenderData),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the objects of one frame; names come last, over all boxes."""
        if not packets["DETECTIONS"]:
            return
        shown = [d for d in packets["DETECTIONS"].payload if d.location_data.relative_bounding_box]
        boxes = [self._outline(each) for each in shown]
        names = [shape for each in shown for shape in self._name(each)]
        data = RenderData(annotations=(*boxes, *names), scene_class="TRACKED_OBJECTS")
        self.outputs["RENDER_DATA"].send(Packet(data, packets.timestamp))

    def _outline(self, detection: Detection) -> RenderAnnotation:
        box: Any = detection.location_data.relative_bounding_box
        rectangle = Rectangle(
            left=box.xmin,
            top=box.ymin,
            right=box.xmin + box.width,
            bottom=box.ymin + box.height,
            normalized=True,
        )
        return RenderAnnotation(
            data=rectangle, thickness=self.options.thickness, color=id_color(detection.detection_id)
        )

    def _name(self, detection: Detection) -> list[RenderAnnotation]:
        """Returns the name over its shadows, so that it can be read on anything."""
        box: Any = detection.location_data.relative_bounding_box
        label, score = best_label(detection)
        words = (str(detection.detection_id or ""), label, f"{score:.0%}")
        text = Text(
            display_text=" ".join(filter(None, words)),
            left=max(box.xmin, 0.0),
            baseline=max(box.ymin - 0.01, LEAST_BASELINE),
            font_height=self.options.font_height,
            normalized=True,
        )
        edge = SHADOW_WIDTH * self.options.font_height
        shadows = [
            replace(text, left=text.left + x * edge / 2, baseline=text.baseline + y * edge)
            for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))
        ]
        return [
            *(RenderAnnotation(data=each, thickness=1.0, color=SHADOW) for each in shadows),
            RenderAnnotation(data=text, thickness=1.0, color=id_color(detection.detection_id)),
        ]


@cache
def id_color(object_id: int | None) -> Color:
    """Returns a bright colour, always the same for an id."""
    hue = (object_id or 0) * GOLDEN_TURN % 1.0
    r, g, b = colorsys.hls_to_rgb(hue, 0.65, 1.0)
    return Color(r=round(255 * r), g=round(255 * g), b=round(255 * b))
