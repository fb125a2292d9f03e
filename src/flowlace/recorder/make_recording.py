"""Runs a graph on sound and keeps all of it: the sound, its events, its bars, its words."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.recorder.errors import LibraryError
from flowlace.recorder.library import Library
from flowlace.recorder.recording_writer import RecordingWriter, RowSink, SoundSink
from flowlace.runner.bindings import medium_of
from flowlace.runner.graph_runner import BoundSink, GraphRunner
from flowlace.runner.summary import RunSummary
from flowlace.sinks.sound_file import SoundFileSink
from flowlace.sources.source import Frame, Medium, Source, SourceCounts

_logger = logging.getLogger("flowlace.recorder")
KEPT_STREAMS = ("events", "bars", "words")
"""Outputs of a graph that a library keeps; a graph has at least one of them."""


def sound_input(plan: GraphPlan) -> str:
    """Returns the graph's one input stream of sound; LibraryError where it has none or several."""
    inputs = [name for name, port in plan.input_streams.items() if medium_of(port) is Medium.SOUND]
    if len(inputs) != 1:
        raise LibraryError(f"a recorder's graph takes sound on one input; this has {len(inputs)}")
    if not set(KEPT_STREAMS) & set(plan.output_streams):
        known = ", ".join(plan.output_streams) or "none"
        raise LibraryError(
            f"a recorder's graph has outputs {', '.join(KEPT_STREAMS)}, or some of them; this has: "
            f"{known}"
        )
    return inputs[0]


def row_sinks(plan: GraphPlan, writer: RecordingWriter) -> list[BoundSink]:
    """Returns a sink for each output of a graph that a library keeps."""
    return [
        BoundSink(output, output, RowSink(writer, output))
        for output in KEPT_STREAMS
        if output in plan.output_streams
    ]


class MakeRecording:
    """One recording from its first sample to its last.

    Making the object adds the recording to the library; `run` fills it. When it ends well, is
    stopped, or fails after some sound, what there is stays; without any sound nothing stays.

    Args:
        library: where it goes.
        name: what it is called; LibraryError if that is taken.
        source: its sound; closed in the end.
        plan: the graph, which takes sound and gives at least one of events, bars and words.
        seconds: ends the recording after so much sound; 0 doesn't.
        clock: paces the commits.
        on_frame: called after each packet of sound, for progress.
    """

    def __init__(
        self,
        library: Library,
        name: str,
        source: Source,
        plan: GraphPlan,
        *,
        seconds: float = 0,
        clock: Clock | None = None,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        stream = sound_input(plan)
        self._library = library
        self._seconds = seconds
        self._on_frame = on_frame
        library.check_name(name)
        file = _locked(library.audio_folder / f"{name}.flac")
        try:
            started_at = datetime.now(UTC).isoformat(timespec="seconds")
            self.recording = library.add(name, source.info.name, started_at)
        except BaseException:
            _remove(file)
            raise
        self._sound = SoundFileSink(self.recording.audio, file=file)
        self._writer = RecordingWriter(library, self.recording, clock or MonotonicClock())
        sinks = [BoundSink(stream, str(self.recording.audio), SoundSink(self._sound, self._writer))]
        sinks += row_sinks(plan, self._writer)
        self.runner = GraphRunner(
            CalculatorGraph(plan), {stream: source}, sinks, on_frame=self._look
        )

    def run(self) -> RunSummary:
        """Records until the source ends or the runner is stopped; returns the counts."""
        has_failed = True
        try:
            summary = self.runner.run()
            has_failed = False
        finally:
            self._finish(has_failed=has_failed)
        return summary

    def _look(self, frame: Frame) -> None:
        first_us = self._sound.first_us
        if self._on_frame is not None:
            self._on_frame(frame)
        is_long_enough = first_us is not None and frame.timestamp_us - first_us >= (
            self._seconds * 1e6
        )
        if self._seconds and is_long_enough:
            self.runner.stop()

    def _finish(self, *, has_failed: bool) -> None:
        # The runner has closed the sinks; after an error they may have been closed half way.
        with suppress(Exception):
            self._sound.close()
        self._writer.close()
        if not self._sound.samples:
            self._library.remove(self.recording)
            return
        state = "interrupted" if has_failed else "complete"
        notes = _notes(self.runner.summary.sources, self._sound)
        self._library.finish(self.recording, self._sound.duration_us, state, notes)


def _locked(path: Path) -> IO[bytes]:
    try:
        file = path.open("xb", buffering=0)
    except FileExistsError:
        raise LibraryError(
            f"{str(path)!r} is there, but the library does not know it; "
            "flowlace recorder repair takes it in"
        ) from None
    except OSError as error:
        raise LibraryError(f"{str(path)!r} can't be written: {error.strerror}") from error
    fcntl.flock(file, fcntl.LOCK_EX)  # somebody may be looking whether it is locked
    return file


def _remove(file: IO[bytes]) -> None:
    file.close()
    Path(file.name).unlink(missing_ok=True)


def _notes(sources: Mapping[str, SourceCounts], sound: SoundFileSink) -> str:
    facts = []
    for counts in sources.values():
        facts += [f"{count} {reason}" for reason, count in counts.skipped.items()]
        facts += [f"{count} {flaw}" for flaw, count in counts.flaws.items()]
        if counts.dropped:
            facts.append(f"{counts.dropped} dropped")
        if counts.reconnects:
            facts.append(f"{counts.reconnects} reconnects")
    if sound.counts.filled_gaps:
        facts.append(f"{sound.counts.filled_gaps} gaps filled with silence")
    return ", ".join(facts)
