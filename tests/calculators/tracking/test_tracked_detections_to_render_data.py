from flowlace.calculators.tracking.tracked_detections_to_render_data import (
    TrackedDetectionsToRenderDataCalculator,
    id_color,
)
from flowlace.formats.detection import Detection
from flowlace.formats.render_data import Rectangle, RenderAnnotation, Text
from flowlace.testing import at, run_calculator
from tests.calculators.tracking.made_detections import detection


def drawn(*detections: Detection) -> tuple[RenderAnnotation, ...]:
    run = run_calculator(
        TrackedDetectionsToRenderDataCalculator, DETECTIONS=[at(5, list(detections))]
    )
    return run.payloads("RENDER_DATA")[0].annotations


def test_a_box_is_drawn_at_its_place_in_the_colour_of_its_id() -> None:
    first = drawn(detection(0.1, 0.3, 0.25, id_=3))[0]
    assert first.data == Rectangle(left=0.1, top=0.3, right=0.35, bottom=0.55, normalized=True)
    assert first.color == id_color(3)


def test_id_label_and_score_are_written_last_in_the_same_colour() -> None:
    last = drawn(detection(id_=3, label="van", score=0.876))[-1]
    assert isinstance(last.data, Text)
    assert last.data.display_text == "3 van 88%"
    assert last.color == id_color(3)


def test_names_lie_over_all_boxes() -> None:
    kinds = [type(each.data) for each in drawn(detection(id_=1), detection(id_=2))]
    assert kinds[:2] == [Rectangle, Rectangle]
    assert set(kinds[2:]) == {Text}


def test_the_name_of_a_box_at_the_top_stays_in_the_frame() -> None:
    last = drawn(detection(left=-0.1, top=0.0, id_=3))[-1]
    assert isinstance(last.data, Text)
    assert last.data.left == 0
    assert last.data.baseline >= last.data.font_height


def test_neighbouring_ids_have_different_colours() -> None:
    assert len({id_color(id_).as_tuple() for id_ in range(12)}) == 12


def test_a_detection_without_a_place_is_left_out() -> None:
    assert drawn(Detection(detection_id=1)) == ()
