from dataclasses import replace

from flowlace.calculators.tracking.timed_box_list_to_render_data import (
    TimedBoxListToRenderDataCalculator,
    TimedBoxListToRenderDataOptions,
)
from flowlace.formats.render_data import Color, Line, Rectangle, RenderData, Text
from flowlace.formats.tracked_box import TimedBox
from flowlace.testing import at, run_calculator

BOX = TimedBox(
    timestamp_us=5, left=0.1, top=0.2, right=0.3, bottom=0.6, rotation=0.5, id=3, label="car"
)


def drawn(box: TimedBox, **options: object) -> RenderData:
    run = run_calculator(
        TimedBoxListToRenderDataCalculator,
        TimedBoxListToRenderDataOptions(**options),  # type: ignore[arg-type]
        BOX_LIST=[at(5, [box])],
    )
    data: RenderData = run.payloads("RENDER_DATA")[0]
    return data


def test_a_box_becomes_a_turned_rectangle() -> None:
    (annotation,) = drawn(BOX, box_color=Color(b=5), thickness=3.0).annotations
    assert annotation.data == Rectangle(
        left=0.1, top=0.2, right=0.3, bottom=0.6, rotation=0.5, normalized=True
    )
    assert (annotation.color, annotation.thickness) == (Color(b=5), 3.0)


def test_a_quad_becomes_four_lines_that_close() -> None:
    quad = replace(BOX, quad=(0.1, 0.1, 0.1, 0.4, 0.5, 0.5, 0.4, 0.1))
    lines = [annotation.data for annotation in drawn(quad).annotations]
    assert [type(line) for line in lines] == [Line] * 4
    assert isinstance(lines[-1], Line)
    assert (lines[-1].x_end, lines[-1].y_end) == (0.1, 0.1)


def test_names_and_doubts_are_shown_where_asked_for() -> None:
    sure = drawn(replace(BOX, confidence=0.9), show_ids=True).annotations
    doubtful = drawn(replace(BOX, confidence=0.2), show_ids=True).annotations
    assert isinstance(sure[1].data, Text)
    assert sure[1].data.display_text == "3 car 90%"
    assert sure[0].color != doubtful[0].color


def test_no_boxes_give_empty_render_data() -> None:
    run = run_calculator(TimedBoxListToRenderDataCalculator, BOX_LIST=[at(5, [])])
    assert run.payloads("RENDER_DATA")[0].annotations == ()
