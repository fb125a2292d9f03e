"""The subgraph that classifies sound with any model: what it is made of depends on the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowlace.calculators.inference.inference_options import DelegateMessage
from flowlace.calculators.inference.score_calibration import ScoreCalibrationOptions
from flowlace.calculators.inference.subgraph_nodes import configured_node, inference_node
from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig
from flowlace.framework.options import option, proto_options
from flowlace.framework.subgraph_library import register_subgraph
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_model
from flowlace.inference.sound_classifier_spec import (
    SAMPLE_RATE_HZ,
    SoundClassifier,
    sound_classifier,
)
from flowlace.inference.tflite_file import TfliteFile

DEFAULT_MODEL: Final = "sound_classifier"
"""The packaged classifier."""
STEP_SAMPLES: Final = SAMPLE_RATE_HZ // 20
"""From one window to the next: 50 ms."""


@proto_options("flowlace.SoundClassificationOptions.LabelGroup", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelGroup:
    """Classes of the model that are one for the user; it has the score of the best of them."""

    label: str = option(1)
    """The new name."""
    member: tuple[str, ...] = option(2)
    """Labels of the model."""


@proto_options("flowlace.SoundClassificationOptions.ClassThreshold", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class ClassThreshold:
    """The threshold of one kind of sound."""

    label: str = option(1)
    """Which one."""
    threshold: float = option(2)
    """Score from which it counts as heard."""


@proto_options("flowlace.SoundClassificationOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class SoundClassificationOptions:
    """Options of `SoundClassificationSubgraph`."""

    model_path: str = option(1, default=DEFAULT_MODEL)
    """A `.tflite` file, or the name of a model `flowlace models` lists."""
    min_score_threshold: float | None = option(2)
    """Score from which a sound counts as heard, for all kinds; the model's own if unset."""
    class_threshold: tuple[ClassThreshold, ...] = option(3)
    """For single kinds of sound; these go before `min_score_threshold`."""
    allow_labels: tuple[str, ...] = option(4)
    """Only these labels; all if empty."""
    ignore_labels: tuple[str, ...] = option(5)
    """All but these labels."""
    label_group: tuple[LabelGroup, ...] = option(6)
    """Kinds of sound made of the model's; all other classes are left out. None if empty."""
    calibration: ScoreCalibrationOptions | None = option(7)
    """What scores mean, one curve for each kind of sound, after grouping; the model's own if unset
    and there are no groups."""
    reach_us: int | None = option(8, "int64")
    """How much earlier than it begins, and later than it ends, a sound is heard; the model's own
    if unset."""
    delegate: DelegateMessage | None = option(9)
    """As in InferenceCalculatorOptions."""
    executor: str = option(10)
    """Name of the executor the model runs on; the graph's default one if empty."""
    least_threshold: float | None = option(11)
    """Raises the own thresholds of a model whose scores are calibrated to this: they were set among
    sounds it knows, and it takes others for them. Thresholds given here stay as they are."""


@register_subgraph("SoundClassificationSubgraph", options=SoundClassificationOptions)
def sound_classification_subgraph(
    node: NodeConfig,  # noqa: ARG001 - what a subgraph function gets
    options: SoundClassificationOptions,
) -> GraphConfig:
    """Returns the nodes that classify sound with the model of the options.

    Inputs:   SOUND (Matrix, one channel at 16 kHz) with a TimeSeriesHeader
    Outputs:  SCORES (SoundScores): one for each 50 ms of sound, from its beginning to its end

    A score stands for the step in the middle of the model's window. Before and after the sound
    there is silence for the windows to reach over. No model runs on windows of silence; their
    scores are 0.

    Timestamps: of the beginning of each step; a window is longer than a step, so scores come
    that much later.

    Example:
        ```
        node {
          calculator: "SoundClassificationSubgraph"
          input_stream: "SOUND:resampled_sounds"
          output_stream: "SCORES:sound_scores"
          options {
            [flowlace.SoundClassificationOptions.ext] {
              model_path: "yamnet"
              label_group { label: "dog" member: ["Dog", "Bark", "Howl"] }
              label_group { label: "rain" member: ["Rain", "Raindrop"] }
            }
          }
        }
        ```
    """
    try:
        path = find_model(options.model_path)
        model = sound_classifier(TfliteFile(path))
    except ModelError as error:
        raise ValueError(str(error)) from error
    config = GraphConfig(input_streams=["SOUND:sounds"], output_streams=["SCORES:sound_scores"])
    config.nodes = _Nodes(options, model, str(path)).all()
    return config


class _Nodes:
    """The nodes for one model, in the order of the data."""

    def __init__(
        self, options: SoundClassificationOptions, model: SoundClassifier, path: str
    ) -> None:
        self._options = options
        self._model = model
        self._path = path
        # The window whose middle is nearest to the middle of a step begins whole steps before it.
        self._before = (model.samples - STEP_SAMPLES) // 2 // STEP_SAMPLES * STEP_SAMPLES

    def all(self) -> list[NodeConfig]:
        """Returns all nodes."""
        is_waveform = self._model.frames is None
        return [
            self._padding(),
            self._framer("padded_sounds", "sound_windows", self._model.samples, STEP_SAMPLES),
            *([] if is_waveform else self._front_end()),
            self._gate(),
            configured_node(
                "WindowToTensorCalculator",
                {"dimension": list(self._model.shape)},
                ["audible_windows"],
                ["TENSORS:window_tensors"],
            ),
            self._inference(),
            *self._grouping(),
            *self._calibration(),
            self._scores(),
        ]

    def _padding(self) -> NodeConfig:
        # One sample less than would give another window, which no step belongs to.
        after = max(self._model.samples - self._before - 1, 0)
        return configured_node(
            "SilencePaddingCalculator",
            {"samples_before": self._before, "samples_after": after},
            ["sounds"],
            ["padded_sounds"],
        )

    def _framer(self, source: str, target: str, length: float, step: float) -> NodeConfig:
        rate = SAMPLE_RATE_HZ if source == "padded_sounds" else self._frame_rate
        return configured_node(
            "TimeSeriesFramerCalculator",
            {
                "frame_duration_seconds": length / rate,
                "frame_overlap_seconds": (length - step) / rate,
                "pad_final_packet": False,
            },
            [source],
            [target],
        )

    @property
    def _frame_rate(self) -> float:
        return SAMPLE_RATE_HZ / self._model.frame_samples[1]

    def _front_end(self) -> list[NodeConfig]:
        step = STEP_SAMPLES / self._model.frame_samples[1]
        if step != round(step):
            raise ValueError(
                f"model {self._model.spec.name!r}: frames {self._model.frame_samples[1]} samples "
                f"apart do not fit into steps of {STEP_SAMPLES}; set SpectrogramCalculator in its "
                "spec"
            )
        assert self._model.frames is not None
        spectrogram = {**self._model.front_end("SpectrogramCalculator"), "pad_final_packet": False}
        return [
            configured_node("SpectrogramCalculator", spectrogram, ["padded_sounds"], ["spectra"]),
            self._computed("MelSpectrumCalculator", "spectra", "mel_spectra"),
            self._computed("StabilizedLogCalculator", "mel_spectra", "log_mel_spectra"),
            self._framer("log_mel_spectra", "log_mel_windows", self._model.frames, step),
        ]

    def _computed(self, calculator: str, source: str, target: str) -> NodeConfig:
        return configured_node(calculator, self._model.front_end(calculator), [source], [target])

    def _gate(self) -> NodeConfig:
        has_features = self._model.frames is not None
        features = ["FEATURES:log_mel_windows"] if has_features else []
        return configured_node(
            "SilenceGateCalculator", {}, ["sound_windows", *features], ["audible_windows"]
        )

    def _inference(self) -> NodeConfig:
        options = self._options
        return inference_node(
            self._path, options.delegate, options.executor, "window_tensors", "model_scores"
        )

    def _grouping(self) -> list[NodeConfig]:
        groups = self._options.label_group
        if not groups:
            return []
        fields = {"group": [{"member": self._numbers(one)} for one in groups]}
        return [
            configured_node(
                "GroupScoresCalculator",
                fields,
                ["SCORES:model_scores"],
                ["GROUP_SCORES:group_scores"],
            )
        ]

    def _numbers(self, group: LabelGroup) -> list[int]:
        labels = self._model.spec.labels
        for label in group.member:
            if label not in labels:
                known = ", ".join(labels[:20]) + (", …" if len(labels) > 20 else "")
                raise ValueError(
                    f"model {self._model.spec.name!r} has no label {label!r}; it has: {known}"
                )
        return [labels.index(label) for label in group.member]

    @property
    def _labels(self) -> Sequence[str]:
        groups = self._options.label_group
        return [one.label for one in groups] if groups else self._model.spec.labels

    def _calibration(self) -> list[NodeConfig]:
        own = self._options.calibration
        fields = self._model.spec.options("ScoreCalibrationCalculator")
        if own is None and (self._options.label_group or not fields):
            return []
        source = "group_scores" if self._options.label_group else "model_scores"
        made = configured_node(
            "ScoreCalibrationCalculator",
            fields if own is None else {},
            [f"SCORES:{source}"],
            ["CALIBRATED_SCORES:calibrated_scores"],
        )
        if own is not None:
            made.options = [GivenOptions.of(own)]
        return [made]

    @property
    def _is_calibrated_by_spec(self) -> bool:
        fields = self._model.spec.options("ScoreCalibrationCalculator")
        return bool(fields) and self._options.calibration is None and not self._options.label_group

    def _scores(self) -> NodeConfig:
        if self._calibration():
            source = "calibrated_scores"
        else:
            source = "group_scores" if self._options.label_group else "model_scores"
        return configured_node(
            "SoundScoresCalculator",
            self._score_fields(),
            ["sound_windows", f"SCORES:{source}"],
            ["SCORES:sound_scores"],
        )

    def _score_fields(self) -> dict[str, Any]:
        options = self._options
        fields = {
            **({} if options.label_group else self._model.spec.options("SoundScoresCalculator")),
            "label": list(self._labels),
            "shift_us": self._before * 1_000_000 // SAMPLE_RATE_HZ,
            "allow_label": list(options.allow_labels),
            "ignore_label": list(options.ignore_labels),
        }
        special = {one["label"]: dict(one) for one in fields.get("sound_class", ())}
        if options.least_threshold is not None and self._is_calibrated_by_spec:
            least = options.least_threshold
            fields["threshold"] = max(fields.get("threshold", least), least)
            for one in special.values():
                one["threshold"] = max(one.get("threshold", least), least)
        if options.min_score_threshold is not None:
            fields["threshold"] = options.min_score_threshold
            for one in special.values():
                one.pop("threshold", None)
        if options.reach_us is not None:
            fields["reach_us"] = options.reach_us
            for one in special.values():
                one.pop("reach_us", None)
        for given in options.class_threshold:
            one = special.setdefault(given.label, {"label": given.label})
            one["threshold"] = given.threshold
        return {**fields, "sound_class": list(special.values())}
