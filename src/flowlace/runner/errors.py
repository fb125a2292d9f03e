"""What goes wrong between the command line and a graph."""

from collections.abc import Iterable

from flowlace.framework.errors import FlowlaceError
from flowlace.framework.registry import nearest_name


class RunnerError(FlowlaceError):
    """A source or sink does not fit the graph, or a graph can't be found."""


def unknown_name(message: str, name: str, known: Iterable[str]) -> RunnerError:
    """Returns the error for a name that is not known, with a hint where one is much like it."""
    hint = nearest_name(name, list(known))
    return RunnerError(f"{message} ({hint})" if hint else message)
