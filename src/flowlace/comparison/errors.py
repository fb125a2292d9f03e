"""What goes wrong when results are compared."""

from flowlace.framework.errors import FlowlaceError


class ComparisonError(FlowlaceError):
    """A comparison that can't be made: an unknown tolerance, a file that can't be read."""
