"""What can go wrong in a nowcast."""

from flowlace.framework.errors import FlowlaceError


class NowcastError(FlowlaceError):
    """Frames, leads or a method that no nowcast can be made from."""
