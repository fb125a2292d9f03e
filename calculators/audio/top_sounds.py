"""Lists the most certain kinds of sound."""

from dataclasses import dataclass

import numpy as np

from flowlace.formats.classification import Classification, ClassificationList
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.TopSoundsCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class TopSoundsOptions:
    """Options of `TopSoundsCalculator`."""

    top_k: int = option(1, default=5)
    """Most kinds of sound in a list; 0 for all."""

    min_score: float = option(2)
    """Those with a lower score are left out."""


@register_calculator
class TopSoundsCalculator(Calculator[TopSoundsOptions]):
    """Lists the most certain kinds of sound of each step, whether they count as heard or not.

    Inputs:   SCORES (SoundScores)
    Outputs:  LABELS (ClassificationList), in step, by falling score

    For whoever sets thresholds, and for live displays.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TopSoundsCalculator"
          input_stream: "SCORES:steady_scores"
          output_stream: "LABELS:top_labels"
          options { [flowlace.TopSoundsCalculatorOptions.ext] { top_k: 3 } }
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores),)
    output_ports = (Port("LABELS", ClassificationList),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a number of places."""
        if contract.options.top_k < 0:
            raise ContractError(f"top_k has to be at least 0, but is {contract.options.top_k}")

    def process(self, packets: PacketSet) -> None:
        """Lists the best of one step."""
        packet = packets["SCORES"]
        if packet:
            best = ranked(packet.payload, self.options.top_k, self.options.min_score)
            self.outputs["LABELS"].send(packet.with_payload(best))


def ranked(scores: SoundScores, top_k: int, min_score: float = 0.0) -> ClassificationList:
    """Returns the best classes by falling score; all for a `top_k` of 0."""
    values, count = scores.values, top_k or len(scores.values)
    # Stable, so that equal scores keep the order of their classes.
    order = np.argsort(-values, kind="stable")[:count].tolist()
    return ClassificationList(
        classification=tuple(
            Classification(
                index=number, score=float(values[number]), label=scores.classes.labels[number]
            )
            for number in order
            if values[number] >= min_score
        )
    )
