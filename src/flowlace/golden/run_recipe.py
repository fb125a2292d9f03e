"""Runs what a recipe says, on a recording or on sources that give the same every time."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from flowlace.framework.clock import MonotonicClock
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.plan import GraphPlan
from flowlace.framework.validation import validate_graph
from flowlace.golden.errors import GoldenError
from flowlace.golden.recipe import Recipe
from flowlace.recording import Recording
from flowlace.recording.description import differences
from flowlace.recording.faults import parse_fault
from flowlace.recording.recorded_graph import recorded_graph
from flowlace.recording.replay import ReplayFeed, parse_speed
from flowlace.runner.bindings import bind_sources, medium_of
from flowlace.runner.boxes import box_input, start_boxes
from flowlace.runner.errors import unknown_name
from flowlace.runner.graph_runner import BoundSink, GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.node_settings import configured, configured_graph
from flowlace.runner.side_packets import parse_side_packets
from flowlace.runner.summary import RunSummary
from flowlace.sinks.sink import Sink
from flowlace.sources.registry import open_sources

OpenSink = Callable[[str], Sink]
"""Opens the sink of an output stream."""


@dataclass(frozen=True, slots=True)
class PlannedRecipe:
    """A recipe whose graph is known to be sound."""

    recipe: Recipe
    plan: GraphPlan
    streams: tuple[str, ...]
    """Outputs that are kept."""
    changes: tuple[str, ...]
    """What is another now than when the recording was made."""

    def run(self, open_sink: OpenSink, side_packets: Mapping[str, Any] | None = None) -> RunSummary:
        """Runs the graph once, to the end of its inputs.

        Args:
            open_sink: opens the sink of an output stream.
            side_packets: any objects; they go before those of the recording and the recipe.

        Raises:
            GoldenError: a source is live, or what was recorded could not all be read.
            FlowlaceError: what the sources, the graph or a sink raise.
        """
        with ExitStack() as closing:
            sinks = [BoundSink(name, name, open_sink(name)) for name in self.streams]
            if self.recipe.recording:
                recording = closing.enter_context(Recording(self.recipe.recording))
                summary = self._replaying(recording, sinks, side_packets or {}).run()
                _check_is_whole(recording)
                return summary
            return self._running(sinks, closing, side_packets or {}).run()

    def _replaying(
        self, recording: Recording, sinks: list[BoundSink], side_packets: Mapping[str, Any]
    ) -> GraphRunner:
        recipe = self.recipe
        feed = ReplayFeed(
            recording,
            list(self.plan.input_streams),
            speed=_speed(recipe.speed),
            faults=[parse_fault(text) for text in recipe.faults],
            seed=recipe.seed,
        )
        sides = recording.side_packets_for(self.plan.input_side_packets)
        sides |= self._sides(side_packets)
        return GraphRunner(CalculatorGraph(self.plan), {}, sinks, side_packets=sides, feed=feed)

    def _running(
        self, sinks: list[BoundSink], closing: ExitStack, side_packets: Mapping[str, Any]
    ) -> GraphRunner:
        recipe, inputs = self.recipe, dict(self.plan.input_streams)
        first = {box_input(inputs): start_boxes(list(recipe.boxes))} if recipe.boxes else {}
        for name in first:
            del inputs[name]
        bound = bind_sources(recipe.sources, inputs)
        if len(bound) != 1:
            raise GoldenError("several sources without a name run several graphs; name one")
        wants = {name: medium_of(port) for name, port in inputs.items()}
        opened = open_sources(bound[0], MonotonicClock(), wants)
        for source in opened.values():
            closing.callback(source.close)
            if source.is_live:
                raise GoldenError(
                    f"source {source.info.name!r} is live and gives something else every time; "
                    "record it first with `flowlace record`"
                )
        return GraphRunner(
            CalculatorGraph(self.plan),
            opened,
            sinks,
            first_packets={name: make(opened) for name, make in first.items()},
            side_packets=self._sides(side_packets),
        )

    def _sides(self, side_packets: Mapping[str, Any]) -> dict[str, Any]:
        declared = self.plan.input_side_packets
        for name in side_packets:
            if name not in declared:
                known = ", ".join(declared) or "none"
                message = f"the graph takes no side packet {name!r}; it takes: {known}"
                raise unknown_name(message, name, declared)
        return parse_side_packets(list(self.recipe.sides), declared) | dict(side_packets)


def plan_recipe(recipe: Recipe) -> PlannedRecipe:
    """Returns a recipe ready to run; everything that is wrong with its graph is told here.

    Raises:
        FlowlaceError: no such graph or recording, a graph with problems, or no such output.
    """
    import_code(list(recipe.imports))
    changes: list[str] = []
    if recipe.graph:
        plan = validate_graph(configured_graph(recipe.graph, recipe.models, recipe.settings))
        if recipe.recording:
            Recording(recipe.recording).close()  # missing? say so before anything else
    else:
        with Recording(recipe.recording) as recording:
            config = recorded_graph(recording)
            plan = validate_graph(configured(config, recipe.models, recipe.settings))
            if recording.description is not None:
                changes = differences(recording.description, plan.config)
    for name in recipe.streams:
        if name not in plan.output_streams:
            known = ", ".join(plan.output_streams) or "none"
            message = f"the graph has no output stream {name!r}; it has: {known}"
            raise unknown_name(message, name, plan.output_streams)
    streams = recipe.streams or tuple(plan.output_streams)
    if not streams:
        raise GoldenError("the graph has no output streams, so there is nothing to keep")
    return PlannedRecipe(recipe, plan, streams, tuple(changes))


def _check_is_whole(recording: Recording) -> None:
    if recording.skipped:
        reasons = ", ".join(f"{what}: {count}" for what, count in recording.skipped.items())
        raise GoldenError(
            f"recording {recording.name!r} is damaged, so its results say nothing ({reasons})"
        )


def _speed(text: str) -> float:
    try:
        return parse_speed(text)
    except ValueError as error:
        raise GoldenError(f"speed {text!r}: {error}") from error
