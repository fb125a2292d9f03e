"""One box at one time, as trackers take and give it (MediaPipe's `TimedBoxProto`)."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Self


class TrackState(IntEnum):
    """How the last step of a box went; numbers and names as in MediaPipe's MotionBoxState."""

    UNTRACKED = 0
    """Cannot be tracked: it left the view or failed too often."""
    EMPTY = 1
    """Collapsed to nothing along an axis."""
    NO_FEATURES = 2
    """Nothing to follow inside the box."""
    TRACKED = 3
    """Followed."""
    DUPLICATED = 4
    """Copied from the step before, because the frame was a duplicate."""
    TRACKED_OUT_OF_BOUND = 5
    """Out of view and moved with the camera only."""

    @property
    def is_failure(self) -> bool:
        """Whether the box has no place in this frame."""
        return self in (TrackState.UNTRACKED, TrackState.EMPTY, TrackState.NO_FEATURES)


Quad = tuple[float, float, float, float, float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedBox:
    """A box at one time. Coordinates are fractions of the frame; they may leave 0..1."""

    timestamp_us: int
    """Time of the frame the box lies in."""

    top: float
    """Upper edge before rotation, 0 at the top of the frame."""

    left: float
    """Left edge before rotation, 0 at the left of the frame."""

    bottom: float
    """Lower edge before rotation."""

    right: float
    """Right edge before rotation."""

    id: int = -1
    """Names the object; starting the same id again replaces its box."""

    rotation: float = 0.0
    """Radians about the box's centre, in pixels that are square."""

    quad: Quad | None = None
    """x, y of upper left, lower left, lower right, upper right; only for quads."""

    aspect_ratio: float | None = None
    """Width / height of a flat object in the world, when known."""

    label: str = ""
    """What the object is."""

    confidence: float = 1.0
    """Calibrated probability that the box overlaps the object by more than half (IoU)."""

    state: TrackState = TrackState.TRACKED
    """How the step that led here went."""

    reacquisition: bool = False
    """Look for the object again by its picture once it is lost."""

    request_grouping: bool = False
    """May share the motion of a plane with other boxes."""

    def __post_init__(self) -> None:
        """Refuses coordinates that are not numbers: one would spread to every later frame."""
        values = (self.top, self.left, self.bottom, self.right, self.rotation, *(self.quad or ()))
        if not all(math.isfinite(value) for value in values):
            raise ValueError(
                f"box {self.id} at {self.timestamp_us} us has a coordinate that is "
                f"not a finite number: {values}; drop it before tracking"
            )

    @classmethod
    def from_pixels(
        cls,
        *,
        x: float,
        y: float,
        width: float,
        height: float,
        frame_width: int,
        frame_height: int,
        timestamp_us: int,
        id: int = -1,  # noqa: A002  (the field's own name)
        label: str = "",
    ) -> Self:
        """Returns a box given by its upper left corner and size in pixels."""
        return cls(
            timestamp_us=timestamp_us,
            left=x / frame_width,
            top=y / frame_height,
            right=(x + width) / frame_width,
            bottom=(y + height) / frame_height,
            id=id,
            label=label,
        )

    @property
    def width(self) -> float:
        """Width as a fraction of the frame."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height as a fraction of the frame."""
        return self.bottom - self.top

    def pixels(self, frame_width: int, frame_height: int) -> tuple[float, float, float, float]:
        """Returns x, y, width, height in pixels, rotation left out."""
        return (
            self.left * frame_width,
            self.top * frame_height,
            self.width * frame_width,
            self.height * frame_height,
        )

    def corners_px(self, frame_width: int, frame_height: int) -> tuple[tuple[float, float], ...]:
        """Returns upper left, lower left, lower right, upper right in pixels, rotated."""
        if self.quad is not None:
            xs, ys = self.quad[0::2], self.quad[1::2]
            return tuple((x * frame_width, y * frame_height) for x, y in zip(xs, ys, strict=True))
        x, y, w, h = self.pixels(frame_width, frame_height)
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        around = ((-w, -h), (-w, h), (w, h), (w, -h))
        return tuple(
            (x + (w + cos * u - sin * v) / 2, y + (h + sin * u + cos * v) / 2) for u, v in around
        )
