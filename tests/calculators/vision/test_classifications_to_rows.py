"""ClassificationsToRowsCalculator: rows for files and programs."""

from dataclasses import asdict

from flowlace.calculators.vision.classifications_to_rows import ClassificationsToRowsCalculator
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.testing import at, run_calculator

CLASSES = ClassificationList(
    classification=(
        Classification(index=1, score=0.70004, label="n02123", display_name="cat"),
        Classification(index=0, score=0.2, label="dog"),
        Classification(index=7, score=0.1),
    )
)


def test_rows_have_the_names_people_read_and_the_order_of_the_classes() -> None:
    run = run_calculator(ClassificationsToRowsCalculator, CLASSIFICATIONS=[at(5, CLASSES)])
    assert [asdict(row) for row in run.payloads("ROWS")[0]] == [
        {"timestamp_us": 5, "label": "cat", "score": 0.7},
        {"timestamp_us": 5, "label": "dog", "score": 0.2},
        {"timestamp_us": 5, "label": "7", "score": 0.1},
    ]


def test_rows_of_windows_say_whether_these_were_full() -> None:
    run = run_calculator(
        ClassificationsToRowsCalculator,
        CLASSIFICATIONS=[at(5, CLASSES), at(6, CLASSES)],
        WARMING_UP=[at(5, True), at(6, False)],
    )
    assert [rows[0].warming_up for rows in run.payloads("ROWS")] == [True, False]
    assert list(asdict(run.payloads("ROWS")[0][0])) == [
        "timestamp_us", "label", "score", "warming_up",
    ]  # fmt: skip


def test_no_classes_are_no_rows() -> None:
    run = run_calculator(
        ClassificationsToRowsCalculator, CLASSIFICATIONS=[at(5, ClassificationList())]
    )
    assert run.payloads("ROWS") == [[]]
