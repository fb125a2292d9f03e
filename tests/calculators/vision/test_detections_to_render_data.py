from flowlace.calculators.vision.detections_to_render_data import (
    DetectionsToRenderDataCalculator,
    DetectionsToRenderDataOptions,
)
from flowlace.formats.detection import (
    BoundingBox,
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
    RelativeKeypoint,
)
from flowlace.formats.render_data import Color, Point, Rectangle, RenderData, Text
from flowlace.testing import at, run_calculator

CAR = Detection(
    label=("car", "van"),
    score=(0.75, 0.25),
    detection_id=4,
    location_data=LocationData(
        format=LocationFormat.RELATIVE_BOUNDING_BOX,
        relative_bounding_box=RelativeBoundingBox(0.1, 0.2, 0.3, 0.4),
        relative_keypoints=(RelativeKeypoint(0.5, 0.6),),
    ),
)


def drawn(options: DetectionsToRenderDataOptions | None, *detections: Detection) -> RenderData:
    run = run_calculator(
        DetectionsToRenderDataCalculator, options, DETECTIONS=[at(7, list(detections))]
    )
    assert run.timestamps("RENDER_DATA") == [7]
    data: RenderData = run.payloads("RENDER_DATA")[0]
    return data


def words(data: RenderData) -> list[str]:
    return [a.data.display_text for a in data.annotations if isinstance(a.data, Text)]


def test_a_detection_becomes_a_rectangle_a_label_and_its_keypoints() -> None:
    data = drawn(None, CAR)
    kinds = [type(annotation.data) for annotation in data.annotations]
    assert kinds == [Text, Rectangle, Point]
    rectangle = data.annotations[1].data
    assert isinstance(rectangle, Rectangle)
    assert (rectangle.left, rectangle.top, rectangle.normalized) == (0.1, 0.2, True)
    assert abs(rectangle.right - 0.4) + abs(rectangle.bottom - 0.6) < 1e-9
    assert data.scene_class == "DETECTION"


def test_labels_stand_in_one_line_or_in_one_each() -> None:
    assert words(drawn(None, CAR)) == ["car,0.75  van,0.25"]
    options = DetectionsToRenderDataOptions(one_label_per_line=True, text_delimiter=": ")
    assert words(drawn(options, CAR)) == ["car: 0.75", "van: 0.25"]


def test_ids_are_shown_where_asked_for() -> None:
    options = DetectionsToRenderDataOptions(render_detection_id=True)
    assert words(drawn(options, CAR))[0] == "Id: 4"


def test_color_and_thickness_are_taken_from_the_options() -> None:
    options = DetectionsToRenderDataOptions(color=Color(b=9), thickness=3.0)
    annotation = drawn(options, CAR).annotations[0]
    assert (annotation.color, annotation.thickness) == (Color(b=9), 3.0)


def test_boxes_in_pixels_stay_in_pixels() -> None:
    location = LocationData(
        format=LocationFormat.BOUNDING_BOX, bounding_box=BoundingBox(1, 2, 30, 40)
    )
    (rectangle,) = [a.data for a in drawn(None, Detection(location_data=location)).annotations]
    assert rectangle == Rectangle(left=1, top=2, right=31, bottom=42)


def test_no_detections_give_empty_render_data_or_nothing() -> None:
    assert drawn(None) == RenderData(scene_class="DETECTION")
    run = run_calculator(
        DetectionsToRenderDataCalculator,
        DetectionsToRenderDataOptions(produce_empty_packet=False),
        DETECTIONS=[at(7, [])],
    )
    assert run.packets("RENDER_DATA") == []


def test_a_single_detection_is_taken_as_well() -> None:
    run = run_calculator(DetectionsToRenderDataCalculator, DETECTION=[at(1, CAR)])
    assert words(run.payloads("RENDER_DATA")[0]) == ["car,0.75  van,0.25"]
