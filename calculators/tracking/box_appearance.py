"""Corrects tracked boxes by what they look like."""

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.state_boxes import timed_boxes

_TO_BGR = {
    ImageFormat.SRGB: cv2.COLOR_RGB2BGR,
    ImageFormat.SRGBA: cv2.COLOR_RGBA2BGR,
    ImageFormat.SBGRA: cv2.COLOR_BGRA2BGR,
    ImageFormat.GRAY8: cv2.COLOR_GRAY2BGR,
}


@register_calculator
class BoxAppearanceCalculator(Calculator[NoOptions]):
    """Corrects tracked boxes by what they look like: an anchor against drift.

    Motion adds up small errors; this compares with the pictures a box has had since its start.

    Inputs:   VIDEO (Image): the frames the motion was analysed on, of any size with their shape
              STATES (BoxStates), BOXES (list[TimedBox]): from BoxTrackerCalculator, in step
    Outputs:  STATES (BoxStates): corrected; send them back to the tracker
              BOXES (list[TimedBox]): the same as boxes

    For results that are the same in every run, bring STATES back through a
    PreviousLoopbackCalculator, whose MAIN is the tracker's TRACKING, into CORRECTED_STATES: the
    tracker then takes each step from the corrected places. Cost: some milliseconds a box and frame.

    Example:
        ```
        node {
          calculator: "BoxAppearanceCalculator"
          input_stream: "VIDEO:camera_frames"
          input_stream: "STATES:motion_states"
          input_stream: "BOXES:motion_boxes"
          output_stream: "STATES:corrected_states"
          output_stream: "BOXES:tracked_boxes"
        }
        ```
    """

    input_ports = (
        Port("VIDEO", Image, doc="the frame"),
        Port("STATES", BoxStates, doc="where motion says the boxes are"),
        Port("BOXES", list[TimedBox], doc="the same as boxes"),
    )
    output_ports = (
        Port("STATES", BoxStates, optional=True, doc="corrected"),
        Port("BOXES", list[TimedBox], optional=True, doc="corrected"),
    )
    timestamp_offset = 0

    def open(self) -> None:
        """Starts without knowing any box."""
        self._model = AppearanceModel()

    def process(self, packets: PacketSet) -> None:
        """Corrects the boxes of one frame."""
        if not (packets["VIDEO"] and packets["STATES"] and packets["BOXES"]):
            return
        frame: Image = packets["VIDEO"].payload
        boxes: list[TimedBox] = packets["BOXES"].payload
        states: BoxStates = packets["STATES"].payload
        if len(states):
            states = self._model.correct(_bgr(frame), states)
            aspect = frame.width_px / frame.height_px
            boxes = timed_boxes(states, {box.id: box for box in boxes}, packets.timestamp, aspect)
        for port, payload in (("STATES", states), ("BOXES", boxes)):
            if port in self.outputs:
                self.outputs[port].send(Packet(payload, packets.timestamp))


def _bgr(frame: Image) -> NDArray[np.uint8]:
    if frame.format not in _TO_BGR:
        raise ValueError(f"a frame of format {frame.format.name} can't be compared; convert it")
    return np.asarray(cv2.cvtColor(frame.pixels, _TO_BGR[frame.format]), np.uint8)
