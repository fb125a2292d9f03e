from dataclasses import replace

import pytest

from flowlace.calculators.inference.detections_deduplicate import (
    DetectionsDeduplicateCalculator,
)
from flowlace.formats.detection import Detection
from flowlace.framework.errors import CalculatorError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.found_things import in_pixels, relative


def joined(*detections: Detection) -> list[Detection]:
    run = run_calculator(DetectionsDeduplicateCalculator, detections=[at(1, list(detections))])
    assert run.timestamps("detections") == [1]
    (found,) = run.payloads("detections")
    assert isinstance(found, list)
    return found


CAT = replace(in_pixels(1, 2, 3, 4, label_id=1, score=0.6), label=("cat",), display_name=("Cat",))
DOG = replace(in_pixels(1, 2, 3, 4, label_id=2, score=0.5), label=("dog",), display_name=("Dog",))
OTHER = in_pixels(1, 2, 3, 5, label_id=2, score=0.9)


def test_the_same_box_has_all_classes_in_their_order() -> None:
    both, other = joined(CAT, OTHER, DOG)
    assert (both.label_id, both.score) == ((1, 2), (0.6, 0.5))
    assert (both.label, both.display_name) == (("cat", "dog"), ("Cat", "Dog"))
    assert both.location_data == CAT.location_data
    assert other == OTHER


def test_boxes_in_fractions_are_joined_too() -> None:
    assert len(joined(relative(0, 0, 1, 1), relative(0, 0, 1, 1), relative(0, 0, 1, 0.9))) == 2


def test_nothing_gives_nothing() -> None:
    assert joined() == []


def test_detections_need_boxes() -> None:
    with pytest.raises(CalculatorError, match="one has a place of GLOBAL"):
        joined(Detection())
