"""Makes detections of a detector's outputs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.inference.class_filter import ClassFilter, class_filter
from flowlace.calculators.inference.found_boxes import FoundBoxes
from flowlace.calculators.inference.model_outputs import (
    Floats,
    output_label,
    output_listing,
    require_some_finite,
    shaped_output,
    sigmoid,
)
from flowlace.calculators.inference.tensors_to_detections_options import (
    TensorsToDetectionsOptions,
    box_coding,
    check_options,
    edge_order,
    least_raw_score,
    raw_options_problem,
)
from flowlace.formats.anchors import Anchors
from flowlace.formats.detection import Detection
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError


@register_calculator
class TensorsToDetectionsCalculator(Calculator[TensorsToDetectionsOptions]):
    """Makes detections of a detector's outputs, raw or finished.

    Inputs:   TENSORS (list of Tensor), one of
              2: raw boxes [1, n, numbers] and scores [1, n, classes]; anchors come as side packet
              3: the same and anchors [n, 4]
              4: finished boxes [1, n, 4], classes [1, n], scores [1, n] and their number [1], in
                 the order of the operation TFLite_Detection_PostProcess
    Outputs:  DETECTIONS (list of Detection with relative boxes), in the model's order, in step
    Side packets: ANCHORS (Anchors), optional: from `SsdAnchorsCalculator`
                  IGNORE_CLASSES (list of int), optional: in place of `ignore_classes`

    A raw box is reported under its best class. Finished boxes that repeat, one class each, become
    one detection with several classes. Quantised outputs are understood. Set `min_score_thresh`:
    boxes below it cost nothing, and every other one is decoded. Usually
    `NonMaxSuppressionCalculator` follows for raw boxes.

    Counts `non_finite_boxes` and `negative_boxes` (height or width below 0), which are dropped. An
    output of nothing but NaN, of another shape than the options say, or a wrong number of outputs
    is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsToDetectionsCalculator"
          input_stream: "TENSORS:detector_outputs"
          input_side_packet: "ANCHORS:anchors"
          output_stream: "DETECTIONS:raw_detections"
          options { [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {
            num_classes: 90
            num_boxes: 19206
            num_coords: 4
            x_scale: 1 y_scale: 1 w_scale: 1 h_scale: 1
            apply_exponential_on_box_size: true
            sigmoid_score: true
            min_score_thresh: 0.4
          } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("DETECTIONS", list[Detection]),)
    side_input_ports = (
        Port("ANCHORS", Anchors, optional=True),
        Port("IGNORE_CLASSES", list[int], optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires the sizes of the outputs, and options that fit together."""
        check_options(contract.options)
        if "ANCHORS" in contract.side_inputs and (problem := raw_options_problem(contract.options)):
            raise ContractError(problem)
        if "IGNORE_CLASSES" in contract.side_inputs and contract.options.allow_classes:
            raise ContractError("allow_classes and side packet IGNORE_CLASSES exclude each other")

    def open(self) -> None:
        """Takes the options apart once."""
        options = self.options
        ignored = self.side_packets.get("IGNORE_CLASSES", options.ignore_classes)
        self._classes: ClassFilter = class_filter(options.allow_classes, ignored)
        assert options.num_classes is not None
        assert options.num_coords is not None
        self._class_count, self._row_length = options.num_classes, options.num_coords
        self._class_ids = self._classes.indices(self._class_count)
        self._raw_problem = raw_options_problem(options)
        self._least_raw = least_raw_score(options)
        self._coding = box_coding(options)
        self._edges = list(edge_order(options))
        self._anchors: Anchors | None = self.side_packets.get("ANCHORS")
        if self._anchors is not None and len(self._anchors) != options.num_boxes:
            raise ValueError(
                f"num_boxes is {options.num_boxes}, but there are {len(self._anchors)} anchors"
            )

    def process(self, packets: PacketSet) -> None:
        """Reads the outputs of one run of the model."""
        packet = packets["TENSORS"]
        if not packet:
            return
        tensors: Sequence[Tensor] = packet.payload
        if len(tensors) not in (2, 3, 4):
            raise ModelError(
                f"2, 3 or 4 tensors are expected, but the model gives {len(tensors)}: "
                f"{output_listing(tensors)}"
            )
        found = self._finished(tensors) if len(tensors) == 4 else self._raw(tensors)
        found = self._sound(found)
        if self.options.flip_vertically:
            found = found.flipped_vertically()
        self.outputs["DETECTIONS"].send(Packet(found.detections(), packets.timestamp))

    def _index(self, role: str, usual: int) -> int:
        mapping = self.options.tensor_mapping
        if mapping is None:
            return usual
        given = getattr(mapping, f"{role}_tensor_index")
        if given is None:
            raise ModelError(
                f"tensor_mapping does not say which tensor holds the {role}; add "
                f"{role}_tensor_index"
            )
        return int(given)

    # Raw boxes.

    def _raw(self, tensors: Sequence[Tensor]) -> FoundBoxes:
        if self._raw_problem:
            raise ValueError(self._raw_problem)
        count = self.options.num_boxes
        at_boxes, at_scores = self._index("detections", 0), self._index("scores", 1)
        rows = shaped_output(tensors, at_boxes, "boxes", (count, self._row_length))
        scores = shaped_output(tensors, at_scores, "scores", (count, self._class_count))
        anchors = self._anchor_boxes(tensors)
        if self._class_ids is not None:
            scores = scores[:, self._class_ids]
        if not scores.shape[1]:
            return FoundBoxes.none(self.options.num_keypoints)
        usable = self._usable(tensors, (at_boxes, at_scores), ("boxes", "scores"), (rows, scores))
        chosen = self._worth_decoding(scores)
        if usable is not None:
            chosen = chosen[usable[chosen]]
        best = scores[chosen].argmax(axis=1)
        final = self._final_scores(scores[chosen, best])
        least = self.options.min_score_thresh
        if least is not None:
            is_kept = final >= least
            chosen, best, final = chosen[is_kept], best[is_kept], final[is_kept]
        classes = best if self._class_ids is None else self._class_ids[best]
        near, rows = anchors[chosen], rows[chosen]
        return FoundBoxes(
            self._coding.corners(rows, near),
            self._coding.points(rows, near),
            final[:, None],
            classes[:, None],
            np.ones((len(chosen), 1), np.bool_),
        )

    def _anchor_boxes(self, tensors: Sequence[Tensor]) -> Floats:
        if len(tensors) == 3:
            index = self._index("anchors", 2)
            return shaped_output(tensors, index, "anchors", (self.options.num_boxes, 4))
        if self._anchors is None:
            raise ValueError(
                "raw boxes need anchors: connect side packet ANCHORS, or use a model that gives "
                "them as a third tensor"
            )
        return self._anchors.boxes

    def _worth_decoding(self, scores: Floats) -> NDArray[np.intp]:
        """Returns the boxes with a score that may be high enough."""
        if self._least_raw is None:
            return np.arange(len(scores))
        # Comparing first and looking for whole rows among the few that pass beats any reduction
        # along the short axis of classes.
        passing = np.flatnonzero(scores >= self._least_raw)
        return passing if scores.shape[1] == 1 else np.unique(passing // scores.shape[1])

    def _final_scores(self, scores: Floats) -> Floats:
        if not self.options.sigmoid_score:
            return scores
        limit = self.options.score_clipping_thresh
        return sigmoid(scores if limit is None else np.clip(scores, -limit, limit))

    # Finished boxes.

    def _finished(self, tensors: Sequence[Tensor]) -> FoundBoxes:
        at_boxes, at_classes = self._index("detections", 0), self._index("classes", 1)
        at_scores = self._index("scores", 2)
        rows = shaped_output(tensors, at_boxes, "boxes", (None, self._row_length))
        slots = len(rows)
        ids = shaped_output(tensors, at_classes, "classes", (slots,))
        scores = shaped_output(tensors, at_scores, "scores", (slots,))
        count = self._number_of_boxes(tensors, slots)
        repeats = _repeats(rows, count)
        used = count * repeats
        rows, ids, scores = rows[:used], ids[:used], scores[:used]
        usable = self._usable(
            tensors,
            (at_boxes, at_classes, at_scores),
            ("boxes", "classes", "scores"),
            (rows, ids[:, None], scores[:, None]),
        )
        is_reported = np.ones(used, np.bool_) if usable is None else usable
        # What no integer stands for becomes some integer, as in C++.
        with np.errstate(invalid="ignore"):
            classes = np.where(is_reported, ids, 0).astype(np.intp)
        is_reported = is_reported & self._classes.allows(classes)
        if self.options.min_score_thresh is not None:
            is_reported &= scores >= self.options.min_score_thresh
        start = self.options.keypoint_coord_offset
        points = rows[::repeats, start : start + 2 * self.options.num_keypoints]
        found = FoundBoxes(
            rows[::repeats][:, self._edges],
            points.reshape(count, self.options.num_keypoints, 2),
            scores.reshape(count, repeats),
            classes.reshape(count, repeats),
            is_reported.reshape(count, repeats),
        )
        return found[np.asarray(found.is_reported.any(axis=1))]

    def _number_of_boxes(self, tensors: Sequence[Tensor], slots: int) -> int:
        index = self._index("num_detections", 3)
        (number,) = shaped_output(tensors, index, "number of boxes", (1,))
        if not 0 <= number <= slots:
            raise ModelError(
                f"{output_label(index, 'number of boxes', tensors[index])} is {number:g}, but the "
                f"boxes have room for {slots}"
            )
        return int(number)

    # Both.

    def _usable(
        self,
        tensors: Sequence[Tensor],
        indices: tuple[int, ...],
        roles: tuple[str, ...],
        values: tuple[Floats, ...],
    ) -> NDArray[np.bool_] | None:
        """Returns which boxes hold no NaN; None where all do."""
        if all(np.isfinite(each).all() for each in values):
            return None
        for index, role, each in zip(indices, roles, values, strict=True):
            require_some_finite(each, index, role, tensors[index])
        usable = np.logical_and.reduce([np.isfinite(each).all(axis=1) for each in values])
        self.count("non_finite_boxes", int(np.count_nonzero(~usable)))
        return np.asarray(usable)

    def _sound(self, found: FoundBoxes) -> FoundBoxes:
        """Drops boxes no later node could work with, then keeps the first `max_results`."""
        sizes = found.corners[:, 2:] - found.corners[:, :2]
        is_finite = np.asarray(np.isfinite(found.corners).all(axis=1))
        is_negative = is_finite & (sizes < 0).any(axis=1)
        is_sound = is_finite & ~is_negative
        if not is_sound.all():
            self._count_if_any("non_finite_boxes", ~is_finite)
            self._count_if_any("negative_boxes", is_negative)
            found = found[is_sound]
        return found if self.options.max_results < 0 else found[: self.options.max_results]

    def _count_if_any(self, event: str, which: NDArray[np.bool_]) -> None:
        number = int(np.count_nonzero(which))
        if number:
            self.count(event, number)


def _repeats(rows: Floats, count: int) -> int:
    """Returns how often each box stands in a row, once for each of its classes.

    The operation in the model that finishes boxes may give several classes a box, in one slot
    each. That is in its settings only, so it has to be read from the boxes: all of them then come
    in equal groups. Slots divided by boxes would be wrong when not all slots are filled.
    """
    slots = len(rows)
    for repeats in range(slots // max(count, 1), 1, -1):
        if count and slots % repeats == 0:
            groups = rows[: count * repeats].reshape(count, repeats, -1)
            if (groups == groups[:, :1]).all():
                return repeats
    return 1
