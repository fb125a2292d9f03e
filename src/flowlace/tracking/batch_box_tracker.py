"""Tracks boxes both ways through a whole sequence of TrackingData, such as chunk files."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flowlace.formats.tracked_box import TimedBox
from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.motion_cache import MotionCache
from flowlace.tracking.state_boxes import blended_box, timed_boxes
from flowlace.tracking.step_options import TrackStepOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxTrackerOptions:
    """Options; the first has MediaPipe's name."""

    track_step_options: TrackStepOptions = field(default_factory=TrackStepOptions)
    """Every step."""

    checkpoint_distance_us: int = 1_000_000
    """A new start closer than this to an older one of the same id replaces it."""

    extrapolation_us: int = 67_000
    """How far outside its known times a box may still be given."""


class BatchBoxTracker:
    """Answers where a box is at any time, once it has been placed at one or more times.

    Each `new_box_track` is a checkpoint: the box is tracked from there forwards and backwards.
    Between two checkpoints of an id both tracks are blended, so that each start is met exactly.
    """

    def __init__(
        self, sequence: Iterable[TrackingData], options: BoxTrackerOptions | None = None
    ) -> None:
        self._options = options or BoxTrackerOptions()
        self._cache = MotionCache(None, self._options.track_step_options)
        for data in sequence:
            self._cache.append(data)
        if not len(self._cache):
            raise ValueError("batch tracking expects at least one TrackingData, but got none")
        self._paths: dict[int, dict[int, list[TimedBox]]] = {}

    def new_box_track(self, box: TimedBox) -> None:
        """Places a box at the frame nearest to its time and tracks it both ways.

        Raises ValueError when its time is outside the sequence.
        """
        oldest, newest = self._cache.oldest_us, self._cache.newest_us
        if not oldest <= box.timestamp_us <= newest:
            raise ValueError(
                f"box {box.id} starts at {box.timestamp_us} us, but the sequence covers "
                f"{oldest}..{newest} us"
            )
        checkpoints = self._paths.setdefault(box.id, {})
        for start_us in list(checkpoints):
            if abs(start_us - box.timestamp_us) < self._options.checkpoint_distance_us:
                del checkpoints[start_us]
        checkpoints[box.timestamp_us] = self._tracked_both_ways(box)

    def timed_position(self, id_: int, timestamp_us: int) -> TimedBox | None:
        """Returns the box `id_` at a time; None where it was lost or never placed."""
        checkpoints = self._paths.get(id_, {})
        if not checkpoints:
            return None
        starts = sorted(checkpoints)
        after = bisect_left(starts, timestamp_us)
        around = starts[max(after - 1, 0) : after + 1] if after < len(starts) else starts[-1:]
        found = [(s, self._on_path(checkpoints[s], timestamp_us)) for s in around]
        boxes = [(s, box) for s, box in found if box is not None]
        if len(boxes) < 2:
            return boxes[0][1] if boxes else None
        (first_us, first), (second_us, second) = boxes
        part = (timestamp_us - first_us) / (second_us - first_us)
        return _mixed(first, second, part)

    def cancel(self, id_: int) -> None:
        """Forgets a box and all its checkpoints."""
        self._paths.pop(id_, None)

    def _tracked_both_ways(self, box: TimedBox) -> list[TimedBox]:
        start = self._cache.nearest_index(box.timestamp_us)
        times = self._cache.timestamps_us
        aspect = self._cache.frame_aspect
        path = {
            start: timed_boxes(BoxStates.start([box], aspect), {box.id: box}, times[start], aspect)[
                0
            ]
        }
        for step in (1, -1):
            states = BoxStates.start([box], aspect)
            index = start
            while 0 <= index + step < len(times):
                states = self._cache.walk(states, index, index + step)
                index += step
                if states.is_failed.any():
                    break
                path[index] = timed_boxes(states, {box.id: box}, times[index], aspect)[0]
        return [path[index] for index in sorted(path)]

    def _on_path(self, path: list[TimedBox], timestamp_us: int) -> TimedBox | None:
        times = [box.timestamp_us for box in path]
        reach = self._options.extrapolation_us
        if not times[0] - reach <= timestamp_us <= times[-1] + reach:
            return None
        after = min(max(bisect_left(times, timestamp_us), 1), len(path) - 1)
        return blended_box(path[max(after - 1, 0)], path[after], timestamp_us)


def _mixed(first: TimedBox, second: TimedBox, part: float) -> TimedBox:
    """Returns a blend of two boxes of the same time."""
    ends = replace(first, timestamp_us=0), replace(second, timestamp_us=1_000_000)
    blend = blended_box(*ends, round(part * 1_000_000))
    return replace(blend, timestamp_us=first.timestamp_us)
