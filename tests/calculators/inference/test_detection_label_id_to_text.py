from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowlace.calculators.inference.detection_label_id_to_text import (
    DetectionLabelIdToTextCalculator,
    DetectionLabelIdToTextOptions,
)
from flowlace.calculators.inference.labels import LabelItemsEntry, LabelMapItem
from flowlace.formats.detection import Detection
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.graph_text import options_in

ITEMS = (
    LabelItemsEntry(key=7, value=LabelMapItem(name="/m/07", display_name="Seven")),
    LabelItemsEntry(key=9, value=LabelMapItem(name="/m/09")),
)


def named(*detections: Detection, **options: Any) -> list[Detection]:
    run = run_calculator(
        DetectionLabelIdToTextCalculator,
        DetectionLabelIdToTextOptions(**options),
        detections=[at(6, list(detections))],
    )
    assert run.timestamps("detections") == [6]
    (found,) = run.payloads("detections")
    assert isinstance(found, list)
    return found


def found(*ids: int) -> Detection:
    return Detection(label_id=ids, score=(0.5,) * len(ids), detection_id=1000)


def test_a_list_names_ids_in_order() -> None:
    first, second = named(found(0), found(2), label=("label1", "label2", "label3"))
    assert (first.label, second.label) == (("label1",), ("label3",))
    assert (first.label_id, first.detection_id, first.score) == ((), 1000, (0.5,))


def test_a_file_names_ids_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "labelmap.txt"
    file.write_bytes("label1\r\n\nläbel3\n".encode())
    first, second, third = named(found(0), found(1), found(2), label_map_path=str(file))
    assert [first.label, second.label, third.label] == [("label1",), ("",), ("läbel3",)]
    (missing,) = named(found(3), label_map_path=str(file))
    assert missing == found(3)


def test_items_name_ids_and_what_is_shown() -> None:
    (both,) = named(found(7, 9), label_items=ITEMS)
    assert (both.label, both.display_name) == (("/m/07", "/m/09"), ("Seven",))


def test_ids_without_a_name_stay_where_none_has_one() -> None:
    assert named(found(8), label_items=ITEMS) == [found(8)]
    assert named(found(8)) == [found(8)]
    (mixed,) = named(found(8, 9), label_items=ITEMS)
    assert (mixed.label, mixed.label_id) == (("/m/09",), ())


def test_ids_may_be_kept() -> None:
    (kept,) = named(found(7), label_items=ITEMS, keep_label_id=True)
    assert (kept.label, kept.label_id) == (("/m/07",), (7,))


def test_names_are_added_to_those_there() -> None:
    (more,) = named(replace(found(1), label=("given",)), label=("a", "b"))
    assert more.label == ("given", "b")


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CalculatorError, match=r"label_map_path 'no/such\.txt' can't be read"):
        named(found(1), label_map_path="no/such.txt")


def test_names_come_from_one_place() -> None:
    with pytest.raises(GraphConfigError, match="has label and label_items; keep one"):
        named(found(1), label=("a",), label_items=ITEMS)


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        label_items { key: 7 value { name: "/m/07" display_name: "Seven" } }
        label_items { key: 9 value { name: "/m/09" } }
        keep_label_id: true
    """
    assert options_in(text, DetectionLabelIdToTextOptions) == DetectionLabelIdToTextOptions(
        label_items=ITEMS, keep_label_id=True
    )
