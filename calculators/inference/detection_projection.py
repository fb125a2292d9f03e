"""Carries detections from one picture's fractions to another's."""

from collections.abc import Sequence
from dataclasses import replace

from flowlace.formats.detection import Detection, LocationFormat, RelativeBoundingBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionProjectionCalculator(Calculator[NoOptions]):
    """Carries detections over by a matrix, such as the one `ImageToTensorCalculator` gives.

    Inputs:   DETECTIONS, one or more (list of Detection with boxes in fractions)
              PROJECTION_MATRIX (tuple of 16 floats): 4×4, row by row
    Outputs:  DETECTIONS, one for each input (list of Detection), in step

    A box that is turned becomes the upright one around it; keypoints stay exact.

    Timestamps: as the input; without a matrix there is no output.

    Example:
        ```
        node {
          calculator: "DetectionProjectionCalculator"
          input_stream: "DETECTIONS:tensor_detections"
          input_stream: "PROJECTION_MATRIX:detector_matrices"
          output_stream: "DETECTIONS:frame_detections"
        }
        ```
    """

    input_ports = (
        Port("DETECTIONS", list[Detection], repeated=True),
        Port("PROJECTION_MATRIX", tuple),
    )
    output_ports = (Port("DETECTIONS", list[Detection], repeated=True),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for each input."""
        given = len(contract.inputs.tagged("DETECTIONS"))
        wanted = len(contract.outputs.tagged("DETECTIONS"))
        if given != wanted:
            raise ContractError(f"has {given} DETECTIONS to carry over and {wanted} outputs")

    def process(self, packets: PacketSet) -> None:
        """Carries the detections of one time over."""
        if not packets["PROJECTION_MATRIX"]:
            return
        matrix = packets["PROJECTION_MATRIX"].payload
        if len(matrix) != 16:
            raise ValueError(f"PROJECTION_MATRIX needs 16 numbers, but has {len(matrix)}")
        given = packets.tagged("DETECTIONS")
        for packet, output in zip(given, self.outputs.tagged("DETECTIONS"), strict=True):
            if packet:
                carried = [_carried(each, matrix) for each in packet.payload]
                output.send(Packet(carried, packets.timestamp))


def _carried(detection: Detection, matrix: Sequence[float]) -> Detection:
    location = detection.location_data
    box = location.relative_bounding_box
    if box is None or location.format is not LocationFormat.RELATIVE_BOUNDING_BOX:
        raise ValueError(
            f"only detections with RELATIVE_BOUNDING_BOX can be carried over, but one has "
            f"{location.format.name}"
        )
    corners = [
        _point(x, y, matrix)
        for x in (box.xmin, box.xmin + box.width)
        for y in (box.ymin, box.ymin + box.height)
    ]
    left, top = map(min, zip(*corners, strict=True))
    right, bottom = map(max, zip(*corners, strict=True))
    points = [(_point(each.x, each.y, matrix), each) for each in location.relative_keypoints]
    return replace(
        detection,
        location_data=replace(
            location,
            relative_bounding_box=RelativeBoundingBox(left, top, right - left, bottom - top),
            relative_keypoints=tuple(replace(each, x=x, y=y) for (x, y), each in points),
        ),
    )


def _point(x: float, y: float, matrix: Sequence[float]) -> tuple[float, float]:
    return (
        x * matrix[0] + y * matrix[1] + matrix[3],
        x * matrix[4] + y * matrix[5] + matrix[7],
    )
