"""Finds the sounds and words of a recording anew, from its sound."""

from __future__ import annotations

from flowlace.framework.clock import MonotonicClock
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.recorder.library import Library, Recording
from flowlace.recorder.make_recording import row_sinks, sound_input
from flowlace.recorder.recording_writer import RecordingWriter
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.summary import RunSummary
from flowlace.sources.sound_file import SoundFileSource


class Analysis:
    """Replaces the events, bars and words of a recording by those of a graph.

    For sound that was saved without them, and for better models. Tags are made anew too. What was
    found before goes when `run` begins; an analysis that is stopped leaves what it has.

    Args:
        library: where the recording is.
        recording: one that is not being made; its sound must be there.
        plan: the graph, as of `MakeRecording`.
    """

    def __init__(self, library: Library, recording: Recording, plan: GraphPlan) -> None:
        stream = sound_input(plan)
        library.check_at_rest(recording)
        self._library = library
        self._recording = recording
        source = SoundFileSource(recording.audio)
        self._writer = RecordingWriter(library, recording, MonotonicClock())
        self._writer.start(0)
        self._writer.grow(recording.duration_us)
        self.runner = GraphRunner(
            CalculatorGraph(plan), {stream: source}, row_sinks(plan, self._writer)
        )

    def run(self) -> RunSummary:
        """Analyses to the end, or until the runner is stopped; returns the counts."""
        self._library.clear(self._recording)
        try:
            return self.runner.run()
        finally:
            self._writer.close()
            self._library.retag(self._recording)
