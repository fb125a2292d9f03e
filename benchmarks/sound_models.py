"""Runs sound classifiers on sound that lies in memory, for the benchmarks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from yamnet_groups import YAMNET_GROUPS

from flowlace.calculators.audio.sound_classification_subgraph import SoundClassificationOptions
from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.sound_scores import SoundScores
from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.options import options_message
from flowlace.framework.options_message import merge_options, options_from_fields
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.inference.find_model import find_model
from flowlace.runner.find_graph import find_graph
from flowlace.runner.node_settings import set_options

RATE = 16_000
YAMNET = Path("../shared/data/models/yamnet_audio_classifier_with_metadata.tflite")
YAMNET_NODES = Path(__file__).parent / "yamnet_sounds.json"
"""Calibration and thresholds of YAMNet's groups, made by sound_development.py."""


@dataclass(frozen=True, kw_only=True)
class SoundModel:
    """A classifier, and how its scores are read."""

    name: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of SoundClassificationOptions."""

    @property
    def file(self) -> Path:
        """The `.tflite`."""
        return find_model(self.path)

    def graph(self, graph: str, settings: Sequence[str] = ()) -> CalculatorGraph:
        """Returns a packaged graph with this classifier."""
        config = load_graph_config(find_graph(graph))
        fields = {"model_path": self.path, **self.options}
        for node in config.nodes:
            if node.calculator == "SoundClassificationSubgraph":
                kind = SoundClassificationOptions
                given = node.given_options(options_message(kind).full_name)
                over = options_from_fields(kind, fields)
                node.set_options(merge_options(given.read_as(kind), over) if given else over)
        set_options(config, settings)
        return CalculatorGraph(validate_graph(config))


def yamnet(*, is_calibrated: bool) -> SoundModel:
    """Returns YAMNet with its classes grouped to those of the shipped classifier."""
    groups = [{"label": label, "member": list(names)} for label, names in YAMNET_GROUPS.items()]
    if not is_calibrated:
        return SoundModel(name="YAMNet, grouped", path=str(YAMNET), options={"label_group": groups})
    nodes = json.loads(YAMNET_NODES.read_text())
    thresholds = nodes["SoundScoresCalculator"]["sound_class"]
    options = {
        "label_group": groups,
        "calibration": nodes["ScoreCalibrationCalculator"],
        "class_threshold": [
            {"label": one["label"], "threshold": one["threshold"]} for one in thresholds
        ],
    }
    return SoundModel(name="YAMNet, grouped and calibrated", path=str(YAMNET), options=options)


def heard(
    graph: CalculatorGraph, sound: NDArray[np.float32], *outputs: str, chunk: int = RATE
) -> list[list[Any]]:
    """Runs a graph on one sound; returns the payloads of each output."""
    found: list[list[Any]] = [[] for _ in outputs]
    for name, into in zip(outputs, found, strict=True):
        graph.observe_output_stream(name, lambda packet, into=into: into.append(packet.payload))
    header = TimeSeriesHeader(sample_rate=float(RATE), num_channels=1)
    graph.start_run(headers={"sounds": Packet(header)})
    for begin in range(0, len(sound), chunk):
        part = Matrix(sound[None, begin : begin + chunk])
        graph.add_packet_to_input_stream("sounds", Packet(part, duration_us(begin, RATE)))
    graph.close_all_input_streams()
    graph.wait_until_done()
    return found


def events_in(
    model: SoundModel, sound: NDArray[np.float32], settings: Sequence[str] = ()
) -> list[SoundEvent]:
    """Returns the events a model hears."""
    (lists,) = heard(model.graph("sound_events", settings), sound, "events")
    return [event for one in lists for event in one]


SCORES_GRAPH = """
input_stream: "sounds"
output_stream: "scores"
node {
  calculator: "SoundClassificationSubgraph"
  input_stream: "SOUND:sounds"
  output_stream: "SCORES:scores"
}
"""


def scores_of(model: SoundModel, sound: NDArray[np.float32]) -> list[SoundScores]:
    """Returns the scores of each step of sound, before any filter."""
    config = load_graph_config(SCORES_GRAPH)
    fields = {"model_path": model.path, **model.options}
    config.nodes[0].set_options(options_from_fields(SoundClassificationOptions, fields))
    (scores,) = heard(CalculatorGraph(validate_graph(config)), sound, "scores")
    return scores
