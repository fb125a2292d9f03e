from dataclasses import replace

import numpy as np

from flowlace.calculators.tracking.boxes_to_rows import BoxesToRowsCalculator
from flowlace.formats.box_row import BoxRow
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.testing import at, run_calculator

FRAME = at(5, Image(ImageFormat.GRAY8, np.zeros((100, 200), np.uint8)))
BOX = TimedBox(
    timestamp_us=5, left=0.1, top=0.2, right=0.3, bottom=0.6, id=3, confidence=0.87654321
)


def test_rows_are_in_pixels_of_the_frame() -> None:
    run = run_calculator(BoxesToRowsCalculator, VIDEO=[FRAME], BOXES=[at(5, [BOX])])
    expected = BoxRow(
        timestamp_us=5, id=3, x=20.0, y=20.0, w=40.0, h=40.0, confidence=0.8765, state="tracked"
    )
    assert run.payloads("ROWS") == [[expected]]
    assert run.timestamps("ROWS") == [5]


def test_a_lost_box_gets_a_last_row_with_its_state() -> None:
    lost = replace(BOX, id=4, state=TrackState.NO_FEATURES)
    run = run_calculator(
        BoxesToRowsCalculator, VIDEO=[FRAME], BOXES=[at(5, [BOX])], LOST=[at(5, [lost])]
    )
    assert [(row.id, row.state) for row in run.payloads("ROWS")[0]] == [
        (3, "tracked"),
        (4, "no_features"),
    ]


def test_no_boxes_give_an_empty_list() -> None:
    run = run_calculator(BoxesToRowsCalculator, VIDEO=[FRAME], BOXES=[at(5, [])])
    assert run.payloads("ROWS") == [[]]
