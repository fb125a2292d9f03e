"""The latest TrackingData of a stream, for walking boxes through time in either direction."""

from bisect import bisect_left
from collections import deque

from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_step import step_boxes
from flowlace.tracking.step_options import TrackStepOptions


class MotionCache:
    """Keeps TrackingData in order of time and moves boxes between its frames."""

    def __init__(self, capacity: int | None, options: TrackStepOptions) -> None:
        self._steps: deque[TrackingData] = deque(maxlen=capacity)
        self._options = options

    def __len__(self) -> int:
        return len(self._steps)

    def append(self, data: TrackingData) -> None:
        """Adds the newest data. Raises ValueError when it does not follow the data before."""
        if self._steps and data.timestamp_us <= self._steps[-1].timestamp_us:
            raise ValueError(
                f"tracking data must come in order of time, but {data.timestamp_us} us follows "
                f"{self._steps[-1].timestamp_us} us"
            )
        self._steps.append(data)

    @property
    def timestamps_us(self) -> list[int]:
        """Times of the frames a box can be placed in."""
        return [data.timestamp_us for data in self._steps]

    @property
    def newest_us(self) -> int:
        """Time of the newest frame. Raises IndexError while empty."""
        return self._steps[-1].timestamp_us

    @property
    def oldest_us(self) -> int:
        """Time of the oldest frame. Raises IndexError while empty."""
        return self._steps[0].timestamp_us

    @property
    def frame_aspect(self) -> float:
        """Width / height of the frames. Raises IndexError while empty."""
        return self._steps[-1].frame_aspect

    def nearest_index(self, timestamp_us: int) -> int:
        """Returns the index of the frame closest to a time, the earlier one of two."""
        times = self.timestamps_us
        after = min(bisect_left(times, timestamp_us), len(times) - 1)
        before = max(after - 1, 0)
        is_before = timestamp_us - times[before] <= times[after] - timestamp_us
        return before if is_before else after

    def forward(self, boxes: BoxStates, index: int) -> BoxStates:
        """Returns boxes of frame `index - 1` moved to frame `index`."""
        return step_boxes(boxes, self._steps[index].inverted(), self._options)

    def backward(self, boxes: BoxStates, index: int) -> BoxStates:
        """Returns boxes of frame `index` moved to frame `index - 1`."""
        return step_boxes(boxes, self._steps[index], self._options)

    def walk(self, boxes: BoxStates, start: int, end: int) -> BoxStates:
        """Returns boxes of frame `start` moved to frame `end`, either way, the failed ones too."""
        for index in range(start + 1, end + 1):
            boxes = self.forward(boxes, index)
        for index in range(start, end, -1):
            boxes = self.backward(boxes, index)
        return boxes
