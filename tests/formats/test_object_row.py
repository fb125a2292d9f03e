import pytest
from tests.calculators.tracking.made_detections import box, detection

from flowlace.formats.detection import Detection
from flowlace.formats.object_row import best_label, object_rows


def test_the_confidence_is_that_of_the_box_with_the_same_id() -> None:
    rows = object_rows(
        [detection(id_=1), detection(id_=2)],
        {2: box(2, 0, confidence=0.5)},
        timestamp_us=0,
        width_px=100,
        height_px=100,
    )
    assert [row.confidence for row in rows] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Detection(label=("car",), score=(0.5,)), ("car", 0.5)),
        (Detection(label=("car", "van"), score=(0.2, 0.5)), ("van", 0.5)),
        (Detection(label_id=(3, 4), score=(0.5, 0.2)), ("3", 0.5)),
        (Detection(label=("car",)), ("car", 0.0)),
        (Detection(score=(0.5,)), ("", 0.5)),
        (Detection(), ("", 0.0)),
    ],
)
def test_the_best_label_is_that_of_the_highest_score(
    given: Detection, expected: tuple[str, float]
) -> None:
    assert best_label(given) == expected
