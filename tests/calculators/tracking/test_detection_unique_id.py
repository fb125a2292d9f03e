import pytest

from flowlace.calculators.tracking.detection_unique_id import DetectionUniqueIdCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.made_detections import detection


def test_every_detection_gets_an_id_of_its_own() -> None:
    given = [at(0, [detection(), detection()]), at(5, [detection()])]
    run = run_calculator(DetectionUniqueIdCalculator, DETECTIONS=given, outputs=["DETECTIONS"])
    assert [[d.detection_id for d in found] for found in run.payloads("DETECTIONS")] == [
        [1, 2],
        [3],
    ]
    assert run.timestamps("DETECTIONS") == [0, 5]


def test_ids_from_before_are_replaced_and_the_rest_stays() -> None:
    old = detection(id_=77, label="cat", feature_tag="x")
    run = run_calculator(
        DetectionUniqueIdCalculator, DETECTIONS=[at(3, [old])], outputs=["DETECTIONS"]
    )
    found = run.payloads("DETECTIONS")[0][0]
    assert (found.detection_id, found.label, found.feature_tag) == (1, ("cat",), "x")


def test_the_time_of_the_frame_is_noted_unless_the_detector_said_it() -> None:
    given = [at(9, [detection(), detection(timestamp_us=4)])]
    run = run_calculator(DetectionUniqueIdCalculator, DETECTIONS=given, outputs=["DETECTIONS"])
    assert [d.timestamp_us for d in run.payloads("DETECTIONS")[0]] == [9, 4]


def test_two_runs_give_the_same_ids() -> None:
    given = [at(0, [detection()])]
    runs = [
        run_calculator(DetectionUniqueIdCalculator, DETECTIONS=given, outputs=["DETECTIONS"])
        for _ in range(2)
    ]
    assert runs[0].payloads("DETECTIONS") == runs[1].payloads("DETECTIONS")


def test_both_forms_share_one_count() -> None:
    run = run_calculator(
        DetectionUniqueIdCalculator,
        DETECTIONS=[at(0, [detection()])],
        DETECTION_LIST=[at(0, [detection()])],
    )
    ids = {port: run.payloads(port)[0][0].detection_id for port in ("DETECTION_LIST", "DETECTIONS")}
    assert ids == {"DETECTION_LIST": 1, "DETECTIONS": 2}


def test_nothing_found_is_handed_on() -> None:
    run = run_calculator(
        DetectionUniqueIdCalculator, DETECTIONS=[at(0, [])], outputs=["DETECTIONS"]
    )
    assert run.payloads("DETECTIONS") == [[]]


def test_inputs_and_outputs_have_to_match() -> None:
    with pytest.raises(GraphConfigError, match="connect DETECTIONS in and out"):
        run_calculator(DetectionUniqueIdCalculator, DETECTIONS=[], outputs=["DETECTION_LIST"])
