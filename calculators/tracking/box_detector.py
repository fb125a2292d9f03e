"""Finds lost boxes again by their picture."""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.tracking.region_flow_options import given
from flowlace.formats.image import Image
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.tracking.box_detector import BoxDetector
from flowlace.tracking.box_detector import BoxDetectorOptions as DetectorOptions

LEAST_BITS = 8.0
"""A smaller `max_match_distance` is MediaPipe's Euclidean one, which has no meaning for bits."""


class IndexType(IntEnum):
    """How features are matched; there is one way here."""

    INDEX_UNSPECIFIED = 0
    OPENCV_BF = 1


@proto_options("mediapipe.BoxDetectorOptions.ImageQuerySettings", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class ImageQuerySettingsMessage:
    """How features are taken from a frame."""

    pyramid_bottom_size: int | None = option(1)
    """Longer side frames are shrunk to; unset is 640."""
    pyramid_scale_factor: float | None = option(2)
    """Ratio of pyramid levels; unset is 1.2."""
    max_pyramid_levels: int | None = option(3)
    """Pyramid levels; unset is 4."""
    max_features: int | None = option(4)
    """Features in a frame; unset is 1000."""


@proto_options("mediapipe.BoxDetectorOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class BoxDetectorOptionsMessage:
    """When and how boxes are looked for."""

    detect_every_n_frame: int | None = option(2)
    """Look for all boxes in every n-th frame; unset or 0 looks only for lost ones."""
    detect_out_of_fov: bool | None = option(4)
    """Look for lost boxes; unset does."""
    image_query_settings: ImageQuerySettingsMessage | None = option(3)
    """How features are taken from a frame."""
    min_num_correspondence: int | None = option(6)
    """Matches that have to agree on a place; unset is 8."""
    ransac_reprojection_threshold: float | None = option(7)
    """Error up to which a match agrees, longer sides of the frame; unset is .005."""
    max_match_distance: float | None = option(8)
    """Differing bits, of 256, up to which two features may match; unset or below 8 is 64."""
    max_perspective_factor: float | None = option(9)
    """Largest perspective term of a quad; unset is .1."""

    index_type: IndexType | None = option(1)
    descriptor_dims: int | None = option(5)


@proto_options("mediapipe.BoxDetectorCalculatorOptions", extension=289746530)
@dataclass(frozen=True, kw_only=True, slots=True)
class BoxDetectorOptions:
    """Options of BoxDetectorCalculator."""

    detector_options: BoxDetectorOptionsMessage | None = option(1)
    """When and how boxes are looked for."""
    lost_below_confidence: float = option(100, default=0.2)
    """Boxes whose confidence is lower are looked for as if they were lost."""
    learn_above_confidence: float = option(101, default=0.8)
    """A box's look is learned anew only while its confidence is higher."""
    learn_every_us: int = option(102, "int64", default=1_000_000)
    """Time between two looks at the same box."""

    index_proto_filename: tuple[str, ...] = option(2)


@register_calculator
class BoxDetectorCalculator(Calculator[BoxDetectorOptions]):
    """Finds lost boxes again by their picture.

    Learns how each box that asks for `reacquisition` looks while it is tracked well, and looks for
    it in whole frames once it is lost, or in doubt.

    Inputs:   VIDEO (Image): frames
              TRACKED_BOXES (list[TimedBox]): the live boxes of the same frame
              CANCEL_OBJECT_ID (int), optional: forget this box
              REACQ_SWITCH (bool), optional: stop looking, and start again
    Outputs:  BOXES (list[TimedBox]): boxes found in this frame; feed them to the tracker's
              RESTART_POS. Sent for every frame with TRACKED_BOXES, empty lists included

    ORB features are matched by their differing bits, mutually and clearly; enough matches have to
    agree on one similarity, or one homography for quads. Looking costs about 10 ms a frame and is
    done only while a box is lost.

    Example:
        ```
        node {
          calculator: "BoxDetectorCalculator"
          input_stream: "VIDEO:camera_frames"
          input_stream: "TRACKED_BOXES:tracked_boxes"
          output_stream: "BOXES:found_boxes"
        }
        ```
    """

    input_ports = (
        Port("VIDEO", Image, doc="the frame"),
        Port("TRACKED_BOXES", list[TimedBox], doc="live boxes of the frame"),
        Port("CANCEL_OBJECT_ID", int, optional=True, doc="a box to forget"),
        Port("REACQ_SWITCH", bool, optional=True, doc="whether to look"),
    )
    output_ports = (Port("BOXES", list[TimedBox], doc="boxes found in this frame"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Refuses index files of another library's features."""
        if contract.options.index_proto_filename:
            raise ContractError(
                "index_proto_filename: index files of MediaPipe hold other features; "
                "boxes are learned from the video"
            )

    def open(self) -> None:
        """Starts without knowing any box."""
        self._detector = BoxDetector(_detector_options(self.options.detector_options))
        self._learned_us: dict[int, int] = {}
        self._is_on = True

    def process(self, packets: PacketSet) -> None:
        """Forgets, learns and looks."""
        cancelled, switched = packets.get("CANCEL_OBJECT_ID"), packets.get("REACQ_SWITCH")
        if cancelled:
            self._detector.forget(cancelled.payload)
            self._learned_us.pop(cancelled.payload, None)
        if switched:
            self._is_on = switched.payload
        if not (packets["VIDEO"] and packets["TRACKED_BOXES"]):
            return
        gray = packets["VIDEO"].payload.gray().pixels
        boxes: list[TimedBox] = packets["TRACKED_BOXES"].payload
        found = []
        if self._is_on:
            sure = {b.id for b in boxes if b.confidence >= self.options.lost_below_confidence}
            found = self._detector.detect(gray, packets.timestamp, sure)
            self._learn(gray, boxes, packets.timestamp)
        self.outputs["BOXES"].send(Packet(found, packets.timestamp))

    def _learn(self, gray: NDArray[np.uint8], boxes: list[TimedBox], timestamp: int) -> None:
        due = [box for box in boxes if self._is_due(box, timestamp)]
        if due:
            self._detector.add(gray, due)
            self._learned_us.update((box.id, timestamp) for box in due)

    def _is_due(self, box: TimedBox, timestamp: int) -> bool:
        if not box.reacquisition or box.confidence < self.options.learn_above_confidence:
            return False
        last_us = self._learned_us.get(box.id)
        return last_us is None or timestamp - last_us >= self.options.learn_every_us


def _detector_options(message: BoxDetectorOptionsMessage | None) -> DetectorOptions:
    options = DetectorOptions()
    if message is None:
        return options
    query = message.image_query_settings or ImageQuerySettingsMessage()
    distance = message.max_match_distance
    changes = {
        "detect_every_n_frame": message.detect_every_n_frame,
        "detect_out_of_fov": message.detect_out_of_fov,
        "min_num_correspondence": message.min_num_correspondence,
        "ransac_reprojection_threshold": message.ransac_reprojection_threshold,
        "max_match_distance": distance if distance is not None and distance >= LEAST_BITS else None,
        "max_perspective_factor": message.max_perspective_factor,
    }
    settings = {
        "pyramid_bottom_size": query.pyramid_bottom_size,
        "pyramid_scale_factor": query.pyramid_scale_factor,
        "max_pyramid_levels": query.max_pyramid_levels,
        "max_features": query.max_features,
    }
    return replace(
        options,
        image_query_settings=replace(options.image_query_settings, **given(settings)),
        **given(changes),
    )
