"""Classes with scores; the first cases are those of MediaPipe's own tests."""

from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.labels import LabelItemsEntry, LabelMapItem
from flowlace.calculators.inference.tensors_to_classification import (
    LabelMap,
    LabelMapEntry,
    TensorsToClassificationCalculator,
    TensorsToClassificationOptions,
)
from flowlace.formats.classification import Classification
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in

NAMES = ("ClassA", "ClassB", "ClassC")
ITEMS = tuple(
    LabelItemsEntry(key=key, value=LabelMapItem(name=name)) for key, name in enumerate(NAMES)
)
MAP = LabelMap(entries=tuple(LabelMapEntry(id=i, label=name) for i, name in enumerate(NAMES)))


def run_on(tensors: list[Tensor], **options: Any) -> CalculatorRun:
    return run_calculator(
        TensorsToClassificationCalculator,
        TensorsToClassificationOptions(**options),
        TENSORS=[at(5, tensors)],
    )


def classes(*scores: float, **options: Any) -> tuple[Classification, ...]:
    run = run_on([Tensor(np.array(scores, np.float32).reshape(1, 1, -1, 1))], **options)
    assert run.timestamps("CLASSIFICATIONS") == [5]
    found: tuple[Classification, ...] = run.payloads("CLASSIFICATIONS")[0].classification
    return found


def scored(*scores: float, **options: Any) -> list[tuple[int | None, float | None]]:
    return [(each.index, each.score) for each in classes(*scores, **options)]


def test_every_class_is_reported_in_order_and_without_a_name() -> None:
    found = classes(0, 0.5, 1)
    assert [(c.index, c.score, c.label) for c in found] == [
        (0, 0.0, None),
        (1, 0.5, None),
        (2, 1.0, None),
    ]


@pytest.mark.parametrize("names", [{"label_items": ITEMS}, {"label_map": MAP}])
def test_classes_are_named(names: dict[str, Any]) -> None:
    assert [each.label for each in classes(0, 0.5, 1, **names)] == list(NAMES)


def test_a_file_of_names_beats_items_and_items_beat_the_old_map(tmp_path: Path) -> None:
    file = tmp_path / "labelmap.txt"
    file.write_text("one\ntwo\nthree\n")
    all_ways = {"label_map_path": str(file), "label_items": ITEMS, "label_map": MAP}
    assert [each.label for each in classes(0, 1, 2, **all_ways)] == ["one", "two", "three"]
    other = LabelMap(entries=(LabelMapEntry(id=0, label="x"),))
    found = classes(0, 1, 2, label_items=ITEMS, label_map=other)
    assert [each.label for each in found] == list(NAMES)


def test_a_name_to_show_is_shown() -> None:
    item = LabelItemsEntry(key=0, value=LabelMapItem(name="/m/1", display_name="One"))
    (found,) = classes(0.5, label_items=(item,))
    assert (found.label, found.display_name) == ("/m/1", "One")


def test_low_scores_are_left_out() -> None:
    assert scored(0, 0.5, 1, min_score_threshold=0.6) == [(2, 1.0)]
    assert scored(0, 0.5, 1, min_score_threshold=0.5) == [(1, 0.5), (2, 1.0)]
    assert scored(0.3, min_score_threshold=0.3) == [(0, pytest.approx(0.3))]


def test_the_best_come_first_where_they_are_counted_or_sorted() -> None:
    assert scored(0, 0.5, 1, top_k=2) == [(2, 1.0), (1, 0.5)]
    assert scored(0, 0.5, 1, top_k=9) == [(2, 1.0), (1, 0.5), (0, 0.0)]
    assert scored(0, 1, 0.5, sort_by_descending_score=True) == [(1, 1.0), (2, 0.5), (0, 0.0)]


def test_equal_scores_keep_their_order() -> None:
    assert [index for index, _ in scored(1, 2, 1, 2, 1, top_k=4)] == [1, 3, 0, 2]


def test_classes_may_be_allowed_or_ignored() -> None:
    allowed = classes(0, 0.5, 1, label_items=ITEMS, allow_classes=(1,))
    assert [(c.index, c.score, c.label) for c in allowed] == [(1, 0.5, "ClassB")]
    ignored = classes(0, 0.5, 1, label_items=ITEMS, ignore_classes=(1,))
    assert [(c.index, c.score, c.label) for c in ignored] == [
        (0, 0.0, "ClassA"),
        (2, 1.0, "ClassC"),
    ]


def test_of_two_classes_the_second_has_the_rest() -> None:
    found = classes(0.25, binary_classification=True, label_items=ITEMS[:2])
    assert [(c.index, c.score, c.label) for c in found] == [
        (0, 0.25, "ClassA"),
        (1, 0.75, "ClassB"),
    ]
    both = {"binary_classification": True, "min_score_threshold": 0.5}
    assert len(scored(0.25, **both)) == 2
    assert scored(0.25, binary_classification=True, top_k=1) == [(1, 0.75)]


def test_quantised_scores_are_read_as_what_they_stand_for() -> None:
    tensor = Tensor(
        np.array([[0, 255]], np.uint8), quantization=Quantization(scale=1 / 255, zero_point=0)
    )
    found = run_on([tensor]).payloads("CLASSIFICATIONS")[0].classification
    assert [each.score for each in found] == [0.0, pytest.approx(1.0)]


def test_broken_scores_are_left_out_and_counted() -> None:
    run = run_on([Tensor(np.array([0.1, nan, np.inf, 0.2], np.float32))], top_k=3)
    found = run.payloads("CLASSIFICATIONS")[0].classification
    assert [each.index for each in found] == [3, 0]
    assert run.counters == {"non_finite_scores": 2}


def test_what_the_model_should_not_give_is_an_error() -> None:
    with pytest.raises(CalculatorError, match=r"tensor 0 'out' \(scores\) holds nothing but NaN"):
        run_on([Tensor(np.full((1, 3), nan, np.float32), name="out")])
    with pytest.raises(CalculatorError, match=r"1 tensor of scores is expected.* gives 2"):
        run_on([Tensor(np.zeros(3, np.float32))] * 2)
    with pytest.raises(CalculatorError, match="has 4 classes, but there are 3 labels"):
        classes(0, 1, 2, 3, label_items=ITEMS)
    with pytest.raises(CalculatorError, match="has 2 numbers, but binary_classification"):
        classes(0, 1, binary_classification=True)
    with pytest.raises(CalculatorError, match="class 0 has no label"):
        classes(0, 1, label_items=ITEMS[1:])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"allow_classes": (1,), "ignore_classes": (2,)}, "exclude each other"),
        ({"binary_classification": True, "allow_classes": (1,)}, "take out allow_classes"),
        ({"label_map": LabelMap(entries=MAP.entries * 2)}, "label_map has an id twice"),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        run_on([], **options)


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        label_map { entries { id: 0, label: "ClassA" } }
        label_items { key: 0 value { name: "ClassA" } }
        allow_classes: 1 top_k: 2 min_score_threshold: 0.6 sort_by_descending_score: true
    """
    assert options_in(text, TensorsToClassificationOptions) == TensorsToClassificationOptions(
        label_map=LabelMap(entries=(LabelMapEntry(id=0, label="ClassA"),)),
        label_items=ITEMS[:1],
        allow_classes=(1,),
        top_k=2,
        min_score_threshold=0.6,
        sort_by_descending_score=True,
    )
