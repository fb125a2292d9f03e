"""Turns flowlace's errors into the built-in ones MediaPipe raises."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flowlace.framework.errors import (
    CalculatorError,
    FlowlaceError,
    GraphConfigError,
    ThrottledError,
)

_LATE = re.compile(r"expects timestamps from (\S+) on, but .* sent a packet at (\S+);")
_CLOSED = re.compile(r"graph input '[^']*' is closed;")
_UNKNOWN = re.compile(r"there is no calculator or subgraph '([^']*)'")
_KEPT = (ValueError, FileExistsError, NotImplementedError)
"""What MediaPipe's status codes become; any other failure of a calculator is a RuntimeError."""


class GraphValidationError(ValueError, RuntimeError):
    """A graph that can't run.

    MediaPipe raises a ValueError for some mistakes and a RuntimeError for others; flowlace reports
    all of them at once, so this is both.
    """


@contextmanager
def peer_errors() -> Iterator[None]:
    """Raises what MediaPipe would raise; the flowlace error is the cause."""
    try:
        yield
    except FlowlaceError as error:
        raise as_peer_error(error) from error


def as_peer_error(error: FlowlaceError) -> Exception:
    """Returns the built-in error that MediaPipe raises in the same case."""
    message = str(error)
    if isinstance(error, GraphConfigError):
        unknown = dict.fromkeys(_UNKNOWN.findall(message))
        lines = [f'Unable to find Calculator "{name}".' for name in unknown]
        return GraphValidationError("\n".join([*lines, message]))
    if isinstance(error, ThrottledError):
        return RuntimeError(f"Graph is throttled. {message}")
    if late := _LATE.search(message):
        bound, given = late.groups()
        peers_words = f"Current minimum expected timestamp is {bound} but received {given}."
        return ValueError(f"{message}. {peers_words}")
    if _CLOSED.search(message):
        return ValueError(message)
    if isinstance(error, CalculatorError):
        kinds = (kind for kind in _KEPT if isinstance(error.__cause__, kind))
        return next(kinds, RuntimeError)(message)
    return RuntimeError(message)
