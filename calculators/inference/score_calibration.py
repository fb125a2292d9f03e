"""Makes a model's scores mean how likely it is right."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.inference.model_outputs import output_label, output_listing
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError

_LEAST = 1e-16
"""Below this, the logarithm goes on as its own mirror image, so it stays finite and rising."""

Doubles = NDArray[np.float64]


class ScoreTransformation(IntEnum):
    """What a score goes through before its sigmoid."""

    UNSPECIFIED = 0
    IDENTITY = 1
    LOG = 2
    INVERSE_LOGISTIC = 3
    """log(x) - log(1 - x)"""


@proto_options("mediapipe.tasks.ScoreCalibrationCalculatorOptions.Sigmoid", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Sigmoid:
    """The curve of one class: scale / (1 + exp(-(slope · g(x) + offset)))."""

    scale: float | None = option(1)
    """0 or more."""
    slope: float | None = option(2)
    offset: float | None = option(3)
    min_score: float | None = option(4)
    """Lower scores become the default score; so does every one where a number above is missing."""


@proto_options("mediapipe.tasks.ScoreCalibrationCalculatorOptions", extension=470204318)
@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreCalibrationOptions:
    """Options of `ScoreCalibrationCalculator`."""

    sigmoids: tuple[Sigmoid, ...] = option(1)
    """One for each class."""
    score_transformation: ScoreTransformation = option(2, default=ScoreTransformation.IDENTITY)
    """g(x), the same for all classes."""
    default_score: float = option(3)
    """For scores no curve is for."""


@register_calculator
class ScoreCalibrationCalculator(Calculator[ScoreCalibrationOptions]):
    """Makes a model's scores mean how likely it is right, by a curve for each class.

    Inputs:   SCORES (list of one Tensor)
              INDICES (list of one Tensor of the same size), optional: the class of each score;
              without it, score i is of class i
    Outputs:  CALIBRATED_SCORES (list of one Tensor, float32, same shape), in step

    NaN becomes the default score.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ScoreCalibrationCalculator"
          input_stream: "SCORES:raw_scores"
          output_stream: "CALIBRATED_SCORES:scores"
          options { [mediapipe.tasks.ScoreCalibrationCalculatorOptions.ext] {
            sigmoids { scale: 0.9 slope: 0.5 offset: 0.1 }
            score_transformation: INVERSE_LOGISTIC
          } }
        }
        ```
    """

    input_ports = (
        Port("SCORES", list[Tensor]),
        Port("INDICES", list[Tensor], optional=True),
    )
    output_ports = (Port("CALIBRATED_SCORES", list[Tensor]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires curves that rise."""
        options: ScoreCalibrationOptions = contract.options
        if not options.sigmoids:
            raise ContractError("needs sigmoids: one for each class")
        for each in options.sigmoids:
            if each.scale is not None and each.scale < 0:
                raise ContractError(f"sigmoids: scale has to be 0 or more, not {each.scale:g}")
        if options.score_transformation is ScoreTransformation.UNSPECIFIED:
            raise ContractError("score_transformation has to be said, or left out for IDENTITY")

    def open(self) -> None:
        """Lays the curves out in arrays."""
        curves = self.options.sigmoids
        rows = [(each.scale, each.slope, each.offset) for each in curves]
        self._is_empty = np.array([None in row for row in rows])
        self._curves = np.array([(0, 0, 0) if None in row else row for row in rows], np.float64)
        self._least = np.array(
            [-np.inf if each.min_score is None else each.min_score for each in curves], np.float32
        )
        self._transform = _TRANSFORMATIONS[self.options.score_transformation]

    def process(self, packets: PacketSet) -> None:
        """Calibrates the scores of one run of the model."""
        packet, indices = packets["SCORES"], packets.get("INDICES")
        if not packet or (indices is not None and not indices):
            return
        tensor = _only(packet.payload, "scores")
        scores = tensor.floats.reshape(-1)
        if indices is None:
            if len(scores) != len(self._curves):
                raise ModelError(
                    f"{output_label(0, 'scores', tensor)} has {len(scores)} scores, but there are "
                    f"{len(self._curves)} sigmoids"
                )
            classes = np.arange(len(scores))
        else:
            classes = self._classes(_only(indices.payload, "indices"), len(scores))
        made = self._calibrated(scores, classes).reshape(tensor.shape)
        calibrated = Tensor(made, name=tensor.name)
        self.outputs["CALIBRATED_SCORES"].send(Packet([calibrated], packets.timestamp))

    def _classes(self, tensor: Tensor, count: int) -> NDArray[np.intp]:
        values = tensor.floats.reshape(-1)
        if len(values) != count:
            raise ModelError(
                f"{output_label(0, 'indices', tensor)} has {len(values)} indices for {count} scores"
            )
        is_known = (values >= 0) & (values < len(self._curves))
        if not is_known.all():
            raise ModelError(
                f"{output_label(0, 'indices', tensor)} holds {values[~is_known][0]:g}, but there "
                f"are {len(self._curves)} sigmoids"
            )
        return values.astype(np.intp)

    def _calibrated(self, scores: NDArray[Any], classes: NDArray[np.intp]) -> NDArray[np.float32]:
        is_default = self._is_empty[classes] | ~(scores >= self._least[classes])
        scale, slope, offset = self._curves[classes].T
        raw = np.where(is_default, 0.5, scores).astype(np.float64)
        risen = self._transform(raw) * slope + offset
        falling = np.exp(-np.abs(risen))
        share = np.where(risen >= 0, 1, falling) / (1 + falling)
        made = np.where(is_default, self.options.default_score, scale * share)
        return made.astype(np.float32)


def _only(tensors: list[Tensor], role: str) -> Tensor:
    if len(tensors) != 1:
        raise ModelError(
            f"1 tensor of {role} is expected, but there are {len(tensors)}: "
            f"{output_listing(tensors)}"
        )
    return tensors[0]


def _clamped_log(values: Doubles) -> Doubles:
    is_low = values < _LEAST
    mirrored = np.where(is_low, 2 * _LEAST - values, values)
    logs = np.log(mirrored)
    made: Doubles = np.where(is_low, 2 * np.log(_LEAST) - logs, logs)
    return made


_TRANSFORMATIONS: dict[ScoreTransformation, Callable[[Doubles], Doubles]] = {
    ScoreTransformation.IDENTITY: lambda x: x,
    ScoreTransformation.LOG: _clamped_log,
    ScoreTransformation.INVERSE_LOGISTIC: lambda x: _clamped_log(x) - _clamped_log(1 - x),
}
