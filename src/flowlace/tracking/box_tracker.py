"""Tracks any number of boxes through a stream of TrackingData."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.motion_cache import MotionCache
from flowlace.tracking.state_boxes import blended_box, eased_box, timed_boxes
from flowlace.tracking.step_options import TrackStepOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamingBoxTrackerOptions:
    """Options; the first three have MediaPipe's names."""

    track_step_options: TrackStepOptions = field(default_factory=TrackStepOptions)
    """Every step."""

    streaming_track_data_cache_size: int = 100
    """Frames kept for boxes that arrive late (a detector takes its time), and for queries."""

    start_pos_transition_frames: int = 0
    """Frames over which the jump of a restarted box fades out; 0 jumps."""

    extrapolation_us: int = 67_000
    """How far outside its known times a box may still be given."""


@dataclass(slots=True)
class _Transition:
    old: TimedBox
    new: TimedBox
    frames_left: int


class StreamingBoxTracker:
    """Follows boxes from frame to frame; start, restart and cancel them at any time.

    >>> tracker = StreamingBoxTracker()
    >>> data = TrackingData.empty(timestamp_us=0, previous_timestamp_us=0, frame_aspect=1.5)
    >>> tracker.add_tracking_data(data)
    []
    >>> box = TimedBox(timestamp_us=0, left=0.2, top=0.2, right=0.4, bottom=0.4, id=7)
    >>> [live.id for live in tracker.start([box])]
    [7]
    """

    def __init__(self, options: StreamingBoxTrackerOptions | None = None) -> None:
        self._options = options or StreamingBoxTrackerOptions()
        # A step needs the frame before, so two are kept even where no cache is wanted.
        size = max(2, self._options.streaming_track_data_cache_size)
        self._cache = MotionCache(size, self._options.track_step_options)
        self._states = BoxStates.none()
        self._origins: dict[int, TimedBox] = {}
        self._waiting: dict[int, TimedBox] = {}
        self._transitions: dict[int, _Transition] = {}
        self._history: deque[list[TimedBox]] = deque(maxlen=size)
        self._lost: list[TimedBox] = []

    @property
    def lost_boxes(self) -> list[TimedBox]:
        """Boxes the last call gave up, in the state they ended in."""
        return list(self._lost)

    @property
    def states(self) -> BoxStates:
        """Everything known about the live boxes, for drawing and for appearance models."""
        return self._states

    def add_tracking_data(self, data: TrackingData) -> list[TimedBox]:
        """Steps every box once to `data`'s frame and returns the live ones.

        Boxes that were waiting for this frame join. Raises ValueError when `data` is older than
        the data before.
        """
        self._cache.append(data)
        self._lost = []
        if len(self._cache) > 1:
            self._states = self._cache.forward(self._states, len(self._cache) - 1)
            self._drop_failed()
        due = [b for b in self._waiting.values() if b.timestamp_us <= data.timestamp_us]
        for box in due:
            del self._waiting[box.id]
        self._admit(due)
        self._history.append(self._output())
        return self._history[-1]

    def start(self, boxes: Iterable[TimedBox]) -> list[TimedBox]:
        """Starts boxes, or starts them anew where their id is live; returns all live boxes.

        A box older than the newest frame is first moved there through the cached motion; one
        that is newer waits; one that is older than the cache is dropped (see `lost_boxes`).
        """
        self._lost = []
        latest = {box.id: box for box in boxes}
        newest = self._cache.newest_us if len(self._cache) else None
        ready = []
        for box in latest.values():
            self._waiting.pop(box.id, None)
            if newest is None or box.timestamp_us > newest:
                self._waiting[box.id] = box
            elif box.timestamp_us < self._cache.oldest_us:
                self._lost.append(box)
            else:
                ready.append(box)
        if ready:
            self._admit(ready)
            self._replace_newest_output()
        return self._history[-1] if self._history else []

    def restart(self, boxes: Iterable[TimedBox]) -> list[TimedBox]:
        """Places boxes found again by their picture; same as `start`, MediaPipe's RESTART_POS."""
        return self.start(boxes)

    def cancel(self, ids: Iterable[int]) -> None:
        """Forgets boxes, live and waiting."""
        gone = set(ids)
        self._remove(gone)
        for id_ in gone:
            self._waiting.pop(id_, None)
        self._replace_newest_output()

    def nudge(self, states: BoxStates) -> list[TimedBox]:
        """Replaces the live boxes' states, as an appearance model corrects them.

        Raises ValueError when `states` holds other boxes.
        """
        if not np.array_equal(states.ids, self._states.ids):
            raise ValueError(
                f"nudge expects the live boxes {self._states.ids.tolist()}, but got "
                f"{states.ids.tolist()}; take `states`, change it, and give it back"
            )
        self._states = states
        self._replace_newest_output()
        return self._history[-1] if self._history else []

    def boxes_at(self, timestamp_us: int) -> list[TimedBox]:
        """Returns the boxes at any time in the cache, blended between frames.

        A time more than `extrapolation_us` outside gives nothing.
        """
        if not self._history or not len(self._cache):
            return []
        times = self._cache.timestamps_us[-len(self._history) :]
        reach = self._options.extrapolation_us
        if not times[0] - reach <= timestamp_us <= times[-1] + reach:
            return []
        after = min(bisect_left(times, timestamp_us), len(times) - 1)
        before = max(after - 1, 0) if times[after] != timestamp_us else after
        earlier = {box.id: box for box in self._history[before]}
        return [
            blended_box(earlier.get(box.id, box), box, timestamp_us) for box in self._history[after]
        ]

    def random_access(self, pairs: Sequence[tuple[TimedBox, int]]) -> list[TimedBox | None]:
        """Tracks each (box, end time) through the cache, forwards or backwards.

        None for a pair whose start or end lies outside the cache, and for a box lost on the
        way. The live boxes are not touched.
        """
        return [self._accessed(box, end_us) for box, end_us in pairs]

    def _accessed(self, box: TimedBox, end_us: int) -> TimedBox | None:
        if not len(self._cache):
            return None
        oldest, newest = self._cache.oldest_us, self._cache.newest_us
        if not (oldest <= box.timestamp_us <= newest and oldest <= end_us <= newest):
            return None
        aspect = self._cache.frame_aspect
        start, end = (self._cache.nearest_index(t) for t in (box.timestamp_us, end_us))
        states = self._cache.walk(BoxStates.start([box], aspect), start, end)
        if states.is_failed.any():
            return None
        return timed_boxes(states, {box.id: box}, end_us, aspect)[0]

    def _admit(self, boxes: Sequence[TimedBox]) -> None:
        """Brings boxes of known times to the newest frame and joins them to the live ones."""
        by_frame: dict[int, list[TimedBox]] = {}
        for box in boxes:
            by_frame.setdefault(self._cache.nearest_index(box.timestamp_us), []).append(box)
        if not by_frame:
            return
        aspect = self._cache.frame_aspect
        catching_up = BoxStates.none()
        for index in range(min(by_frame), len(self._cache)):
            if index > min(by_frame):
                catching_up = self._cache.forward(catching_up, index)
            starting = by_frame.get(index, [])
            catching_up = catching_up.joined(BoxStates.start(starting, aspect))
        old = {box.id: box for box in self._output()}
        self._remove({box.id for box in boxes})
        self._origins.update((box.id, box) for box in boxes)
        self._states = self._states.joined(catching_up)
        self._begin_transitions(old, {box.id for box in boxes})
        self._drop_failed()

    def _begin_transitions(self, old: dict[int, TimedBox], ids: set[int]) -> None:
        frames = self._options.start_pos_transition_frames
        if not frames:
            return
        for new in self._boxes_of_states():
            if new.id in ids and new.id in old:
                self._transitions[new.id] = _Transition(old[new.id], new, frames)

    def _drop_failed(self) -> None:
        failed = self._states.is_failed
        if failed.any():
            self._lost += [b for b in self._boxes_of_states() if b.state.is_failure]
            self._remove(set(self._states.ids[failed].tolist()))

    def _remove(self, ids: set[int]) -> None:
        gone = ids & self._origins.keys()
        if not gone:
            return
        kept = np.flatnonzero(~np.isin(self._states.ids, list(gone)))
        self._states = self._states.select(kept)
        for id_ in gone:
            del self._origins[id_]
            self._transitions.pop(id_, None)

    def _boxes_of_states(self) -> list[TimedBox]:
        if not len(self._states):
            return []
        newest = self._cache.newest_us
        return timed_boxes(self._states, self._origins, newest, self._cache.frame_aspect)

    def _output(self) -> list[TimedBox]:
        boxes = self._boxes_of_states()
        return [self._eased(box) for box in boxes] if self._transitions else boxes

    def _eased(self, box: TimedBox) -> TimedBox:
        transition = self._transitions.get(box.id)
        if transition is None:
            return box
        part = transition.frames_left / (self._options.start_pos_transition_frames + 1)
        transition.frames_left -= 1
        if transition.frames_left <= 0:
            del self._transitions[box.id]
        return eased_box(box, transition.old, transition.new, part)

    def _replace_newest_output(self) -> None:
        if self._history:
            self._history[-1] = self._output()
