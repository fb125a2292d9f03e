import numpy as np
import pytest

from flowlace.calculators.tracking.motion_analysis import (
    MotionAnalysisCalculator,
    MotionAnalysisOptions,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import CalculatorError
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.moving_card import PERIOD_US, STEP, frame, place

FRAMES = [at(index * PERIOD_US, frame(index)) for index in range(4)]
OUTPUTS = ["FLOW", "CAMERA"]


def test_every_frame_gives_flow_and_camera_motion_at_its_time() -> None:
    run = run_calculator(MotionAnalysisCalculator, VIDEO=FRAMES, outputs=OUTPUTS)
    times = [packet.timestamp for packet in FRAMES]
    assert run.timestamps("FLOW") == times
    assert run.timestamps("CAMERA") == times


def test_points_on_the_card_move_with_it_and_the_camera_stands_still() -> None:
    run = run_calculator(MotionAnalysisCalculator, VIDEO=FRAMES, outputs=OUTPUTS)
    flow, camera = run.payloads("FLOW")[-1], run.payloads("CAMERA")[-1]
    x, y, width, height = place(3)
    inside = (flow.positions > (x + 8, y + 8)) & (flow.positions < (x + width - 8, y + height - 8))
    on_card = inside.all(axis=1)
    assert on_card.sum() > 5
    median = np.median(flow.flow_to_previous[on_card], axis=0)
    assert median == pytest.approx([-STEP[0], -STEP[1]], abs=0.2)
    assert camera.model == pytest.approx(np.eye(3), abs=0.02)


def test_the_frame_and_its_brightness_are_handed_on() -> None:
    color = Image(ImageFormat.SRGB, np.repeat(frame(0).pixels[:, :, None], 3, axis=2))
    run = run_calculator(
        MotionAnalysisCalculator, VIDEO=[at(0, color)], outputs=["VIDEO_OUT", "GRAY_VIDEO_OUT"]
    )
    assert run.payloads("VIDEO_OUT")[0] is color
    assert run.payloads("GRAY_VIDEO_OUT")[0].format is ImageFormat.GRAY8


def test_bypass_sends_nothing_but_the_time() -> None:
    options = MotionAnalysisOptions(bypass_mode=True)
    run = run_calculator(MotionAnalysisCalculator, options, VIDEO=FRAMES, outputs=OUTPUTS)
    assert run.packets("FLOW") == []
    assert run.bounds["FLOW"][-1] >= FRAMES[-1].timestamp


def test_a_change_of_size_is_an_error_that_names_both() -> None:
    small = Image(ImageFormat.GRAY8, np.zeros((100, 100), np.uint8))
    with pytest.raises(CalculatorError, match=r"320.*100|100.*320"):
        run_calculator(
            MotionAnalysisCalculator, VIDEO=[FRAMES[0], at(PERIOD_US, small)], outputs=OUTPUTS
        )
