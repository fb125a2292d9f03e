"""Makes scores of kinds of sound out of what a model gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError


@proto_options("flowlace.SoundScoresCalculatorOptions.SoundClass", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class SoundClassMessage:
    """What is different for one kind of sound."""

    label: str = option(1)
    """Which one."""

    threshold: float | None = option(2)
    """Score from which it counts as heard."""

    reach_us: int | None = option(3, "int64")
    """How much earlier than it begins, and later than it ends, it is heard."""


@proto_options("flowlace.SoundScoresCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class SoundScoresOptions:
    """Options of `SoundScoresCalculator`."""

    label: tuple[str, ...] = option(1)
    """Names of the model's classes by number; required."""

    threshold: float = option(2, default=0.5)
    """Score from which a sound counts as heard."""

    release_ratio: float = option(3, default=0.3)
    """A sound that was heard has ended where its score falls below this share of its threshold."""

    reach_us: int = option(4, "int64", default=200_000)
    """How much earlier than it begins, and later than it ends, a sound is heard, because a part
    of a window is enough for the model."""

    sound_class: tuple[SoundClassMessage, ...] = option(5)
    """What is different for some of them."""

    allow_label: tuple[str, ...] = option(6)
    """Only these; all if empty."""

    ignore_label: tuple[str, ...] = option(7)
    """All but these."""

    shift_us: int = option(8, "int64")
    """Added to the timestamps: from the start of a window to the step it stands for."""


@register_calculator
class SoundScoresCalculator(Calculator[SoundScoresOptions]):
    """Makes scores of kinds of sound out of what a model gives, one for each window.

    Inputs:   windows (any): one packet for each window
              SCORES (list of Tensor): what the model gave for it, its first tensor is read;
              missing where the model was not asked, because there was only silence
    Outputs:  SCORES (SoundScores): one for each window; zeros for silence. The header says how
              many there are a second, if that of the windows does

    NaN becomes 0 (counts `non_finite_scores`).

    Timestamps: as the input, plus `shift_us`.

    Example:
        ```
        node {
          calculator: "SoundScoresCalculator"
          input_stream: "sound_windows"
          input_stream: "SCORES:calibrated_scores"
          output_stream: "SCORES:sound_scores"
          options {
            [flowlace.SoundScoresCalculatorOptions.ext] {
              label: ["dog_bark", "rain", "speech"]
              threshold: 0.6
              sound_class { label: "rain" threshold: 0.8 }
            }
          }
        }
        ```
    """

    input_ports = (Port("windows"), Port("SCORES", list[Tensor]))
    output_ports = (Port("SCORES", SoundScores),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires labels, and thresholds for those alone."""
        options: SoundScoresOptions = contract.options
        if not options.label:
            raise ContractError("needs label: the names of the model's classes, in order")
        if options.allow_label and options.ignore_label:
            raise ContractError("allow_label and ignore_label exclude each other")
        _check_known("allow_label", options.allow_label, options.label)
        _check_known("ignore_label", options.ignore_label, options.label)
        _check_known("sound_class", [one.label for one in options.sound_class], options.label)
        _check_numbers(options)

    def open(self) -> None:
        """Makes the classes."""
        options = self.options
        chosen = [
            place
            for place, label in enumerate(options.label)
            if label not in options.ignore_label
            and (not options.allow_label or label in options.allow_label)
        ]
        if not chosen:
            raise ValueError(f"node {self.node_name!r}: ignore_label leaves no kind of sound")
        self._chosen = np.array(chosen)
        self._classes = _classes(options, [options.label[place] for place in chosen])
        self._nothing = np.zeros(len(chosen), np.float32)
        output = self.outputs["SCORES"]
        output.set_offset(options.shift_us)
        header = self.input_headers["windows"]
        if header and isinstance(header.payload, TimeSeriesHeader):
            rate = header.payload.packet_rate
            output.set_header(
                Packet(
                    TimeSeriesHeader(
                        sample_rate=rate, packet_rate=rate, num_channels=len(chosen), num_samples=1
                    )
                )
            )

    def process(self, packets: PacketSet) -> None:
        """Sends the scores of one window."""
        if not packets["windows"]:
            return
        tensors = packets["SCORES"]
        scores = SoundScores(
            classes=self._classes,
            values=self._scores(tensors.payload) if tensors else self._nothing,
            is_silence=not tensors,
        )
        time = packets.timestamp + self.options.shift_us
        self.outputs["SCORES"].send(Packet(scores, time))

    def _scores(self, tensors: Sequence[Tensor]) -> NDArray[np.float32]:
        values = tensors[0].floats.reshape(-1)
        if len(values) != len(self.options.label):
            raise ModelError(
                f"node {self.node_name!r}: the model gives {len(values)} scores, but there are "
                f"{len(self.options.label)} labels"
            )
        chosen: NDArray[np.float32] = values[self._chosen]
        is_finite = np.isfinite(chosen)
        if not is_finite.all():
            self.count("non_finite_scores", int(np.count_nonzero(~is_finite)))
            chosen[~is_finite] = 0
        return chosen


def _classes(options: SoundScoresOptions, labels: Sequence[str]) -> SoundClasses:
    special = {one.label: one for one in options.sound_class}
    none = SoundClassMessage()
    thresholds: list[float] = []
    reaches: list[int] = []
    for label in labels:
        one = special.get(label, none)
        thresholds.append(options.threshold if one.threshold is None else one.threshold)
        reaches.append(options.reach_us if one.reach_us is None else one.reach_us)
    limits = np.array(thresholds, np.float32)
    return SoundClasses(
        labels=tuple(labels),
        thresholds=limits,
        releases=limits * np.float32(options.release_ratio),
        reaches_us=np.array(reaches, np.int64),
    )


def _check_known(option_name: str, given: Sequence[str], labels: Sequence[str]) -> None:
    for label in given:
        if label not in labels:
            known = ", ".join(labels[:20]) + (", …" if len(labels) > 20 else "")
            raise ContractError(f"{option_name}: there is no label {label!r}; there are: {known}")


def _check_numbers(options: SoundScoresOptions) -> None:
    given: list[tuple[str, Any]] = [("threshold", options.threshold)]
    given += [(f"threshold of {one.label!r}", one.threshold) for one in options.sound_class]
    for name, value in given:
        if value is not None and not 0 < value <= 1:
            raise ContractError(f"{name} has to be above 0 and at most 1, but is {value:g}")
    if not 0 < options.release_ratio <= 1:
        raise ContractError(
            f"release_ratio has to be above 0 and at most 1, but is {options.release_ratio:g}"
        )
    reaches = [options.reach_us, *(one.reach_us or 0 for one in options.sound_class)]
    if min(reaches) < 0:
        raise ContractError(f"reach_us has to be at least 0, but is {min(reaches)}")
