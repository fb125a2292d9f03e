from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.tracking.box_appearance import BoxAppearanceCalculator
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.errors import CalculatorError
from flowlace.testing import CalculatorRun, at, run_calculator
from flowlace.tracking.box_states import BoxStates
from tests.calculators.tracking.moving_card import (
    HEIGHT,
    PERIOD_US,
    WIDTH,
    box,
    error_px,
    frame,
)

COUNT = 12
FRAMES = [at(index * PERIOD_US, frame(index)) for index in range(COUNT)]
OFF_BY_PX = 4.0


def states_of(index: int, off_by_px: float) -> BoxStates:
    started = BoxStates.start([shifted(index, off_by_px)], WIDTH / HEIGHT)
    return replace(started, age_us=np.array([index * PERIOD_US]))


def shifted(index: int, off_by_px: float) -> TimedBox:
    place = box(index)
    step = off_by_px / WIDTH
    return replace(place, left=place.left + step, right=place.right + step)


def corrected(off_by_px: float) -> CalculatorRun:
    wrong = [off_by_px if index > 8 else 0.0 for index in range(COUNT)]
    return run_calculator(
        BoxAppearanceCalculator,
        VIDEO=FRAMES,
        STATES=[at(i * PERIOD_US, states_of(i, wrong[i])) for i in range(COUNT)],
        BOXES=[at(i * PERIOD_US, [shifted(i, wrong[i])]) for i in range(COUNT)],
    )


def test_every_frame_gives_states_and_boxes() -> None:
    run = corrected(0.0)
    assert run.timestamps("BOXES") == [packet.timestamp for packet in FRAMES]
    assert [boxes[0].id for boxes in run.payloads("BOXES")] == [1] * COUNT
    assert [len(states) for states in run.payloads("STATES")] == [1] * COUNT


def test_a_box_that_has_slipped_is_pulled_back() -> None:
    final = corrected(OFF_BY_PX).payloads("BOXES")[-1][0]
    assert error_px(final, COUNT - 1) < OFF_BY_PX - 1


def test_no_boxes_cost_nothing_and_are_handed_on() -> None:
    run = run_calculator(
        BoxAppearanceCalculator,
        VIDEO=FRAMES[:1],
        STATES=[at(0, BoxStates.none())],
        BOXES=[at(0, [])],
    )
    assert run.payloads("BOXES") == [[]]


def test_a_format_that_can_not_be_compared_is_named() -> None:
    vectors = Image(ImageFormat.VEC32F2, np.zeros((HEIGHT, WIDTH, 2), np.float32))
    with pytest.raises(CalculatorError, match="format VEC32F2 can't be compared"):
        run_calculator(
            BoxAppearanceCalculator,
            VIDEO=[at(0, vectors)],
            STATES=[at(0, states_of(0, 0.0))],
            BOXES=[at(0, [box(0)])],
        )
