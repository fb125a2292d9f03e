"""Turns tracked boxes into rows of pixels, for files and programs."""

from flowlace.formats.box_row import BoxRow, box_rows
from flowlace.formats.image import Image
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class BoxesToRowsCalculator(Calculator[NoOptions]):
    """Turns tracked boxes into rows of pixels, one a box, for JSON lines and programs.

    Inputs:   BOXES (list[TimedBox]), live boxes
              LOST (list[TimedBox]), optional: boxes given up, told of once by their state
              VIDEO (Image), the frame, whose size the pixels belong to
    Outputs:  ROWS (list[BoxRow]), in step, empty lists included

    Example:
        ```
        node {
          calculator: "BoxesToRowsCalculator"
          input_stream: "VIDEO:camera_frames"
          input_stream: "BOXES:tracked_boxes"
          output_stream: "ROWS:boxes"
        }
        ```
    """

    input_ports = (
        Port("VIDEO", Image, doc="the frame"),
        Port("BOXES", list[TimedBox], doc="live boxes"),
        Port("LOST", list[TimedBox], optional=True, doc="boxes given up in this frame"),
    )
    output_ports = (Port("ROWS", list[BoxRow], doc="one row a box"),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the boxes of one frame."""
        if not (packets["VIDEO"] and packets["BOXES"]):
            return
        frame: Image = packets["VIDEO"].payload
        lost = packets.get("LOST")
        boxes = packets["BOXES"].payload + (lost.payload if lost else [])
        rows = box_rows(boxes, frame.width_px, frame.height_px)
        self.outputs["ROWS"].send(Packet(rows, packets.timestamp))
