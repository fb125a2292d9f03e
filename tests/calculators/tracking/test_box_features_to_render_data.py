from flowlace.calculators.tracking.box_features_to_render_data import (
    INLIER,
    OUTLIER,
    BoxFeaturesToRenderDataCalculator,
)
from flowlace.formats.render_data import Line, Point
from flowlace.formats.tracking_data import TrackingData
from flowlace.testing import at, run_calculator
from flowlace.tracking.box_states import BoxStates
from tests.calculators.tracking.moving_card import HEIGHT, STEP, WIDTH, place
from tests.calculators.tracking.test_box_tracker import LAST, TRACKING, box, start, tracked

STATES = tracked({"START_POS": [start(0, box(0))]}, outputs=("STATES",)).packets("STATES")


def test_points_of_the_card_are_green_and_show_its_motion() -> None:
    run = run_calculator(
        BoxFeaturesToRenderDataCalculator, STATES=STATES[-1:], TRACKING=TRACKING[-1:]
    )
    data = run.payloads("RENDER_DATA")[0]
    x, y, width, height = place(LAST)
    green = [
        annotation.data
        for annotation in data.annotations
        if annotation.color == INLIER and isinstance(annotation.data, Line)
    ]
    assert len(green) > 5
    inside = [
        x - 4 <= line.x_start * WIDTH <= x + width + 4
        and y - 4 <= line.y_start * HEIGHT <= y + height + 4
        for line in green
    ]
    assert sum(inside) / len(inside) > 0.9
    steps = sorted((line.x_start - line.x_end) * WIDTH for line in green)
    assert abs(steps[len(steps) // 2] - STEP[0]) < 0.5


def test_points_of_the_wall_are_red() -> None:
    run = run_calculator(
        BoxFeaturesToRenderDataCalculator, STATES=STATES[-1:], TRACKING=TRACKING[-1:]
    )
    annotations = run.payloads("RENDER_DATA")[0].annotations
    assert any(each.color == OUTLIER and isinstance(each.data, Point) for each in annotations)


def test_no_boxes_give_nothing_to_draw() -> None:
    data = TrackingData.empty(timestamp_us=0, previous_timestamp_us=0, frame_aspect=1.5)
    run = run_calculator(
        BoxFeaturesToRenderDataCalculator, STATES=[at(0, BoxStates.none())], TRACKING=[at(0, data)]
    )
    assert run.payloads("RENDER_DATA")[0].annotations == ()
