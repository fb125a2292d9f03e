"""Turns tracked detections into rows of pixels, for files and programs."""

from flowlace.formats.detection import Detection
from flowlace.formats.image import Image
from flowlace.formats.object_row import ObjectRow, object_rows
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionsToObjectRowsCalculator(Calculator[NoOptions]):
    """Turns tracked detections into rows of pixels: id, label, score, box, confidence.

    Inputs:   VIDEO (Image), the frame, whose size the pixels belong to
              DETECTIONS (list[Detection]), with relative boxes
              TRACKED_BOXES (list[TimedBox]), optional: the tracker's boxes under the detections'
              ids, for their confidence; without it every confidence is 1
    Outputs:  ROWS (list[ObjectRow]), in step, empty lists included

    Example:
        ```
        node {
          calculator: "DetectionsToObjectRowsCalculator"
          input_stream: "VIDEO:camera_frames"
          input_stream: "DETECTIONS:tracked_detections"
          input_stream: "TRACKED_BOXES:object_boxes"
          output_stream: "ROWS:objects"
        }
        ```
    """

    input_ports = (
        Port("VIDEO", Image, doc="the frame"),
        Port("DETECTIONS", list[Detection], doc="objects of the frame"),
        Port("TRACKED_BOXES", list[TimedBox], optional=True, doc="for the confidence"),
    )
    output_ports = (Port("ROWS", list[ObjectRow], doc="one row an object"),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the detections of one frame."""
        if not (packets["VIDEO"] and packets["DETECTIONS"]):
            return
        frame: Image = packets["VIDEO"].payload
        tracked = packets.get("TRACKED_BOXES")
        rows = object_rows(
            packets["DETECTIONS"].payload,
            {box.id: box for box in tracked.payload} if tracked else {},
            timestamp_us=packets.timestamp,
            width_px=frame.width_px,
            height_px=frame.height_px,
        )
        self.outputs["ROWS"].send(Packet(rows, packets.timestamp))
