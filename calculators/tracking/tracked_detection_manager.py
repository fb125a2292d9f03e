"""Makes objects that keep their ids out of detections and tracked boxes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
)
from flowlace.formats.rect import NormalizedRect
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import UNSET
from flowlace.tracking.tracked_detection import Smoothing, TrackedDetection
from flowlace.tracking.tracked_detections import (
    Association,
    TrackedDetectionOptions,
    TrackedDetections,
)


@proto_options("mediapipe.TrackedDetectionManagerConfig", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedDetectionManagerConfig:
    """What makes two boxes one object, and how long objects are kept."""

    is_same_detection_max_area_ratio: float = option(1, default=3.0)
    """Boxes of a larger ratio of areas are different objects."""
    is_same_detection_min_overlap_ratio: float = option(2, default=0.5)
    """AREA: share of one of two boxes that has to lie in the other."""
    association: Association = option(100, default=Association.AREA)
    """What makes a detection an object that is known already: AREA is MediaPipe's rule, IOU pairs
    one to one by intersection over union, labels agreeing."""
    min_iou: float = option(101, default=0.3)
    """IOU: least intersection over union."""
    ignore_labels: bool = option(102)
    """IOU: whether an object may change its class."""
    max_missed_detections: int = option(103)
    """Rounds of detections that may miss an object before it is lost; 0: any number."""
    reacquire_us: int = option(104, "int64")
    """How long a lost object can come back under its id by its look; 0: never. Needs LOOKS."""
    min_similarity: float = option(105, default=0.8)
    """Least likeness of a lost object and a detection, 0..1."""
    correction_half_life_us: int = option(106, "int64")
    """Time in which half of a correction by a detection is shown; 0 jumps."""
    min_visible: float = option(107)
    """Share of a box that has to be in the frame; 0: one of its corners has to."""
    max_missed_shown: int = option(108)
    """Rounds of detections that may miss an object, detected twice at least, while it is shown;
    has an effect with `max_missed_detections` only."""
    size_half_life_us: int = option(109, "int64")
    """Age at which a shape counts half in an object's usual one, which boxes take on between
    detections as far as shapes of the label change; 0 leaves each detection's. For walkers: their
    boxes breathe with their steps."""
    max_stray: float = option(110)
    """Sizes by which tracking may stray from where the last detections point; 0: any number."""
    min_new_score: float = option(111)
    """Weaker detections go on with objects that are known, and start none; 0: all start some."""


@proto_options("mediapipe.TrackedDetectionManagerCalculatorOptions", extension=301970230)
@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedDetectionManagerOptions:
    """Options of TrackedDetectionManagerCalculator."""

    tracked_detection_manager_options: TrackedDetectionManagerConfig = option(1)
    """What makes two boxes one object, and how long objects are kept."""


@register_calculator
class TrackedDetectionManagerCalculator(Calculator[TrackedDetectionManagerOptions]):
    """Makes objects that keep their ids out of detections and tracked boxes.

    Inputs:
        DETECTIONS (list[Detection]), DETECTION_LIST (the same type here): new detections, each
            with an id of its own and a relative box; empty lists count, as nothing found
        TRACKING_BOXES (list[TimedBox]): all live boxes of a frame, under the detections' ids
        LOOKS (array `[detection, feature]`): from DetectionLookCalculator, in step with DETECTIONS
    Outputs, with every packet of TRACKING_BOXES:
        DETECTIONS (list[Detection]): the objects of the frame, by id: the box from tracking,
            `detection_id` that of the object's first detection, the highest score of each label
        DETECTION_BOXES (list[NormalizedRect]): the same as boxes
        TRACKED_BOXES (list[TimedBox]): the same as the tracker has them, under the objects' ids,
            with confidence and state
        CANCEL_OBJECT_IDS (list[int]): boxes the tracker need not follow any more; sent with every
            frame, for a loop that is in step
    Outputs at times of their own:
        CANCEL_OBJECT_ID (int): the same, one a packet, a microsecond apart

    A detection joins once the tracker tells of its box. It then either is an object that is known
    already and takes over its id, or a new one. With AREA objects that come to cover each other
    are merged too. An object ends when the tracker has lost it, when it is out of view, and, with
    `max_missed_detections`, when detections miss it too often. Everything is compared in the
    newest frame; MediaPipe compares some boxes with those of the frame before.

    Give DETECTIONS and TRACKING_BOXES sync sets of their own (`SyncSetInputStreamHandler`), as
    MediaPipe does, to take detections whenever they are ready. Leave all inputs in step, and bring
    CANCEL_OBJECT_IDS back through a PreviousLoopbackCalculator, for results that are the same in
    every run. Counts `reacquired`: ids given back by looks.

    Example:
        ```
        node {
          calculator: "TrackedDetectionManagerCalculator"
          input_stream: "DETECTIONS:detections_with_id"
          input_stream: "TRACKING_BOXES:tracked_boxes"
          output_stream: "DETECTIONS:tracked_detections"
          output_stream: "CANCEL_OBJECT_IDS:cancelled_ids"
          options {
            [mediapipe.TrackedDetectionManagerCalculatorOptions.ext] {
              tracked_detection_manager_options { association: IOU max_missed_detections: 2 }
            }
          }
        }
        ```
    """

    input_ports = (
        Port("DETECTIONS", list[Detection], optional=True, doc="new detections"),
        Port("DETECTION_LIST", list[Detection], optional=True, doc="the same"),
        Port("TRACKING_BOXES", list[TimedBox], optional=True, doc="live boxes of a frame"),
        Port("LOOKS", np.ndarray, optional=True, doc="one row a detection"),
    )
    output_ports = (
        Port("DETECTIONS", list[Detection], optional=True, doc="objects of the frame"),
        Port("DETECTION_BOXES", list[NormalizedRect], optional=True, doc="the same as boxes"),
        Port("TRACKED_BOXES", list[TimedBox], optional=True, doc="the same as the tracker's"),
        Port("CANCEL_OBJECT_ID", int, optional=True, doc="a box to forget"),
        Port("CANCEL_OBJECT_IDS", list[int], optional=True, doc="boxes to forget"),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires looks where objects are to come back by them, and options in range."""
        config = contract.options.tracked_detection_manager_options
        if config.reacquire_us > 0 and "LOOKS" not in contract.inputs:
            raise ContractError(
                "reacquire_us needs LOOKS; connect a DetectionLookCalculator, or set it to 0"
            )
        if "LOOKS" in contract.inputs and "DETECTIONS" not in contract.inputs:
            raise ContractError("LOOKS belongs to DETECTIONS; connect that, not DETECTION_LIST")
        _check(config)

    def open(self) -> None:
        """Starts without any object."""
        config = self.options.tracked_detection_manager_options
        self._smoothing = _smoothing(config)
        self._objects = TrackedDetections(_options(config))
        self._last_cancel_us = UNSET

    def process(self, packets: PacketSet) -> None:
        """Takes new detections, then the boxes of a frame."""
        for port in ("DETECTIONS", "DETECTION_LIST"):
            found = packets.get(port)
            if found:
                looks = packets.get("LOOKS") if port == "DETECTIONS" else None
                rows = looks.payload if looks and len(found.payload) else None
                self._objects.add(found.payload, packets.timestamp, rows)
        boxes = packets.get("TRACKING_BOXES")
        if boxes:
            removed = self._objects.update(boxes.payload, packets.timestamp)
            self._cancel(removed, packets.timestamp)
            self._tell(removed, packets.timestamp)

    def close(self) -> None:
        """Counts what came back, and what never joined."""
        if self._objects.reacquired:
            self.count("reacquired", self._objects.reacquired)
        if self._objects.unanswered:
            self.count("detections_never_tracked", self._objects.unanswered)

    def _cancel(self, removed: list[int], timestamp: int) -> None:
        if "CANCEL_OBJECT_ID" not in self.outputs:
            return
        # A tracker takes one id a timestamp.
        for box_id in removed:
            self._last_cancel_us = max(timestamp, self._last_cancel_us + 1)
            self.outputs["CANCEL_OBJECT_ID"].send(Packet(box_id, self._last_cancel_us))

    def _tell(self, removed: list[int], timestamp: int) -> None:
        shown = self._objects.shown()
        self._send("CANCEL_OBJECT_IDS", removed, timestamp)
        if "TRACKED_BOXES" in self.outputs:
            boxes = [each.as_box(self._smoothing) for each in shown]
            self._send("TRACKED_BOXES", boxes, timestamp)
        if "DETECTIONS" in self.outputs:
            detections = [_detection(each, self._smoothing, timestamp) for each in shown]
            self._send("DETECTIONS", detections, timestamp)
        if "DETECTION_BOXES" in self.outputs:
            rects = [_rect(each, self._smoothing) for each in shown]
            self._send("DETECTION_BOXES", rects, timestamp)

    def _send(self, port: str, payload: list[Any], timestamp: int) -> None:
        if port in self.outputs:
            self.outputs[port].send(Packet(payload, timestamp))


def _options(config: TrackedDetectionManagerConfig) -> TrackedDetectionOptions:
    return TrackedDetectionOptions(
        association=config.association,
        max_area_ratio=config.is_same_detection_max_area_ratio,
        min_overlap_ratio=config.is_same_detection_min_overlap_ratio,
        min_iou=config.min_iou,
        ignore_labels=config.ignore_labels,
        max_missed_detections=config.max_missed_detections,
        min_new_score=config.min_new_score,
        reacquire_us=config.reacquire_us,
        min_similarity=config.min_similarity,
        smoothing=_smoothing(config),
        min_visible=config.min_visible,
        max_missed_shown=config.max_missed_shown,
    )


def _smoothing(config: TrackedDetectionManagerConfig) -> Smoothing:
    return Smoothing(
        correction_half_life_us=config.correction_half_life_us,
        size_half_life_us=config.size_half_life_us,
        max_stray=config.max_stray,
    )


def _check(config: TrackedDetectionManagerConfig) -> None:
    if config.is_same_detection_max_area_ratio < 1:
        raise ContractError(
            f"is_same_detection_max_area_ratio is {config.is_same_detection_max_area_ratio:g}, "
            "but no two boxes have a ratio below 1"
        )
    shares = ("is_same_detection_min_overlap_ratio", "min_iou", "min_similarity", "min_visible")
    for name in (*shares, "min_new_score"):
        if not 0 <= getattr(config, name) <= 1:
            raise ContractError(f"{name} is {getattr(config, name):g}, but has to be in 0..1")
    counts = ("max_missed_detections", "max_missed_shown", "reacquire_us")
    for name in (*counts, "correction_half_life_us", "size_half_life_us", "max_stray"):
        if getattr(config, name) < 0:
            raise ContractError(f"{name} is {getattr(config, name):g}, but can't be below 0")


def _detection(each: TrackedDetection, smoothing: Smoothing, timestamp: int) -> Detection:
    left, top, right, bottom = each.shown_place(smoothing).tolist()
    return replace(
        each.detection,
        label=tuple(each.labels),
        label_id=(),
        display_name=(),
        score=tuple(each.labels.values()),
        location_data=LocationData(
            format=LocationFormat.RELATIVE_BOUNDING_BOX,
            relative_bounding_box=RelativeBoundingBox(left, top, right - left, bottom - top),
        ),
        detection_id=each.object_id,
        timestamp_us=timestamp,
    )


def _rect(each: TrackedDetection, smoothing: Smoothing) -> NormalizedRect:
    box = each.as_box(smoothing)
    return NormalizedRect(
        x_center=(box.left + box.right) / 2,
        y_center=(box.top + box.bottom) / 2,
        width=box.width,
        height=box.height,
        rotation=box.rotation,
        rect_id=box.id,
    )
