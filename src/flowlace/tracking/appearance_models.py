"""What the appearance model has learned about each box: one row a box."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.correlation_filter import CorrelationFilters

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(slots=True)
class AppearanceModels:
    """Everything learned, one row a box, in the order of `ids`."""

    ids: IntArray
    """`[box]` Boxes, in the order of all rows."""
    place: CorrelationFilters
    """Finds the box in its surroundings."""
    first: CorrelationFilters
    """The same from the very first picture alone."""
    size: CorrelationFilters
    """Tells the box's size."""
    usual_peak: FloatArray
    """`[box]` Response to expect."""
    seen: IntArray
    """`[box]` Frames since the start."""
    unsure: IntArray
    """`[box]` Frames since the last sure look."""

    def select(self, kept: IntArray) -> "AppearanceModels":
        """Returns the rows at indices `kept`, in that order."""
        return AppearanceModels(
            ids=self.ids[kept],
            place=self.place.select(kept),
            first=self.first.select(kept),
            size=self.size.select(kept),
            usual_peak=self.usual_peak[kept],
            seen=self.seen[kept],
            unsure=self.unsure[kept],
        )

    def joined(self, other: "AppearanceModels") -> "AppearanceModels":
        """Returns these rows followed by `other`'s."""
        return AppearanceModels(
            ids=np.concatenate((self.ids, other.ids)),
            place=self.place.joined(other.place),
            first=self.first.joined(other.first),
            size=self.size.joined(other.size),
            usual_peak=np.concatenate((self.usual_peak, other.usual_peak)),
            seen=np.concatenate((self.seen, other.seen)),
            unsure=np.concatenate((self.unsure, other.unsure)),
        )
