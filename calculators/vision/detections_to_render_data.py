"""Turns detections into what is drawn: boxes, labels, scores."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flowlace.formats.detection import Detection, LocationFormat
from flowlace.formats.render_data import (
    Color,
    Point,
    Rectangle,
    RenderAnnotation,
    RenderData,
    Text,
)
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

DEFAULT_FONT_HEIGHT = 16.0
"""Pixels."""
REFERENCE_HEIGHT_PX = 480
"""Picture height for which a font height in pixels is meant where boxes are in fractions."""
LABEL_INDENT = 0.4
"""Distance of a label from the box's left edge in letters."""
LINE_GAP = 1.2
"""Height of a line of labels in letters."""


@proto_options("mediapipe.DetectionsToRenderDataCalculatorOptions", extension=248360806)
@dataclass(frozen=True, kw_only=True, slots=True)
class DetectionsToRenderDataOptions:
    """Options of DetectionsToRenderDataCalculator."""

    produce_empty_packet: bool = option(1, default=True)
    """Send render data without annotations when there is no detection."""
    text_delimiter: str = option(2, default=",")
    """Between a label and its score."""
    one_label_per_line: bool = option(3)
    """A line for each label of a detection instead of one for all."""
    text: Text | None = option(4)
    """Font and height of labels."""
    thickness: float = option(5, "double", default=1.0)
    """Of lines and letters, pixels."""
    color: Color | None = option(6)
    """Of boxes and labels; red if unset."""
    scene_class: str = option(7, default="DETECTION")
    """Names this layer; unique in a graph."""
    render_detection_id: bool = option(8)
    """Show the detection's id in a line before its labels."""


@register_calculator
class DetectionsToRenderDataCalculator(Calculator[DetectionsToRenderDataOptions]):
    """Turns detections into what is drawn: boxes, labels, scores, keypoints.

    Inputs:   DETECTIONS (list[Detection]), optional
              DETECTION (Detection), optional
    Outputs:  RENDER_DATA (RenderData), in step

    Feed the output to AnnotationOverlayCalculator.

    Example:
        ```
        node {
          calculator: "DetectionsToRenderDataCalculator"
          input_stream: "DETECTIONS:detections"
          output_stream: "RENDER_DATA:detection_render_data"
          options {
            [mediapipe.DetectionsToRenderDataCalculatorOptions.ext] {
              thickness: 3.0
              color { r: 255 g: 200 b: 0 }
            }
          }
        }
        ```
    """

    input_ports = (
        Port("DETECTIONS", list[Detection], optional=True),
        Port("DETECTION", Detection, optional=True),
    )
    output_ports = (Port("RENDER_DATA", RenderData),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the detections of one time."""
        listed, single = packets.get("DETECTIONS"), packets.get("DETECTION")
        if not listed and not single:
            return
        detections = [*(listed.payload if listed else []), *([single.payload] if single else [])]
        if not detections and not self.options.produce_empty_packet:
            return
        annotations = tuple(each for found in detections for each in self._annotations(found))
        data = RenderData(annotations=annotations, scene_class=self.options.scene_class)
        self.outputs["RENDER_DATA"].send(Packet(data, packets.timestamp))

    def _annotations(self, detection: Detection) -> Iterator[RenderAnnotation]:
        yield from self._labels(detection)
        rectangle = _rectangle(detection)
        if rectangle is not None:
            yield self._annotation(rectangle, detection.feature_tag)
        for point in detection.location_data.relative_keypoints:
            yield self._annotation(Point(x=point.x, y=point.y, normalized=True), "KEYPOINT")

    def _annotation(self, shape: Any, tag: str) -> RenderAnnotation:
        color = self.options.color or Color(r=255)
        return RenderAnnotation(
            data=shape, thickness=self.options.thickness, color=color, scene_tag=tag
        )

    def _labels(self, detection: Detection) -> Iterator[RenderAnnotation]:
        rectangle = _rectangle(detection)
        if rectangle is None:
            return
        style = self.options.text or Text(font_height=DEFAULT_FONT_HEIGHT)
        height = style.font_height
        if rectangle.normalized and height > 1:
            # A height in pixels at a place in fractions: as on a picture of 480 lines.
            height /= REFERENCE_HEIGHT_PX
        for number, line in enumerate(self._lines(detection), start=1):
            text = replace(
                style,
                display_text=line,
                left=rectangle.left + LABEL_INDENT * height,
                baseline=rectangle.top + number * LINE_GAP * height,
                font_height=height,
                normalized=rectangle.normalized,
            )
            yield self._annotation(text, "LABEL")

    def _lines(self, detection: Detection) -> list[str]:
        names = detection.display_name or detection.label or tuple(map(str, detection.label_id))
        parts = [
            f"{name}{self.options.text_delimiter}{score:.3g}"
            for name, score in zip(names, detection.score, strict=False)
        ]
        lines = parts if self.options.one_label_per_line else ["  ".join(parts)]
        if self.options.render_detection_id and detection.detection_id is not None:
            lines = [f"Id: {detection.detection_id}", *lines]
        return [line for line in lines if line]


def _rectangle(detection: Detection) -> Rectangle | None:
    location = detection.location_data
    if location.format is LocationFormat.RELATIVE_BOUNDING_BOX:
        box: Any = location.relative_bounding_box
    elif location.format is LocationFormat.BOUNDING_BOX:
        box = location.bounding_box
    else:
        return None
    return Rectangle(
        left=box.xmin,
        top=box.ymin,
        right=box.xmin + box.width,
        bottom=box.ymin + box.height,
        normalized=location.format is LocationFormat.RELATIVE_BOUNDING_BOX,
    )
