"""The boxes a detector's raw outputs are relative to.

Source of names: MediaPipe `framework/formats/object_detection/anchor.proto`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.framework.options import option, proto_options


@proto_options("mediapipe.Anchor", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """One box, as a graph file has it; fractions of the picture."""

    x_center: float = option(1)
    y_center: float = option(2)
    h: float = option(3)
    w: float = option(4)


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """All boxes of a model, in the order of its outputs.

    Raises ValueError for an array of another shape.
    """

    boxes: NDArray[np.float32]
    """`[box, 4]`: y_center, x_center, height, width, as models have them that bring their own;
    a read-only view, not a copy."""

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, np.float32)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"anchors need the shape [n, 4], but they have {list(boxes.shape)}")
        view = boxes.view()
        view.flags.writeable = False
        object.__setattr__(self, "boxes", view)

    def __len__(self) -> int:
        return len(self.boxes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Anchors):
            return NotImplemented
        return np.array_equal(self.boxes, other.boxes)

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is large

    def __repr__(self) -> str:
        return f"Anchors({len(self)})"
