"""Keeps detections, which come rarely, and tracked boxes, which come with every frame, together.

A detector finds objects anew each time; a tracker follows boxes and knows nothing of objects. Each
detection is started as a box of its own. Once the tracker tells where that box is now, the
detection is compared with the objects that are followed already: if it is one of them it takes
over that object's id and the old box is cancelled, because a fresh box is better than one that
has been followed for a while.

Two rules say what the same object is. AREA is MediaPipe's (`util/tracking/
tracked_detection_manager.cc`): areas alike and one box half inside the other, whatever the label;
boxes that come to lie over each other later are merged as well. IOU compares detections and
objects of one class by intersection over union and pairs them one to one, so that two people who
pass each other stay two.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.detection import Detection
from flowlace.formats.tracked_box import TimedBox
from flowlace.tracking.box_matching import pairs_one_to_one, visible_shares
from flowlace.tracking.object_comparison import (
    area_ratios,
    distances,
    labels_agree,
    likeness,
    overlap_scores,
    same_by_area,
)
from flowlace.tracking.tracked_detection import (
    Smoothing,
    TrackedDetection,
    new_tracked_detection,
    places_of,
)
from flowlace.tracking.usual_shape import UsualShapes

Float32 = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

GRACE_US = 500_000
"""How long the tracker may take to tell of the boxes of a round before they count as failed."""

NEARNESS_WEIGHT = 0.1
"""Similarity a candidate for an old id loses at the edge of where the object could be."""

PLACED_AT = 0.5
"""Share of a box in the frame above which a detector should have seen the object."""


class Association(IntEnum):
    """What makes a detection an object that is known already."""

    AREA = 0
    """MediaPipe's rule: alike in area, and one more than half inside the other."""
    IOU = 1
    """One to one by intersection over union, labels agreeing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedDetectionOptions:
    """How objects are kept."""

    association: Association = Association.AREA
    """What makes a detection an object that is known already."""
    max_area_ratio: float = 3.0
    """AREA: boxes of a larger ratio are different objects; so are lost ones in both rules."""
    min_overlap_ratio: float = 0.5
    """AREA: share of one of two boxes that has to lie in the other."""
    min_iou: float = 0.3
    """IOU: least intersection over union."""
    ignore_labels: bool = False
    """IOU: whether an object may change its class."""
    min_new_score: float = 0.0
    """Weaker detections go on with objects that are known, and start none."""
    max_missed_detections: int = 0
    """Rounds of detections that may miss an object before it is lost; 0: any number."""
    max_missed_shown: int = 0
    """Rounds of detections that may miss an object, detected twice at least, while it is shown."""
    reacquire_us: int = 0
    """How long a lost object can come back under its id by its look; 0: never."""
    min_similarity: float = 0.8
    """Least likeness of a lost object and a detection, 0..1."""
    reach_per_s: float = 0.15
    """How far, in frames a second, an object can get from where it should be while it is lost."""
    smoothing: Smoothing = field(default_factory=Smoothing)
    """How much of what was shown before goes on after a new detection."""
    min_visible: float = 0.0
    """Share of a box that has to be in the frame; 0: one of its corners has to."""
    timeout_us: int = 5_000_000
    """Objects the tracker has said nothing about for this long are forgotten."""


@dataclass(slots=True)
class _Round:
    """The detections of one frame that the tracker has not told of yet."""

    timestamp_us: int
    waiting: dict[int, TrackedDetection]
    is_counted: bool = False
    """Whether objects it did not have were told they were missed."""


class TrackedDetections:
    """The objects of one video.

    >>> from flowlace.formats.detection import Detection
    >>> objects = TrackedDetections()
    >>> objects.add([Detection(label=("cat",), score=(0.9,), detection_id=7)], 0)
    >>> box = TimedBox(timestamp_us=0, left=0.2, top=0.2, right=0.4, bottom=0.4, id=7)
    >>> objects.update([box], 0)
    []
    >>> [(each.object_id, each.best_label) for each in objects.shown()]
    [(7, 'cat')]
    """

    def __init__(self, options: TrackedDetectionOptions | None = None) -> None:
        self._options = options or TrackedDetectionOptions()
        self._rounds: deque[_Round] = deque()
        self._objects: dict[int, TrackedDetection] = {}
        self._removed: list[int] = []
        self._shapes = UsualShapes(self._options.smoothing.size_half_life_us)
        self._now_us = -1
        self.reacquired = 0
        """Objects that were lost and given back their id by their look."""
        self.unanswered = 0
        """Detections whose boxes the tracker never told of."""

    def add(
        self, detections: Sequence[Detection], timestamp_us: int, looks: Float32 | None = None
    ) -> None:
        """Takes the detections of one frame; they join when the tracker tells of their boxes.

        An empty list counts: it says that nothing was found.

        Args:
            detections: with ids that are used once.
            timestamp_us: of the frame.
            looks: `[detection, feature]` of unit length, for lost objects that come back.
        """
        if looks is not None and len(looks) != len(detections):
            raise ValueError(
                f"{len(detections)} detections at {timestamp_us} us came with {len(looks)} looks; "
                "make the looks from the same list"
            )
        rows = [None] * len(detections) if looks is None else list(looks)
        objects = [
            new_tracked_detection(each, timestamp_us, row)
            for each, row in zip(detections, rows, strict=True)
        ]
        self._rounds.append(_Round(timestamp_us, {each.box_id: each for each in objects}))

    def update(self, boxes: Sequence[TimedBox], timestamp_us: int) -> list[int]:
        """Takes the tracker's boxes of one frame; returns the ids of boxes to cancel."""
        self._now_us = timestamp_us
        self._removed = []
        by_id = {box.id: box for box in boxes}
        for each in self._objects.values():
            if not each.is_lost and each.box_id in by_id:
                each.locate(by_id[each.box_id])
        for each_round in self._rounds:
            self._answer(each_round, by_id)
        self._rounds = deque(each for each in self._rounds if not self._is_over(each))
        if self._options.association is Association.AREA:
            self._merge_duplicates()
        self._lose_out_of_view()
        self._forget()
        return list(self._removed)

    def shown(self) -> list[TrackedDetection]:
        """Returns the objects of the newest frame, by id."""
        found = self._in_view([each for each in self._objects.values() if self._is_shown(each)])
        return sorted(found, key=lambda each: each.object_id)

    def _is_shown(self, each: TrackedDetection) -> bool:
        is_present = not each.is_lost and each.updated_us >= self._now_us
        most_missed = self._options.max_missed_shown if each.hits > 1 else 0
        return is_present and (each.misses <= most_missed or not self._loses_missed)

    def _in_view(self, objects: list[TrackedDetection]) -> list[TrackedDetection]:
        """Leaves out objects shown out of view: where they are shown is kept from straying."""
        least, smoothing = self._options.min_visible, self._options.smoothing
        if least <= 0 or not objects:
            return objects
        shares = visible_shares(np.array([each.shown_place(smoothing) for each in objects]))
        return [each for each, share in zip(objects, shares, strict=True) if share >= least]

    @property
    def _loses_missed(self) -> bool:
        return self._options.max_missed_detections > 0

    def _answer(self, each_round: _Round, boxes: dict[int, TimedBox]) -> None:
        """Lets the detections join that the tracker tells of."""
        joining = [each for id_, each in each_round.waiting.items() if id_ in boxes]
        if not joining and not self._has_waited(each_round):
            return
        for each in joining:
            del each_round.waiting[each.box_id]
            each.locate(boxes[each.box_id])
        known = list(self._objects.values())
        left = self._associated(joining, known)
        unmatched = [each for each in known if each.box_id in self._objects]
        if not each_round.is_counted:
            each_round.is_counted = True
            self._count_missed(unmatched, each_round.timestamp_us)
        self._reacquire(left, unmatched)
        joining = self._without_doubtful(joining)
        if self._options.smoothing.size_half_life_us > 0:
            for each in joining:
                each.take_usual_size(self._shapes)
        self._objects.update((each.box_id, each) for each in joining)
        self._lose_missed()

    def _without_doubtful(self, joining: list[TrackedDetection]) -> list[TrackedDetection]:
        """Leaves out weak detections that are no known object, as ByteTrack does (Zhang 2022)."""
        least = self._options.min_new_score
        doubtful = {
            each.box_id
            for each in joining
            if not each.is_inherited and max(each.labels.values(), default=1.0) < least
        }
        self._removed += sorted(doubtful)
        return [each for each in joining if each.box_id not in doubtful]

    def _has_waited(self, each_round: _Round) -> bool:
        if each_round.is_counted:
            return False
        wait_us = GRACE_US if each_round.waiting else 0
        return self._now_us >= each_round.timestamp_us + wait_us

    def _is_over(self, each_round: _Round) -> bool:
        if not each_round.is_counted:
            return False
        if self._now_us - each_round.timestamp_us > self._options.timeout_us:
            self.unanswered += len(each_round.waiting)
            return True
        return not each_round.waiting

    def _associated(
        self, joining: list[TrackedDetection], known: list[TrackedDetection]
    ) -> list[TrackedDetection]:
        """Gives detections of known objects their ids; returns the other detections."""
        if not joining or not known:
            return joining
        if self._options.association is Association.AREA:
            return [each for each in joining if not self._replaces_by_area(each)]
        scores = overlap_scores(
            joining, known, self._now_us, self._options.min_iou, self._options.ignore_labels
        )
        pairs = pairs_one_to_one(scores, -np.inf)
        for row, column in pairs:
            self._replace(joining[row], known[column])
        paired = {row for row, _ in pairs}
        return [each for row, each in enumerate(joining) if row not in paired]

    def _replaces_by_area(self, detection: TrackedDetection) -> bool:
        """Takes over all objects that MediaPipe's rule takes for the same."""
        known = list(self._objects.values())
        if not known:
            return False
        same = self._same_area([detection], known)[0]
        doubles = [each for each, is_same in zip(known, same, strict=True) if is_same]
        for each in sorted(doubles, key=lambda each: each.started_us):
            self._replace(detection, each)
        return bool(doubles)

    def _same_area(
        self, first: list[TrackedDetection], second: list[TrackedDetection]
    ) -> BoolArray:
        options = self._options
        return same_by_area(first, second, options.max_area_ratio, options.min_overlap_ratio)

    def _merge_duplicates(self) -> None:
        """Merges objects that came to lie over each other; the latest detection stays."""
        present = [e for e in self._objects.values() if e.updated_us == self._now_us]
        present.sort(key=lambda each: each.started_us, reverse=True)
        if len(present) < 2:
            return
        same = self._same_area(present, present)
        for row, kept in enumerate(present):
            if kept.box_id not in self._objects:
                continue
            for column in np.flatnonzero(same[row, row + 1 :]) + row + 1:
                other = present[column]
                if other.box_id in self._objects:
                    self._absorb(kept, other)

    def _absorb(self, kept: TrackedDetection, other: TrackedDetection) -> None:
        kept.merge_labels(other)
        if not kept.is_inherited:
            kept.object_id = other.object_id
        self._remove(other)

    def _replace(self, new: TrackedDetection, old: TrackedDetection) -> None:
        new.take_over(old, self._options.smoothing)
        self._remove(old)

    def _remove(self, each: TrackedDetection) -> None:
        del self._objects[each.box_id]
        if not each.is_lost:
            self._removed.append(each.box_id)

    def _count_missed(self, unmatched: list[TrackedDetection], found_us: int) -> None:
        """Notes which objects a detector should have seen and did not."""
        if not self._loses_missed or not unmatched:
            return
        shares = visible_shares(places_of(unmatched))
        for each, share in zip(unmatched, shares, strict=True):
            if each.started_us < found_us and share >= PLACED_AT and not each.is_lost:
                each.misses += 1

    def _lose_missed(self) -> None:
        if self._loses_missed:
            for each in list(self._objects.values()):
                if each.misses > self._options.max_missed_detections:
                    self._lose(each)

    def _lose_out_of_view(self) -> None:
        objects = [each for each in self._objects.values() if not each.is_lost]
        if not objects:
            return
        places = places_of(objects)
        if self._options.min_visible > 0:
            is_out = visible_shares(places) < self._options.min_visible
        else:
            # A corner is in view where one of its coordinates and one of the others is.
            is_inside = (places >= 0) & (places <= 1)
            is_out = ~np.logical_and(
                is_inside[:, [0, 2]].any(axis=1), is_inside[:, [1, 3]].any(axis=1)
            )
        for index in np.flatnonzero(is_out):
            self._lose(objects[index])

    def _lose(self, each: TrackedDetection) -> None:
        """Stops following an object; it is remembered as long as it may come back."""
        if each.is_lost:
            return
        if self._options.reacquire_us <= 0:
            self._remove(each)
            return
        each.is_lost = True
        self._removed.append(each.box_id)

    def _reacquire(self, new: list[TrackedDetection], known: list[TrackedDetection]) -> None:
        """Gives detections that are nothing known the ids of lost objects that look like them."""
        wanted = [each for each in new if each.look is not None]
        gone = [each for each in known if self._may_come_back(each)]
        if not wanted or not gone or self._options.reacquire_us <= 0:
            return
        nearness = distances(wanted, gone, self._now_us, self._options.reach_per_s)
        scores = likeness(wanted, gone) - NEARNESS_WEIGHT * nearness
        scores[(nearness > 1) | ~labels_agree(wanted, gone, self._options.ignore_labels)] = -np.inf
        scores[area_ratios(wanted, gone) > self._options.max_area_ratio] = -np.inf
        for row, column in pairs_one_to_one(scores, self._options.min_similarity):
            self.reacquired += 1
            self._replace(wanted[row], gone[column])

    def _may_come_back(self, each: TrackedDetection) -> bool:
        is_in_doubt = each.is_lost or each.misses > 0 or each.updated_us < self._now_us
        is_recent = self._now_us - each.updated_us <= self._options.reacquire_us
        return is_in_doubt and is_recent and each.look is not None

    def _forget(self) -> None:
        """Drops objects the tracker has said nothing about for too long."""
        options = self._options
        for each in list(self._objects.values()):
            limit_us = options.reacquire_us if each.is_lost else options.timeout_us
            if self._now_us - each.updated_us > limit_us:
                self._remove(each)
