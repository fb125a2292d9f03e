"""Turns detections into boxes a tracker can start from."""

from flowlace.formats.detection import Detection, LocationFormat
from flowlace.formats.object_row import best_label
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionsToTimedBoxListCalculator(Calculator[NoOptions]):
    """Turns detections into boxes a tracker can start from.

    Inputs:   DETECTIONS (list[Detection]), DETECTION_LIST (the same type here); one or both,
              with relative boxes and ids
    Outputs:  BOXES (list[TimedBox]), in step: id and best label of the detection, at its own
              `timestamp_us`, or the packet's where it has none

    Detections without extent, and those whose coordinates are not finite, can't be tracked; they
    are left out and counted as `boxes_without_extent`.

    Example:
        ```
        node {
          calculator: "DetectionsToTimedBoxListCalculator"
          input_stream: "DETECTIONS:detections_with_id"
          output_stream: "BOXES:start_boxes"
        }
        ```
    """

    input_ports = (
        Port("DETECTIONS", list[Detection], optional=True),
        Port("DETECTION_LIST", list[Detection], optional=True),
    )
    output_ports = (Port("BOXES", list[TimedBox], doc="one a detection"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an input."""
        if not contract.inputs:
            raise ContractError("connect DETECTIONS or DETECTION_LIST")

    def process(self, packets: PacketSet) -> None:
        """Converts the detections of one time."""
        given = [packets.get(port) for port in ("DETECTION_LIST", "DETECTIONS")]
        if not any(given):
            return
        listed = [each for packet in given if packet for each in packet.payload]
        boxes = [self._box(each, packets.timestamp) for each in listed]
        found = [box for box in boxes if box is not None]
        if len(found) < len(boxes):
            self.count("boxes_without_extent", len(boxes) - len(found))
        self.outputs["BOXES"].send(Packet(found, packets.timestamp))

    def _box(self, detection: Detection, timestamp: int) -> TimedBox | None:
        location = detection.location_data
        box = location.relative_bounding_box
        if location.format is not LocationFormat.RELATIVE_BOUNDING_BOX or box is None:
            raise ValueError(
                f"detection {detection.detection_id} has a {location.format.name} location, but "
                "trackers start from RELATIVE_BOUNDING_BOX; convert it before"
            )
        if not (box.width > 0 and box.height > 0):
            return None
        try:
            return TimedBox(
                timestamp_us=timestamp
                if detection.timestamp_us is None
                else detection.timestamp_us,
                left=box.xmin,
                top=box.ymin,
                right=box.xmin + box.width,
                bottom=box.ymin + box.height,
                id=-1 if detection.detection_id is None else detection.detection_id,
                label=best_label(detection)[0],
            )
        except ValueError:
            return None
