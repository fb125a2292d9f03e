"""Makes classes with scores of a classifier's output."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.inference.class_filter import class_filter
from flowlace.calculators.inference.labels import (
    LabelItemsEntry,
    LabelMapItem,
    Labels,
    labels_of_file,
    labels_of_items,
)
from flowlace.calculators.inference.model_outputs import (
    Floats,
    output_label,
    output_listing,
    require_some_finite,
)
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError

_ROLE = "scores"


@proto_options("mediapipe.TensorsToClassificationCalculatorOptions.LabelMap.Entry", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelMapEntry:
    """The name of one class."""

    id: int = option(1)
    label: str = option(2)


@proto_options("mediapipe.TensorsToClassificationCalculatorOptions.LabelMap", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelMap:
    """Names of classes, the way MediaPipe's older graphs have them."""

    entries: tuple[LabelMapEntry, ...] = option(1)


@proto_options("mediapipe.TensorsToClassificationCalculatorOptions", extension=335742638)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorsToClassificationOptions:
    """Options of `TensorsToClassificationCalculator`."""

    min_score_threshold: float | None = option(1)
    """Classes with a lower score are left out."""
    top_k: int = option(2)
    """Only the best this many, by falling score; 0 for all."""
    label_map_path: str = option(3)
    """Text file with a name a line; beats `label_items`, which beat `label_map`."""
    binary_classification: bool = option(4)
    """The model gives one number: the first of two classes has it, the second the rest to 1."""
    label_map: LabelMap | None = option(5)
    """Names by id."""
    label_items: tuple[LabelItemsEntry, ...] = option(6)
    """Names, and names to show, by id."""
    ignore_classes: tuple[int, ...] = option(7, packed=True)
    """Classes never reported."""
    allow_classes: tuple[int, ...] = option(8, packed=True)
    """The only classes reported."""
    sort_by_descending_score: bool = option(9)
    """By falling score also without `top_k`; otherwise in the model's order."""


@register_calculator
class TensorsToClassificationCalculator(Calculator[TensorsToClassificationOptions]):
    """Makes classes with scores of a classifier's output.

    Inputs:   TENSORS (list of one Tensor with a score a class)
    Outputs:  CLASSIFICATIONS (ClassificationList), in step

    Quantised outputs are understood. Names, where given, have to be as many as scores.

    Counts `non_finite_scores`, which are left out; an output of nothing but NaN is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsToClassificationCalculator"
          input_stream: "TENSORS:classifier_outputs"
          output_stream: "CLASSIFICATIONS:classes"
          options { [mediapipe.TensorsToClassificationCalculatorOptions.ext] {
            top_k: 3
            min_score_threshold: 0.1
            label_map_path: "labels.txt"
          } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("CLASSIFICATIONS", ClassificationList),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires options that fit together."""
        options: TensorsToClassificationOptions = contract.options
        classes = class_filter(options.allow_classes, options.ignore_classes)
        if options.binary_classification and not classes.takes_all:
            raise ContractError(
                "binary_classification has two classes; take out allow_classes and ignore_classes"
            )
        ids = [entry.id for entry in options.label_map.entries] if options.label_map else []
        if len(set(ids)) < len(ids):
            raise ContractError("label_map has an id twice")

    def open(self) -> None:
        """Reads the names."""
        self._classes = class_filter(self.options.allow_classes, self.options.ignore_classes)
        self._labels = _labels(self.options)

    def process(self, packets: PacketSet) -> None:
        """Reads the output of one run of the model."""
        packet = packets["TENSORS"]
        if not packet:
            return
        scores = self._scores(packet.payload)
        if self._labels is not None and len(self._labels) != len(scores):
            raise ModelError(
                f"{output_label(0, _ROLE, packet.payload[0])} has {len(scores)} classes, but there "
                f"are {len(self._labels)} labels"
            )
        found = tuple(
            self._classification(index, score)
            for index, score in zip(*(each.tolist() for each in self._chosen(scores)), strict=True)
        )
        made = ClassificationList(classification=found)
        self.outputs["CLASSIFICATIONS"].send(Packet(made, packets.timestamp))

    def _scores(self, tensors: Sequence[Tensor]) -> Floats:
        if len(tensors) != 1:
            raise ModelError(
                f"1 tensor of scores is expected, but the model gives {len(tensors)}: "
                f"{output_listing(tensors)}"
            )
        scores = tensors[0].floats.reshape(-1)
        require_some_finite(scores, 0, _ROLE, tensors[0])
        if not self.options.binary_classification:
            return scores
        if len(scores) != 1:
            raise ModelError(
                f"{output_label(0, _ROLE, tensors[0])} has {len(scores)} numbers, but "
                f"binary_classification expects 1"
            )
        return np.concatenate([scores, 1 - scores])

    def _chosen(self, scores: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Returns the classes to report and their scores, in the order asked for."""
        is_finite = np.isfinite(scores)
        if not is_finite.all():
            self.count("non_finite_scores", int(np.count_nonzero(~is_finite)))
        least = self.options.min_score_threshold
        # MediaPipe reports both of two classes whatever the threshold.
        if least is not None and not self.options.binary_classification:
            is_finite &= scores >= np.float32(least)
        indices = np.flatnonzero(is_finite)
        if not self._classes.takes_all:
            indices = indices[self._classes.allows(indices)]
        if self.options.top_k > 0 or self.options.sort_by_descending_score:
            indices = indices[np.argsort(-scores[indices], kind="stable")]
        if self.options.top_k > 0:
            indices = indices[: self.options.top_k]
        return indices, scores[indices]

    def _classification(self, index: int, score: float) -> Classification:
        if self._labels is None:
            return Classification(index=index, score=score)
        item = self._labels.get(index)
        if item is None:
            raise ModelError(f"class {index} has no label, though there are as many as classes")
        return Classification(
            index=index, score=score, label=item.name, display_name=item.display_name
        )


def _labels(options: TensorsToClassificationOptions) -> Labels | None:
    if options.label_map_path:
        return labels_of_file(options.label_map_path)
    if options.label_items:
        return labels_of_items(options.label_items)
    if options.label_map is not None:
        return {each.id: LabelMapItem(name=each.label) for each in options.label_map.entries}
    return None
