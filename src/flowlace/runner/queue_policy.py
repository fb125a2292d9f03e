"""What happens to a frame that comes while the graph is busy."""

from enum import Enum


class QueuePolicy(Enum):
    """Who waits or goes when frames come faster than the graph takes them."""

    WAIT = "wait"
    """The source waits while the graph's queues are full: nothing is lost. For files, and for live
    sound, of which the source keeps the newest seconds meanwhile."""

    DROP_OLDEST = "drop-oldest"
    """One frame is in the graph; of those that come meanwhile the newest is kept. For live
    pictures: results are never older than one frame's work."""

    DROP_NEWEST = "drop-newest"
    """The queues of the graph fill up, and frames that find them full are dropped: more frames get
    through than with DROP_OLDEST, later."""
