"""What goes wrong between the command line and a graph."""

from flowlace.framework.errors import FlowlaceError


class RunnerError(FlowlaceError):
    """A source or sink does not fit the graph, or a graph can't be found."""
