"""Keeps the best of boxes that mean the same thing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.inference.box_overlap import OverlapType, overlaps
from flowlace.formats.detection import (
    Detection,
    LocationFormat,
    RelativeBoundingBox,
    RelativeKeypoint,
    located_box,
)
from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_BLOCK = 64
"""Boxes compared with all that are left at a time: few are kept, so more would be wasted, and
memory grows with the number of boxes and not with its square."""

Boxes = NDArray[np.float32]


class NmsAlgorithm(IntEnum):
    """What is made of boxes that overlap."""

    DEFAULT = 0
    """The best one as it is."""
    WEIGHTED = 1
    """The mean of all, weighted by their scores; keypoints too."""


@proto_options("mediapipe.NonMaxSuppressionCalculatorOptions", extension=55383100)
@dataclass(frozen=True, kw_only=True, slots=True)
class NonMaxSuppressionOptions:
    """Options of `NonMaxSuppressionCalculator`."""

    num_detection_streams: int = option(1, default=1)
    """Number of untagged input streams."""
    max_num_detections: int = option(2, default=-1)
    """Only the best this many; -1 for all."""
    min_suppression_threshold: float = option(3, default=1.0)
    """Boxes that overlap more mean the same thing; 1 keeps all."""
    overlap_type: OverlapType = option(4, default=OverlapType.JACCARD)
    """How overlap is measured."""
    return_empty_detections: bool = option(5)
    """Send an empty list when there are no detections, instead of nothing."""
    min_score_threshold: float = option(6, default=-1.0)
    """Detections with a lower score are dropped."""
    algorithm: NmsAlgorithm = option(7)
    """What is made of boxes that overlap."""
    multiclass_nms: bool = option(8)
    """Boxes of different classes never suppress each other."""


@register_calculator
class NonMaxSuppressionCalculator(Calculator[NonMaxSuppressionOptions]):
    """Keeps one of the detections that overlap: the best, or the mean of them.

    Inputs:   detections (list of Detection), as many untagged streams as `num_detection_streams`
              IMAGE (Image), optional: gives boxes in pixels a size, where some are in fractions
    Outputs:  detections (list of Detection), by falling score, in step

    A detection is kept with its best class only; one without a class is dropped. Boxes are either
    all in fractions or all in pixels, unless IMAGE is connected. A `min_suppression_threshold` of
    0.3 to 0.5 with INTERSECTION_OVER_UNION suits most detectors; MediaPipe's JACCARD divides by
    the box around both, and so gives lower numbers.

    Counts `detections_without_class`.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "NonMaxSuppressionCalculator"
          input_stream: "raw_detections"
          output_stream: "detections"
          options { [mediapipe.NonMaxSuppressionCalculatorOptions.ext] {
            min_suppression_threshold: 0.45
            overlap_type: INTERSECTION_OVER_UNION
            multiclass_nms: true
            return_empty_detections: true
          } }
        }
        ```
    """

    input_ports = (
        Port("IMAGE", Image, optional=True),
        Port("detections", list[Detection], repeated=True),
    )
    output_ports = (Port("detections", list[Detection]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires the number of streams the options say."""
        options: NonMaxSuppressionOptions = contract.options
        given, wanted = len(contract.inputs.untagged), options.num_detection_streams
        if given != wanted:
            raise ContractError(
                f"has {given} streams of detections, but num_detection_streams is {wanted}"
            )
        if options.max_num_detections == 0:
            raise ContractError("max_num_detections can't be 0; leave it out for all")
        if options.overlap_type is OverlapType.UNSPECIFIED_OVERLAP_TYPE:
            raise ContractError("overlap_type has to be said, or left out for JACCARD")

    def process(self, packets: PacketSet) -> None:
        """Filters the detections of one time."""
        given = [each for packet in packets.tagged("") if packet for each in packet.payload]
        if not given and not self.options.return_empty_detections:
            return
        image = packets.get("IMAGE")
        size = (image.payload.width_px, image.payload.height_px) if image else None
        kept = (
            self._multiclass(given, size)
            if self.options.multiclass_nms
            else self._one_by_one(self._with_best_class(given), size)
        )
        self.outputs["detections"].send(Packet(kept, packets.timestamp))

    def _multiclass(
        self, given: Sequence[Detection], size: tuple[int, int] | None
    ) -> list[Detection]:
        groups: dict[int | str, list[Detection]] = {}
        for detection in given:
            classes = detection.label_id or detection.label
            for position in range(len(classes)):
                single = _with_class(detection, position)
                groups.setdefault(classes[position], []).append(single)
            if not classes:
                self.count("detections_without_class")
        kept = [each for group in groups.values() for each in self._one_by_one(group, size)]
        kept.sort(key=lambda detection: -detection.score[0])
        return kept[: self._limit(len(kept))]

    def _with_best_class(self, given: Sequence[Detection]) -> list[Detection]:
        found = []
        for detection in given:
            if not detection.label_id and not detection.label:
                self.count("detections_without_class")
                continue
            best = max(range(len(detection.score)), key=detection.score.__getitem__, default=0)
            found.append(_with_class(detection, best))
        return found

    def _one_by_one(
        self, detections: list[Detection], size: tuple[int, int] | None
    ) -> list[Detection]:
        if not detections:
            return []
        scores = np.array([each.score[0] for each in detections], np.float32)
        order = np.argsort(-scores, kind="stable")
        if self.options.min_score_threshold > 0:
            order = order[scores[order] >= self.options.min_score_threshold]
        boxes = _boxes(detections, size)
        is_weighted = self.options.algorithm is NmsAlgorithm.WEIGHTED
        if is_weighted:
            _require_relative(detections)
        groups = islice(self._groups(boxes, order), self._limit(len(detections)))
        if is_weighted:
            return [_mean(detections, scores, boxes, best, group) for best, group in groups]
        return [detections[best] for best, _ in groups]

    def _limit(self, most: int) -> int:
        asked = self.options.max_num_detections
        return most if asked < 0 else asked

    def _groups(
        self, boxes: Boxes, order: NDArray[np.intp]
    ) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Yields the best box that is left and all that mean the same, itself included."""
        while order.size:
            block = order[:_BLOCK]
            is_same = self._are_same(boxes[block], boxes[order])
            is_taken = np.zeros(len(order), np.bool_)
            for place, best in enumerate(block):
                if not is_taken[place]:
                    group = is_same[place] & ~is_taken
                    group[place] = True
                    is_taken |= group
                    yield int(best), order[group]
            order = order[~is_taken]

    def _are_same(self, best: Boxes, others: Boxes) -> NDArray[np.bool_]:
        """Returns for each of the best which of the others mean the same `[best, other]`."""
        kind = self.options.overlap_type
        if self.options.algorithm is NmsAlgorithm.WEIGHTED:
            # MediaPipe measures the other way round here: how much of the best is covered.
            found = overlaps(kind, others, best).T
        else:
            found = overlaps(kind, best, others)
        return np.asarray(found > self.options.min_suppression_threshold)


def _with_class(detection: Detection, position: int) -> Detection:
    """Returns the detection with one of its classes."""
    count = len(detection.score)
    if not count or count not in (len(detection.label_id), len(detection.label)):
        raise ValueError(
            f"a detection needs a score for each class, but one has {count} scores, "
            f"{len(detection.label_id)} label ids and {len(detection.label)} labels"
        )
    if count == 1:
        return detection
    only = slice(position, position + 1)
    return replace(
        detection,
        score=detection.score[only],
        label_id=detection.label_id[only],
        label=detection.label[only],
        display_name=detection.display_name[only],
    )


def _boxes(detections: Sequence[Detection], size: tuple[int, int] | None) -> Boxes:
    """Returns xmin, ymin, xmax, ymax, all in fractions or, where all are in pixels, in these."""
    formats = {each.location_data.format for each in detections}
    if formats == {LocationFormat.RELATIVE_BOUNDING_BOX, LocationFormat.BOUNDING_BOX} and not size:
        raise ValueError("boxes in pixels and in fractions are mixed; connect IMAGE for its size")
    rows = np.array([_row(each) for each in detections], np.float32)
    if size is not None:
        in_pixels = [
            each.location_data.format is LocationFormat.BOUNDING_BOX for each in detections
        ]
        rows[in_pixels] /= np.array([*size, *size], np.float32)
    rows[:, 2:] += rows[:, :2]
    return rows


def _row(detection: Detection) -> tuple[float, float, float, float]:
    box = located_box(detection)
    return box.xmin, box.ymin, box.width, box.height


def _require_relative(detections: Sequence[Detection]) -> None:
    wanted = LocationFormat.RELATIVE_BOUNDING_BOX
    if any(each.location_data.format is not wanted for each in detections):
        raise ValueError("algorithm WEIGHTED needs RELATIVE_BOUNDING_BOX in every detection")


def _mean(
    detections: Sequence[Detection],
    scores: NDArray[np.float32],
    boxes: Boxes,
    best: int,
    others: NDArray[np.intp],
) -> Detection:
    if len(others) == 1:
        return detections[best]
    # Scores of 0 weigh nothing: then all weigh the same.
    weights = scores[others] if scores[others].sum() > 0 else None
    xmin, ymin, xmax, ymax = np.average(boxes[others], axis=0, weights=weights).tolist()
    location = replace(
        detections[best].location_data,
        relative_bounding_box=RelativeBoundingBox(xmin, ymin, xmax - xmin, ymax - ymin),
        relative_keypoints=_mean_points([detections[i] for i in others], weights),
    )
    return replace(detections[best], location_data=location)


def _mean_points(
    detections: Sequence[Detection], weights: NDArray[np.float32] | None
) -> tuple[RelativeKeypoint, ...]:
    first = detections[0].location_data.relative_keypoints
    points = [[(p.x, p.y) for p in d.location_data.relative_keypoints] for d in detections]
    if any(len(row) != len(first) for row in points):
        raise ValueError("algorithm WEIGHTED needs as many keypoints in every detection")
    if not first:
        return ()
    mean = np.average(np.array(points), axis=0, weights=weights).tolist()
    return tuple(replace(point, x=x, y=y) for point, (x, y) in zip(first, mean, strict=True))
