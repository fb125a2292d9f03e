"""Joins detections that have the same box."""

from collections.abc import Iterable
from dataclasses import replace

from flowlace.formats.detection import (
    BoundingBox,
    Detection,
    RelativeBoundingBox,
    located_box,
)
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionsDeduplicateCalculator(Calculator[NoOptions]):
    """Joins detections that have exactly the same box into one with all their classes.

    Inputs:   detections (list of Detection)
    Outputs:  detections (list of Detection), in the order their boxes first came, in step

    Suppression removes boxes that overlap within a class; this joins what several classes have in
    common. Boxes may be in pixels, as MediaPipe has it, or in fractions.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DetectionsDeduplicateCalculator"
          input_stream: "detections"
          output_stream: "joined_detections"
        }
        ```
    """

    input_ports = (Port("detections", list[Detection]),)
    output_ports = (Port("detections", list[Detection]),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Joins the detections of one time."""
        packet = packets["detections"]
        if packet:
            self.outputs["detections"].send(Packet(_joined(packet.payload), packets.timestamp))


def _joined(detections: Iterable[Detection]) -> list[Detection]:
    found: dict[BoundingBox | RelativeBoundingBox, Detection] = {}
    for each in detections:
        box = located_box(each)
        known = found.get(box)
        found[box] = each if known is None else _with_classes(known, each)
    return list(found.values())


def _with_classes(detection: Detection, other: Detection) -> Detection:
    return replace(
        detection,
        score=detection.score + other.score,
        label=detection.label + other.label,
        label_id=detection.label_id + other.label_id,
        display_name=detection.display_name + other.display_name,
    )
