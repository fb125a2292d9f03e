"""Carries detections from a picture with borders to the picture without them."""

from dataclasses import dataclass, replace

from flowlace.formats.detection import Detection, LocationFormat, RelativeBoundingBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionLetterboxRemovalCalculator(Calculator[NoOptions]):
    """Carries detections from a picture with borders to the picture without them.

    Inputs:   DETECTIONS (list of Detection with boxes in fractions)
              LETTERBOX_PADDING (tuple of left, top, right, bottom): borders as fractions of the
              picture that has them
    Outputs:  DETECTIONS (list of Detection), in step

    Counts `detections_without_padding`: times with detections and no padding, which give nothing.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DetectionLetterboxRemovalCalculator"
          input_stream: "DETECTIONS:tensor_detections"
          input_stream: "LETTERBOX_PADDING:letterbox_paddings"
          output_stream: "DETECTIONS:frame_detections"
        }
        ```
    """

    input_ports = (Port("DETECTIONS", list[Detection]), Port("LETTERBOX_PADDING", tuple))
    output_ports = (Port("DETECTIONS", list[Detection]),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Carries the detections of one time over."""
        detections, padding = packets["DETECTIONS"], packets["LETTERBOX_PADDING"]
        if not detections:
            return
        if not padding:
            self.count("detections_without_padding")
            return
        inner = _inner(*padding.payload)
        carried = [inner.carried(detection) for detection in detections.payload]
        self.outputs["DETECTIONS"].send(Packet(carried, packets.timestamp))


@dataclass(frozen=True, slots=True)
class _Inner:
    """The part of a picture between its borders."""

    left: float
    top: float
    width: float
    height: float

    def carried(self, detection: Detection) -> Detection:
        location = detection.location_data
        box = location.relative_bounding_box
        if box is None or location.format is not LocationFormat.RELATIVE_BOUNDING_BOX:
            raise ValueError(
                f"only detections with RELATIVE_BOUNDING_BOX lose a letterbox, but one has "
                f"{location.format.name}"
            )
        points = tuple(
            replace(point, x=self._x(point.x), y=self._y(point.y))
            for point in location.relative_keypoints
        )
        moved = RelativeBoundingBox(
            self._x(box.xmin), self._y(box.ymin), box.width / self.width, box.height / self.height
        )
        location = replace(location, relative_bounding_box=moved, relative_keypoints=points)
        return replace(detection, location_data=location)

    def _x(self, x: float) -> float:
        return (x - self.left) / self.width

    def _y(self, y: float) -> float:
        return (y - self.top) / self.height


def _inner(left: float, top: float, right: float, bottom: float) -> _Inner:
    inner = _Inner(left, top, 1 - left - right, 1 - top - bottom)
    if not (inner.width > 0 and inner.height > 0):
        raise ValueError(
            f"LETTERBOX_PADDING leaves nothing of the picture: {left}, {top}, {right}, {bottom}"
        )
    return inner
