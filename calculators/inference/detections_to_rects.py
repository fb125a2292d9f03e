"""Turns detections into the regions they cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import atan2, floor, radians
from typing import Any

from flowlace.calculators.inference.radians import wrapped
from flowlace.formats.detection import Detection, LocationFormat, RelativeKeypoint
from flowlace.formats.rect import NormalizedRect, Rect
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_OUTPUTS = ("RECT", "RECTS", "NORM_RECT", "NORM_RECTS")
_NO_RECT = Rect(x_center=0, y_center=0, width=0, height=0)
_NO_NORM_RECT = NormalizedRect(x_center=0.0, y_center=0.0, width=0.0, height=0.0)

Size = tuple[int, int]
"""Width and height of a picture, pixels."""


class ConversionMode(IntEnum):
    """What a region is drawn around."""

    DEFAULT = 0
    """As USE_BOUNDING_BOX."""
    USE_BOUNDING_BOX = 1
    USE_KEYPOINTS = 2


@proto_options("mediapipe.DetectionsToRectsCalculatorOptions", extension=262691807)
@dataclass(frozen=True, kw_only=True, slots=True)
class DetectionsToRectsOptions:
    """Options of `DetectionsToRectsCalculator`."""

    rotation_vector_start_keypoint_index: int | None = option(1)
    """A keypoint; from it to the next one the region is turned to the target angle."""
    rotation_vector_end_keypoint_index: int | None = option(2)
    rotation_vector_target_angle: float | None = option(3)
    """Counterclockwise from the direction of x, radians: 1.57 is upright."""
    rotation_vector_target_angle_degrees: float | None = option(4)
    """The same in degrees; one of both."""
    output_zero_rect_for_empty_detections: bool = option(5)
    """A region of no size instead of nothing where there are no detections."""
    conversion_mode: ConversionMode = option(6)
    """What a region is drawn around."""


@register_calculator
class DetectionsToRectsCalculator(Calculator[DetectionsToRectsOptions]):
    """Turns detections into the regions they cover, upright or turned by two keypoints.

    Inputs:   DETECTION (Detection) or DETECTIONS (list of Detection)
              IMAGE_SIZE (tuple of width and height), needed for turning, and for RECT of keypoints
    Outputs:  one of, in step
              RECT (Rect): of the first detection, which has its box in pixels
              RECTS (list of Rect): of all
              NORM_RECT (NormalizedRect): of the first detection, which has its box in fractions
              NORM_RECTS (list of NormalizedRect): of all

    Without detections there is no output, or a region of no size where the options ask for it.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DetectionsToRectsCalculator"
          input_stream: "DETECTIONS:faces"
          input_stream: "IMAGE_SIZE:frame_sizes"
          output_stream: "NORM_RECT:face_rects"
          options { [mediapipe.DetectionsToRectsCalculatorOptions.ext] {
            rotation_vector_start_keypoint_index: 0
            rotation_vector_end_keypoint_index: 1
            rotation_vector_target_angle_degrees: 0
          } }
        }
        ```
    """

    input_ports = (
        Port("DETECTION", Detection, optional=True),
        Port("DETECTIONS", list[Detection], optional=True),
        Port("IMAGE_SIZE", tuple, optional=True),
    )
    output_ports = (
        Port("RECT", Rect, optional=True),
        Port("RECTS", list[Rect], optional=True),
        Port("NORM_RECT", NormalizedRect, optional=True),
        Port("NORM_RECTS", list[NormalizedRect], optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one input, one output, and all that turning needs."""
        if ("DETECTION" in contract.inputs) == ("DETECTIONS" in contract.inputs):
            raise ContractError("connect DETECTION or DETECTIONS, and not both")
        given = [tag for tag in _OUTPUTS if tag in contract.outputs]
        if len(given) != 1:
            raise ContractError(f"connect exactly one of {', '.join(_OUTPUTS)}")
        needs_size = _check_rotation(contract.options)
        if contract.options.conversion_mode is ConversionMode.USE_KEYPOINTS:
            needs_size = needs_size or given[0] in ("RECT", "RECTS")
        if needs_size and "IMAGE_SIZE" not in contract.inputs:
            raise ContractError("needs IMAGE_SIZE for what the options ask")

    def open(self) -> None:
        """Takes the target angle, and finds what is connected."""
        options = self.options
        self._turns = options.rotation_vector_start_keypoint_index is not None
        self._target = options.rotation_vector_target_angle or 0.0
        if options.rotation_vector_target_angle_degrees is not None:
            self._target = radians(options.rotation_vector_target_angle_degrees)
        (self._output,) = (str(tag) for tag in self.outputs)
        self._is_list = "DETECTIONS" in self.input_headers

    def process(self, packets: PacketSet) -> None:
        """Converts the detections of one time."""
        given = packets["DETECTIONS" if self._is_list else "DETECTION"]
        size_packet = packets.get("IMAGE_SIZE")
        if not given or (self._turns and not size_packet):
            return
        detections: Sequence[Detection] = given.payload if self._is_list else [given.payload]
        rects = self._rects(detections, size_packet.payload if size_packet else None)
        if not rects:
            return
        payload = rects if self._output.endswith("S") else rects[0]
        self.outputs[self._output].send(Packet(payload, packets.timestamp))

    def _rects(self, detections: Sequence[Detection], size: Size | None) -> list[Any]:
        is_normalized = self._output.startswith("NORM")
        if not detections and self.options.output_zero_rect_for_empty_detections:
            return [_NO_NORM_RECT if is_normalized else _NO_RECT]
        if not self._output.endswith("S"):
            detections = detections[:1]
        convert = self._norm_rect if is_normalized else self._rect
        return [convert(detection, size) for detection in detections]

    def _rect(self, detection: Detection, size: Size | None) -> Rect:
        rotation = self._rotation(detection, size)
        if self.options.conversion_mode is ConversionMode.USE_KEYPOINTS:
            if size is None:
                raise ValueError("RECT around keypoints needs a packet on IMAGE_SIZE")
            x, y, width, height = _around_keypoints(detection)
            return Rect(
                x_center=_rounded(x * size[0]),
                y_center=_rounded(y * size[1]),
                width=_rounded(width * size[0]),
                height=_rounded(height * size[1]),
                rotation=rotation,
            )
        box = detection.location_data.bounding_box
        if box is None or detection.location_data.format is not LocationFormat.BOUNDING_BOX:
            raise _wrong_format(detection, LocationFormat.BOUNDING_BOX, "NORM_RECT")
        return Rect(
            x_center=box.xmin + box.width // 2,
            y_center=box.ymin + box.height // 2,
            width=box.width,
            height=box.height,
            rotation=rotation,
        )

    def _norm_rect(self, detection: Detection, size: Size | None) -> NormalizedRect:
        if self.options.conversion_mode is ConversionMode.USE_KEYPOINTS:
            x, y, width, height = _around_keypoints(detection)
        else:
            box = detection.location_data.relative_bounding_box
            wanted = LocationFormat.RELATIVE_BOUNDING_BOX
            if box is None or detection.location_data.format is not wanted:
                raise _wrong_format(detection, wanted, "RECT")
            x, y = box.xmin + box.width / 2, box.ymin + box.height / 2
            width, height = box.width, box.height
        rotation = self._rotation(detection, size)
        return NormalizedRect(x_center=x, y_center=y, width=width, height=height, rotation=rotation)

    def _rotation(self, detection: Detection, size: Size | None) -> float:
        if not self._turns:
            return 0.0
        assert size is not None
        start = _keypoint(detection, self.options.rotation_vector_start_keypoint_index)
        end = _keypoint(detection, self.options.rotation_vector_end_keypoint_index)
        right, down = (end.x - start.x) * size[0], (end.y - start.y) * size[1]
        return wrapped(self._target - atan2(-down, right))


def _check_rotation(options: DetectionsToRectsOptions) -> bool:
    """Returns whether regions are turned; raises where the options leave it open how."""
    start = options.rotation_vector_start_keypoint_index
    end = options.rotation_vector_end_keypoint_index
    angles = (options.rotation_vector_target_angle, options.rotation_vector_target_angle_degrees)
    if start is None and end is None and angles == (None, None):
        return False
    if start is None or end is None:
        raise ContractError(
            "turning needs rotation_vector_start_keypoint_index and "
            "rotation_vector_end_keypoint_index"
        )
    if (angles[0] is None) == (angles[1] is None):
        raise ContractError(
            "turning needs rotation_vector_target_angle or rotation_vector_target_angle_degrees, "
            "and not both"
        )
    return True


def _keypoint(detection: Detection, index: int | None) -> RelativeKeypoint:
    points = detection.location_data.relative_keypoints
    assert index is not None
    if not 0 <= index < len(points):
        raise ValueError(
            f"turning needs keypoint {index}, but a detection has {len(points)} keypoints"
        )
    return points[index]


def _around_keypoints(detection: Detection) -> tuple[float, float, float, float]:
    """Returns middle x and y, width and height of the region around all keypoints."""
    points = detection.location_data.relative_keypoints
    if len(points) < 2:
        raise ValueError(
            f"a region around keypoints needs 2 or more, but a detection has {len(points)}"
        )
    x, y = [point.x for point in points], [point.y for point in points]
    return (
        (min(x) + max(x)) / 2,
        (min(y) + max(y)) / 2,
        max(x) - min(x),
        max(y) - min(y),
    )


def _rounded(value: float) -> int:
    """Returns the nearest whole number; halves go away from 0, as in C++."""
    return floor(value + 0.5) if value >= 0 else -floor(-value + 0.5)


def _wrong_format(detection: Detection, wanted: LocationFormat, other: str) -> ValueError:
    return ValueError(
        f"only detections with {wanted.name} become this region, but one has "
        f"{detection.location_data.format.name}; connect {other} instead"
    )
