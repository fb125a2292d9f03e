from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from flowlace.comparison.mismatch import NOTHING, Mismatch
from flowlace.comparison.tolerances import Tolerances, parse_tolerances
from flowlace.comparison.values import ValueComparison, compares
from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
)
from flowlace.formats.object_row import ObjectRow
from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.formats.transcript import Word


def found(expected: Any, actual: Any, *allowed: str, **more: Any) -> list[Mismatch]:
    tolerances = parse_tolerances(allowed, Tolerances(**more))
    return list(ValueComparison(tolerances).mismatches(expected, actual))


def fields(expected: Any, actual: Any, *allowed: str, **more: Any) -> list[str]:
    return [each.field for each in found(expected, actual, *allowed, **more)]


def car(x: float, *, id: int = 1, label: str = "car", score: float = 0.9) -> ObjectRow:  # noqa: A002
    return ObjectRow(
        timestamp_us=0, id=id, label=label, score=score, x=x, y=10, w=20, h=20, confidence=1.0
    )


def detection(x: float, label: str = "car") -> Detection:
    place = RelativeBoundingBox(x, 0.1, 0.2, 0.2)
    return Detection(
        label=(label,), score=(0.5,),
        location_data=LocationData(
            format=LocationFormat.RELATIVE_BOUNDING_BOX, relative_bounding_box=place
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 2.5, float("nan"), "text", b"bytes", [1, [2]], {"a": [1]}, {1, 2},
        TrackState.EMPTY, np.float32(2), [car(1), car(50)], detection(0.1),
        {"level": float("-inf")}, range(3),
    ],
)  # fmt: skip
def test_a_value_is_like_its_copy(value: Any) -> None:
    assert fields([value], [value], number=0.0) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, True), (1, "1"), (1, None), ("a", "b"), ([1], [7]), ([1], [1, 2]), ({"a": 1}, {"b": 1}),
        (TrackState.EMPTY, TrackState.TRACKED), (float("nan"), 1.0), (1.0, float("nan")),
        ({1}, {2}), (b"a", b"b"), (car(1), detection(0.1)), ([], None), ({}, []),
    ],
)  # fmt: skip
def test_values_that_differ_are_found(expected: Any, actual: Any) -> None:
    assert found(expected, actual, "number=5")


def test_whole_numbers_and_floats_of_one_value_are_alike() -> None:
    assert fields({"x": 1}, {"x": 1.0}) == []


def test_the_path_leads_to_the_place() -> None:
    assert fields([detection(0.1)], [detection(0.15)]) == [
        "[0].location_data.relative_bounding_box.xmin"
    ]


def test_one_box_more_does_not_make_all_after_it_differ() -> None:
    (mismatch,) = found([car(0), car(100), car(200)], [car(100), car(200)])
    assert (mismatch.field, mismatch.what, mismatch.actual) == ("[0]", "is missing", NOTHING)
    (mismatch,) = found([car(100)], [car(0), car(100)])
    assert (mismatch.field, mismatch.what, mismatch.expected) == (
        "[0]",
        "was not expected",
        NOTHING,
    )


def test_boxes_are_paired_with_those_of_their_name_before_others() -> None:
    person = car(2, label="person")
    assert fields([car(0), person], [person, car(0)], "box=0.5") == []
    assert fields([car(0), person], [person, car(0)]) == [""]  # the order


def test_a_box_may_be_off_by_the_iou_that_is_allowed() -> None:
    assert fields(car(0), car(1), "box=0.9") == []  # 19 of 21
    (mismatch,) = found(car(0), car(2), "box=0.9")  # 18 of 22
    assert mismatch.what == "IoU 0.818, 0.9 is wanted"
    assert mismatch.deviation == pytest.approx(4 / 22)


def test_a_tolerance_for_boxes_says_nothing_about_labels_scores_and_turns() -> None:
    other = car(0, label="van", score=0.8)
    assert fields(car(0), other, "box=0.5") == ["label", "score"]
    box = TimedBox(timestamp_us=0, left=0, top=0, right=1, bottom=1)
    assert fields(box, replace(box, label="x"), "box=0.5") == ["label"]


def test_the_box_of_a_detection_may_be_off_too() -> None:
    assert fields([detection(0.1)], [detection(0.105)], "box=0.9") == []


def test_scores_may_be_off_by_what_is_allowed() -> None:
    assert fields(car(0), car(0, score=0.85), "score=0.1") == []
    assert fields(car(0), car(0, score=0.7), "score=0.1") == ["score"]


def test_ids_may_be_renamed_but_not_exchanged() -> None:
    comparison = ValueComparison(Tolerances(are_ids_renamed=True))
    both = [car(0, id=1), car(100, id=2)]
    assert not list(comparison.mismatches(both, [car(0, id=7), car(100, id=8)]))
    (first, second) = comparison.mismatches(both, [car(0, id=8), car(100, id=7)])
    assert (first.field, first.what) == ("[0].id", "id 1 was 7 before, now it is 8")
    assert second.field == "[1].id"


def test_two_objects_can_not_become_one_by_renaming() -> None:
    (mismatch,) = found([car(0, id=1), car(100, id=2)], [car(0, id=7), car(100, id=7)],
                        are_ids_renamed=True)  # fmt: skip
    assert mismatch.what == "id 7 stood for 1 before, now for 2"


def test_an_id_can_not_appear_by_renaming() -> None:
    assert fields({"id": None}, {"id": 3}, are_ids_renamed=True) == ["id"]
    assert fields({"track_id": ""}, {"track_id": "7"}, are_ids_renamed=True) == ["track_id"]


def event(onset_ms: int, offset_ms: int, label: str = "siren", score: float = 0.9) -> SoundEvent:
    return SoundEvent(
        onset_us=onset_ms * 1000, offset_us=offset_ms * 1000, label=label, score=score
    )


def test_events_are_paired_by_time_and_name() -> None:
    expected = [event(0, 500), event(1000, 2000), event(1000, 2000, "horn")]
    actual = [event(1000, 2000, "horn"), event(1050, 2000)]
    missing, moved = found(expected, actual)[:2]
    assert (missing.field, missing.what) == ("[0]", "is missing")
    assert (moved.field, moved.what) == ("[1].onset_us", "off by 50000")
    assert fields(expected[1:], actual, "time=50ms") == []


def test_an_event_too_short_to_overlap_is_paired_within_the_tolerance() -> None:
    assert fields([event(100, 110)], [event(130, 140)], "time=30ms") == []
    assert len(fields([event(100, 110)], [event(130, 140)], "time=10ms")) == 2


def test_rows_are_paired_by_keys_where_they_are_given() -> None:
    rows = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
    assert fields(rows, rows[::-1]) != []
    assert fields(rows, rows[::-1], keys=("name",)) == []
    (mismatch,) = found(rows, [{"name": "b", "n": 5}, {"name": "a", "n": 1}], keys=("name",))
    assert (mismatch.field, mismatch.actual) == ("[1].n", 5)


def test_ignored_fields_are_not_looked_at() -> None:
    assert fields(car(0), car(0, score=0.1), ignore=frozenset(("score",))) == []
    nested = frozenset(("location_data.relative_bounding_box.xmin",))
    assert fields([detection(0.1)], [detection(0.15)], ignore=nested) == []


def grid(rain: Any) -> RadarGrid:
    return RadarGrid(
        rain_rate_mm_h=np.array(rain, np.float32), projection="", extent=Extent(0, 0, 1, 1),
        observed_us=0,
    )  # fmt: skip


def test_radar_grids_are_compared_by_error_and_by_where_nothing_is_known() -> None:
    here, there = grid([[1, 2], [np.nan, 4]]), grid([[1, 2.05], [np.nan, 4]])
    assert fields(here, there) == ["rain_rate_mm_h"]
    assert fields(here, there, "number=0.1") == []
    assert fields(here, grid([[1, 2], [3, 4]]), "number=99") == ["rain_rate_mm_h"]


def test_tensors_are_compared_by_values_type_and_quantisation() -> None:
    array = np.array([1.0, 2.0], np.float32)
    assert fields(Tensor(array), Tensor(array + np.float32(0.01)), "number=0.02") == []
    assert fields(Tensor(array), Tensor(array + 1)) == ["array"]
    assert fields(Tensor(array), Tensor(array, quantization=Quantization(1.0, 0))) == [
        "quantization"
    ]


def test_scores_of_sounds_are_compared_as_scores() -> None:
    both = np.array([0.5, 0.5], np.float32)
    classes = SoundClasses(
        labels=("a", "b"), thresholds=both, releases=both, reaches_us=np.zeros(2, np.int64)
    )
    first = SoundScores(classes=classes, values=both)
    second = SoundScores(classes=classes, values=both + np.float32(0.05))
    assert fields(first, second, "score=0.06") == []
    assert fields(first, second, "score=0.04") == ["values"]


def test_silence_is_like_silence() -> None:
    bar = SoundBar(timestamp_us=0, label="", score=0, dbfs=float("-inf"))
    assert fields(bar, replace(bar)) == []


def words(text: str) -> Sequence[Word]:
    return [Word(text=one, start_sample=i, end_sample=i + 1) for i, one in enumerate(text.split())]


def test_texts_are_exact_or_compared_by_words() -> None:
    assert fields("one two three", "one two tree") == [""]
    assert fields("one two three", "One two tree", "words=40%") == []
    assert fields("one two three", "one too tree", "words=40%") == [""]


def test_lists_of_words_are_compared_as_text_if_words_may_differ() -> None:
    assert fields(words("one two three four"), words("one two tree four five"), "words=50%") == []
    assert len(found(words("one two"), words("one too"))) > 0


@dataclass(eq=False)
class _Angle:
    degrees: float


class _Opaque:
    pass


@compares(_Angle)
def _angles(expected: _Angle, actual: _Angle, comparison: ValueComparison) -> Any:
    turned = (actual.degrees - expected.degrees + 180) % 360 - 180
    yield from comparison.mismatches(0.0, turned, "degrees")


def test_other_types_may_bring_their_own_rule() -> None:
    assert fields(_Angle(359.5), _Angle(0.5), "degrees=1.5") == []
    assert len(found(_Angle(359.5), _Angle(90), "degrees=1.5")) == 1


def test_an_object_without_equality_is_told_how_to_get_a_rule() -> None:
    (mismatch,) = found(_Opaque(), _Opaque())
    assert "register a rule with `compares`" in mismatch.what


def test_the_record_that_holds_a_difference_is_kept_to_be_shown() -> None:
    (mismatch,) = found([detection(0.1), detection(0.7)], [detection(0.1), detection(0.72)])
    assert mismatch.record is not None
    assert [each.label for each in mismatch.record] == [("car",), ("car",)]


def test_numbers_of_few_bits_do_not_wrap_around() -> None:
    (one,) = found(np.uint8(3), np.uint8(5))
    assert (one.what, one.deviation) == ("off by 2", 2.0)
    assert not found(np.uint8(3), np.uint8(5), "number=2")
    assert not found(np.int8(-128), np.int8(127), "number=255")


@pytest.mark.parametrize(
    ("expected", "actual"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, 5.0), (5, -np.inf)]
)
def test_no_tolerance_allows_a_number_that_is_not_finite(expected: float, actual: float) -> None:
    (one,) = found(expected, actual, "relative=1%", "number=10")
    assert (one.what, one.deviation) == ("differs, and one is not finite", None)


def test_infinity_is_like_itself() -> None:
    assert not found(np.inf, np.inf)
    assert len(found(np.inf, -np.inf)) == 1
