"""Every error this package raises on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class FlowlaceError(Exception):
    """The root of all errors of this package."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a graph file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a graph."""

    message: str
    """What was expected and what came; starts lower case, names things as the user typed them."""

    location: Location | None = None
    """Where in the graph file, where that is known."""

    hint: str = ""
    """What to do next, usually the nearest known name."""

    severity: Literal["error", "warning"] = "error"
    """A graph with a warning runs; with an error it doesn't."""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        mark = "" if self.severity == "error" else f"{self.severity}: "
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{mark}{self.message}{hint}"


class GraphConfigError(FlowlaceError):
    """A graph that can't run: holds every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class GraphError(FlowlaceError):
    """A graph that failed while it ran, or was asked for what its state does not allow."""


class CalculatorError(GraphError):
    """A calculator raised; the cause is the calculator's own exception."""

    def __init__(self, message: str, *, node: str, phase: str, timestamp: int | None) -> None:
        super().__init__(message)
        self.node = node
        """Name of the node as written in the graph, subgraph prefix included."""
        self.phase = phase
        """`open`, `process` or `close`."""
        self.timestamp = timestamp
        """Input timestamp of the failed call, None outside `process`."""


class ThrottledError(GraphError):
    """A packet was refused because a queue is full; the caller may drop it or try again."""


class GraphCancelledError(GraphError):
    """The graph was cancelled by `cancel`."""
