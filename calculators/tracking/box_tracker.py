"""Follows boxes through a stream of motion data, or through cached files of it."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowlace.calculators.tracking.box_features_to_render_data import feature_annotations
from flowlace.calculators.tracking.timed_box_list_to_render_data import box_annotations
from flowlace.calculators.tracking.track_step_options import (
    BoxTrackerOptionsMessage,
    TimedBoxListMessage,
    track_step_options,
)
from flowlace.calculators.vision.annotation_overlay import overlaid
from flowlace.formats.image import Image
from flowlace.formats.render_data import Color, RenderData
from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.options_message import options_from_message
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.schema import current_schema
from flowlace.tracking.batch_box_tracker import BatchBoxTracker
from flowlace.tracking.batch_box_tracker import BoxTrackerOptions as BatchOptions
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_tracker import StreamingBoxTracker, StreamingBoxTrackerOptions
from flowlace.tracking.chunk_file import read_chunks

DEFAULT_CACHE_SIZE = 100
"""Frames kept for late boxes where the graph says nothing."""


@proto_options("mediapipe.BoxTrackerCalculatorOptions", extension=268767860)
@dataclass(frozen=True, kw_only=True, slots=True)
class BoxTrackerOptions:
    """Options of BoxTrackerCalculator."""

    tracker_options: BoxTrackerOptionsMessage | None = option(1)
    """The tracker itself."""
    initial_position: TimedBoxListMessage | None = option(2)
    """Boxes to start with."""
    streaming_track_data_cache_size: int = option(6)
    """Frames kept for boxes that come late, and for RA_TRACK; 0 keeps 100."""
    start_pos_transition_frames: int = option(7)
    """Frames over which the jump of a restarted box fades out."""

    visualize_tracking_data: bool = option(3)
    """Draw the points near the boxes into VIZ: inliers green, outliers red."""
    visualize_state: bool = option(4)
    """Write id, label, state and confidence over the boxes of VIZ."""
    visualize_internal_state: bool = option(5)
    """As `visualize_tracking_data`."""


@register_calculator
class BoxTrackerCalculator(Calculator[BoxTrackerOptions]):
    """Follows boxes through a stream of motion data, or through cached files of it.

    Inputs:
        TRACKING (TrackingData): one a frame; every box is stepped once
        TRACK_TIME (any): times results are wanted at; a time without TRACKING is answered, by
            interpolation, when the next TRACKING comes
        START_POS, RESTART_POS (list[TimedBox]): boxes to start, or to place anew when their id
            is known. The boxes' own timestamps count: a box from the past is first moved to the
            newest frame through the cached motion, one from the future waits
        CORRECTED_STATES (BoxStates): the STATES of the last frame, corrected by
            BoxAppearanceCalculator; the step starts from them
        START_POS_PROTO_STRING, RA_TRACK_PROTO_STRING (bytes): the same as serialised
            TimedBoxProtoList messages
        CANCEL_OBJECT_ID (int): forget this box
        CANCEL_OBJECT_IDS (list[int]): forget these boxes; for a loop that is in step
        VIDEO (Image): the frame, for VIZ; in step with TRACKING
        RA_TRACK (list[TimedBox]): pairs start0, stop0, start1, stop1, …; each start is tracked,
            forwards or backwards, to the time of its stop
        START (any): in batch mode, waits for this before the files are read
    Outputs:
        BOXES (list[TimedBox]): all live boxes, at every TRACK_TIME, or every TRACKING without it
        LOST (list[TimedBox]): boxes given up in this frame, in the state they ended in
        RA_BOXES (list[TimedBox]): answers to RA_TRACK at its timestamp, lost ones left out
        STATES (BoxStates): everything known about the live boxes, for drawing
        VIZ (Image): VIDEO with the boxes, and what `visualize_…` asks for
    Side packets:
        INITIAL_POS (list[TimedBox]): boxes to start with
        CACHE_DIR (str): batch mode: a folder of chunk files written by FlowPackagerCalculator;
            BOXES at every TRACK_TIME, tracked both ways from INITIAL_POS

    Use `SyncSetInputStreamHandler` with TRACKING and TRACK_TIME in one set and every other input
    in a set of its own when boxes may come at any time; leave START_POS in the set of TRACKING
    for results that are the same in every run. All boxes of a frame are solved together, so a
    hundred cost little more than one.

    Example:
        ```
        node {
          calculator: "BoxTrackerCalculator"
          input_stream: "TRACKING:tracking_data"
          input_stream: "START_POS:start_boxes"
          output_stream: "BOXES:tracked_boxes"
        }
        ```
    """

    input_ports = (
        Port("TRACKING", TrackingData, optional=True, doc="motion of one frame"),
        Port("TRACK_TIME", optional=True, doc="times results are wanted at"),
        Port("START_POS", list[TimedBox], optional=True, doc="boxes to start"),
        Port("RESTART_POS", list[TimedBox], optional=True, doc="boxes found again"),
        Port("START_POS_PROTO_STRING", bytes, optional=True, doc="START_POS, serialised"),
        Port("RA_TRACK_PROTO_STRING", bytes, optional=True, doc="RA_TRACK, serialised"),
        Port("VIDEO", Image, optional=True, doc="the frame, for VIZ"),
        Port("CORRECTED_STATES", BoxStates, optional=True, doc="last states, corrected"),
        Port("CANCEL_OBJECT_ID", int, optional=True, doc="a box to forget"),
        Port("CANCEL_OBJECT_IDS", list[int], optional=True, doc="boxes to forget"),
        Port("RA_TRACK", list[TimedBox], optional=True, doc="start, stop, start, stop, …"),
        Port("START", optional=True, doc="batch mode: the files are complete"),
    )
    output_ports = (
        Port("BOXES", list[TimedBox], optional=True, doc="all live boxes"),
        Port("LOST", list[TimedBox], optional=True, doc="boxes given up in this frame"),
        Port("RA_BOXES", list[TimedBox], optional=True, doc="answers to RA_TRACK"),
        Port("STATES", BoxStates, optional=True, doc="what is known of the live boxes"),
        Port("VIZ", Image, optional=True, doc="VIDEO with the boxes"),
    )
    side_input_ports = (
        Port("INITIAL_POS", list[TimedBox], optional=True, doc="boxes to start with"),
        Port("CACHE_DIR", str, optional=True, doc="folder of chunk files, for batch mode"),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires motion data from one place, and places to start from in one form."""
        if ("TRACKING" in contract.inputs) == ("CACHE_DIR" in contract.side_inputs):
            raise ContractError("connect either TRACKING or the side packet CACHE_DIR")
        options: BoxTrackerOptions = contract.options
        if options.initial_position is not None and "INITIAL_POS" in contract.side_inputs:
            raise ContractError("give initial_position or INITIAL_POS, not both")
        asks = {"RA_TRACK", "RA_TRACK_PROTO_STRING"} & set(contract.inputs)
        if "RA_BOXES" in contract.outputs and not asks:
            raise ContractError("RA_BOXES needs RA_TRACK or RA_TRACK_PROTO_STRING")
        if "VIZ" in contract.outputs and "VIDEO" not in contract.inputs:
            raise ContractError("VIZ needs VIDEO")
        track_step_options(
            (options.tracker_options or BoxTrackerOptionsMessage()).track_step_options
        )

    def open(self) -> None:
        """Makes the tracker and starts the initial boxes."""
        message = self.options.tracker_options or BoxTrackerOptionsMessage()
        self._step = track_step_options(message.track_step_options)
        self._tracker = StreamingBoxTracker(
            StreamingBoxTrackerOptions(
                track_step_options=self._step,
                streaming_track_data_cache_size=self.options.streaming_track_data_cache_size
                or DEFAULT_CACHE_SIZE,
                start_pos_transition_frames=self.options.start_pos_transition_frames,
            )
        )
        self._batch: BatchBoxTracker | None = None
        self._ids: list[int] = []
        self._is_batch = "CACHE_DIR" in self.side_packets
        self._must_wait_for_start = "START" in self.input_headers
        self._asked_times: deque[int] = deque()
        self._wants_times = "TRACK_TIME" in self.input_headers
        self._tracker.start(self._initial_boxes())

    def _initial_boxes(self) -> list[TimedBox]:
        if self.options.initial_position is not None:
            return self.options.initial_position.to_timed_boxes()
        boxes: list[TimedBox] = self.side_packets.get("INITIAL_POS", [])
        return boxes

    def process(self, packets: PacketSet) -> None:
        """Cancels, starts, steps and answers, in this order."""
        if self._is_batch:
            self._answer_from_files(packets)
            return
        self._correct(packets.get("CORRECTED_STATES"))
        self._cancel(packets)
        for port in ("START_POS", "START_POS_PROTO_STRING", "RESTART_POS"):
            started = packets.get(port)
            if started:
                self._tracker.start(_boxes_of(started.payload))
        self._step_to(packets)
        self._answer_random_access(packets.get("RA_TRACK") or packets.get("RA_TRACK_PROTO_STRING"))

    def _correct(self, packet: Packet[BoxStates] | None) -> None:
        if not packet or not len(packet.payload):
            return
        live, corrected = self._tracker.states, packet.payload
        # Boxes may have been cancelled or started since the states were sent out.
        is_known = np.isin(live.ids, corrected.ids)
        merged = corrected.joined(live.select(np.flatnonzero(~is_known)))
        place = {box_id: index for index, box_id in enumerate(merged.ids.tolist())}
        order = np.array([place[box_id] for box_id in live.ids.tolist()], np.int64)
        self._tracker.nudge(merged.select(order))

    def _cancel(self, packets: PacketSet) -> None:
        one, several = packets.get("CANCEL_OBJECT_ID"), packets.get("CANCEL_OBJECT_IDS")
        gone = [*([one.payload] if one else []), *(several.payload if several else [])]
        if gone:
            self._tracker.cancel(gone)

    def _step_to(self, packets: PacketSet) -> None:
        if self._wants_times and packets["TRACK_TIME"]:
            self._asked_times.append(packets.timestamp)
        if not packets["TRACKING"]:
            return
        boxes = self._tracker.add_tracking_data(packets["TRACKING"].payload)
        while self._asked_times and self._asked_times[0] < packets.timestamp:
            asked = self._asked_times.popleft()
            self._send("BOXES", self._tracker.boxes_at(asked), asked)
        if self._asked_times or not self._wants_times:
            self._asked_times.clear()
            self._send("BOXES", boxes, packets.timestamp)
        self._send("LOST", self._tracker.lost_boxes, packets.timestamp)
        self._send("STATES", self._tracker.states, packets.timestamp)
        video = packets.get("VIDEO")
        if video and "VIZ" in self.outputs:
            drawn = self._drawing(boxes, packets["TRACKING"].payload)
            self._send("VIZ", overlaid(video.payload, [drawn]), packets.timestamp)

    def _drawing(self, boxes: list[TimedBox], data: TrackingData) -> RenderData:
        options = self.options
        annotations = []
        if options.visualize_tracking_data or options.visualize_internal_state:
            annotations += feature_annotations(self._tracker.states, data)
        for box in boxes:
            annotations += box_annotations(
                box, color=Color(g=255), thickness=2.0, shows_id=options.visualize_state
            )
        return RenderData(annotations=tuple(annotations))

    def _answer_random_access(self, packet: Packet[Any] | None) -> None:
        if not packet:
            return
        listed = _boxes_of(packet.payload)
        if len(listed) % 2:
            raise ValueError(f"RA_TRACK takes pairs of start and stop, but got {len(listed)} boxes")
        pairs = [(listed[i], listed[i + 1].timestamp_us) for i in range(0, len(listed), 2)]
        answers = [box for box in self._tracker.random_access(pairs) if box is not None]
        self.count("random_access_lost", len(pairs) - len(answers))
        self._send("RA_BOXES", answers, packet.timestamp)

    def _answer_from_files(self, packets: PacketSet) -> None:
        if self._must_wait_for_start and packets["START"]:
            self._must_wait_for_start = False
        if self._must_wait_for_start or not (self._wants_times and packets["TRACK_TIME"]):
            return
        if self._batch is None:
            self._batch = self._read_files()
        found = (self._batch.timed_position(id_, packets.timestamp) for id_ in self._ids)
        self._send("BOXES", [box for box in found if box is not None], packets.timestamp)

    def _read_files(self) -> BatchBoxTracker:
        message = self.options.tracker_options or BoxTrackerOptionsMessage()
        sequence = read_chunks(
            Path(self.side_packets["CACHE_DIR"]), message.cache_file_format or "chunk_%04d"
        )
        batch = BatchBoxTracker(sequence, BatchOptions(track_step_options=self._step))
        for box in self._initial_boxes():
            batch.new_box_track(box)
            self._ids.append(box.id)
        return batch

    def _send(self, port: str, payload: Any, timestamp: int) -> None:
        if port in self.outputs:
            self.outputs[port].send(Packet(payload, timestamp))

    def close(self) -> None:
        """Counts what was asked for and can't be answered any more."""
        if self._asked_times:
            self.count("dropped_track_times", len(self._asked_times))


def _boxes_of(payload: list[TimedBox] | bytes) -> list[TimedBox]:
    """Returns boxes as they are, or out of a serialised TimedBoxProtoList."""
    if isinstance(payload, list):
        return payload
    message = current_schema().message_class("mediapipe.TimedBoxProtoList")()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise ValueError(f"expected a serialised TimedBoxProtoList, but {error}") from error
    boxes: list[TimedBox] = options_from_message(TimedBoxListMessage, message).to_timed_boxes()
    return boxes
