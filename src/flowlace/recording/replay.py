"""Feeds a graph with what a recording holds: in the recorded order, at any speed."""

import threading
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import Any

from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.recording.errors import RecordingError
from flowlace.recording.faults import Fault, with_faults
from flowlace.recording.recording import Recording
from flowlace.runner.errors import unknown_name
from flowlace.runner.input_feed import InputEvent, InputFeed
from flowlace.sources.source import SourceCounts

MAX_SPEED = 0.0
"""As fast as the graph takes it."""


def parse_speed(text: str) -> float:
    """Returns the speed that `max` or a number above 0 names.

    Raises:
        ValueError: it is neither; says what was expected.
    """
    if text == "max":
        return MAX_SPEED
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 < speed < float("inf"):
        raise ValueError("expected max, or a number above 0: 1, 4, 0.5")
    return speed


class ReplayFeed(InputFeed):
    """What entered the recorded graph enters another one, or the same again.

    The graph sees recorded timestamps only, and every packet waits until there is room for it:
    how fast it is fed, and on how many threads it runs, changes nothing but the time it takes.

    Args:
        recording: an open one; it is closed with the feed.
        graph_inputs: the input streams of the graph.
        stream_of: recorded stream by graph input, where their names differ.
        from_us: time to begin at, as `Recording.start_us`; None for the beginning.
        to_us: time to end at; None for the end.
        speed: seconds of the recording a second; MAX_SPEED does not wait.
        faults: what is to go wrong, with the stream it is for (empty for all).
        seed: of the faults.
        clock: to wait by.

    Raises:
        RecordingError: the recording has none of the graph's inputs, or nothing in that time.
        RunnerError: `stream_of` names a stream that is not there.
    """

    def __init__(
        self,
        recording: Recording,
        graph_inputs: Collection[str],
        *,
        stream_of: Mapping[str, str] | None = None,
        from_us: int | None = None,
        to_us: int | None = None,
        speed: float = MAX_SPEED,
        faults: Sequence[tuple[str, Fault]] = (),
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.name = recording.name
        self._recording = recording
        self._inputs = _inputs_of_streams(recording, graph_inputs, stream_of or {})
        self._range = (from_us, to_us)
        _check_range(recording, from_us, to_us)
        self._speed = speed
        self._faults = faults
        self._seed = seed
        self._clock = clock or MonotonicClock()
        self._closed = threading.Event()
        self._is_reading = False
        self._begun: tuple[int, int] | None = None
        """Stream time of the first event, and what the clock said then."""
        self.streams = {name for names in self._inputs.values() for name in names}
        self._check_fault_streams()
        described = recording.description
        held = described.headers if described else {}
        self.headers: dict[str, Any] = {
            name: held[stream]
            for stream, names in self._inputs.items()
            if stream in held
            for name in names
        }
        self._counts = {name: SourceCounts() for name in sorted(self.streams)}
        self.counts = {f"{name}={self.name}": each for name, each in self._counts.items()}

    def events(self) -> Generator[InputEvent, None, None]:
        """Yields what entered, each when its time has come; ends early when closed."""
        self._is_reading = True
        if self._closed.is_set():  # before it began, so the files are closed already
            return
        with self._recording:
            try:
                for event in self._faulty_events():
                    if self._speed != MAX_SPEED:
                        self._wait_for(event.at_us)
                    if self._closed.is_set():
                        return
                    if event.packet is not None:
                        self._counts[event.stream].read += 1
                    yield event
            finally:
                self._tell_losses()

    def close(self) -> None:
        """Ends `events` at the next packet; the files stay open for it until then."""
        self._closed.set()
        if not self._is_reading:
            self._recording.close()

    def _faulty_events(self) -> Iterator[InputEvent]:
        from_us, to_us = self._range
        recorded = self._recording.events(
            from_us=from_us, to_us=to_us, wants=self._inputs.__contains__
        )
        renamed = (
            event._replace(stream=name) for event in recorded for name in self._inputs[event.stream]
        )
        return with_faults(renamed, self._faults, self._seed, self._count_fault)

    def _wait_for(self, at_us: int) -> None:
        if self._begun is None:
            self._begun = at_us, self._clock.now_us()
        first_us, begun_us = self._begun
        due_us = begun_us + round((at_us - first_us) / self._speed)
        self._clock.wait(self._closed, due_us - self._clock.now_us())

    def _count_fault(self, stream: str, what: str) -> None:
        if what.startswith(("dropped", "lost")):
            self._counts[stream].skipped[f"fault: {what}"] += 1
        else:
            self._counts[stream].flaws[f"fault: {what}"] += 1

    def _tell_losses(self) -> None:
        """Counts what could not be read with the first stream: a chunk holds several."""
        first = next(iter(self._counts.values()))
        first.skipped.update(self._recording.skipped)

    def _check_fault_streams(self) -> None:
        for stream, _ in self._faults:
            if stream and stream not in self.streams:
                known = ", ".join(sorted(self.streams))
                message = f"--fault {stream}: nothing is replayed on stream {stream!r}; on: {known}"
                raise unknown_name(message, stream, self.streams)


def _check_range(recording: Recording, from_us: int | None, to_us: int | None) -> None:
    first_us, last_us = recording.start_us, recording.end_us
    begin_us = first_us if from_us is None else from_us
    if begin_us > last_us or (to_us is not None and to_us < begin_us):
        raise RecordingError(
            f"recording {recording.name!r} is {(last_us - first_us) / 1e6:g} s long; nothing lies "
            "between --from and --to"
        )


def _inputs_of_streams(
    recording: Recording, graph_inputs: Collection[str], stream_of: Mapping[str, str]
) -> dict[str, list[str]]:
    """Returns the graph inputs that each recorded stream feeds."""
    recorded = recording.streams()
    for name, stream in stream_of.items():
        if name not in graph_inputs:
            message = f"--input {name}: the graph has no input {name!r}: {', '.join(graph_inputs)}"
            raise unknown_name(message, name, graph_inputs)
        if stream not in recorded:
            known = ", ".join(recorded) or "none"
            message = f"--input {name}={stream}: recorded streams are: {known}"
            raise unknown_name(message, stream, recorded)
    found: dict[str, list[str]] = {}
    for name in graph_inputs:
        stream = stream_of.get(name, name)
        if stream in recorded:
            found.setdefault(stream, []).append(name)
    if not found:
        raise RecordingError(
            f"recording {recording.name!r} holds {', '.join(recorded) or 'no streams'}, the graph "
            f"takes {', '.join(graph_inputs) or 'nothing'}; tell which is which with --input "
            "NAME=STREAM"
        )
    return found
