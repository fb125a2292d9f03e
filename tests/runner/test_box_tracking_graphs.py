"""The packaged tracking graphs on data made here: same rows every time, boxes that hold."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

import flowlace
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.find_graph import find_graph
from flowlace.sources.source import SourceError
from tests.calculators.tracking.moving_card import PERIOD_US, frame, place

COUNT = 30


def run(graph_name: str, head: str = "") -> list[dict[str, object]]:
    text = find_graph(graph_name).read_text()
    graph = CalculatorGraph(validate_graph(text + head))
    rows: list[dict[str, object]] = []
    graph.observe_output_stream("boxes", lambda p: rows.extend(asdict(row) for row in p.payload))
    graph.start_run()
    with graph:
        graph.add_packet_to_input_stream("start_boxes", Packet(start(), 0))
        graph.close_input_stream("start_boxes")
        for index in range(COUNT):
            packet = Packet(frame(index), index * PERIOD_US)
            graph.add_packet_to_input_stream("camera_frames", packet)
    return rows


def start() -> list[object]:
    from tests.calculators.tracking.moving_card import box

    return [box(0, box_id=4)]


@pytest.mark.parametrize("graph", ["box_tracking", "box_tracking_robust"])
def test_the_card_is_followed_to_the_end(graph: str) -> None:
    rows = run(graph)
    assert [row["timestamp_us"] for row in rows] == [index * PERIOD_US for index in range(COUNT)]
    x, y, width, height = place(COUNT - 1)
    last = rows[-1]
    assert [last["x"], last["y"]] == pytest.approx([x, y], abs=4)
    assert [last["w"], last["h"]] == pytest.approx([width, height], rel=0.15)
    assert last["state"] == "tracked"


@pytest.mark.parametrize("graph", ["box_tracking", "box_tracking_robust"])
@pytest.mark.parametrize("head", ["num_threads: 1", "num_threads: 8"])
def test_rows_do_not_depend_on_the_number_of_threads(graph: str, head: str) -> None:
    assert run(graph, head) == run(graph, 'executor { type: "ApplicationThreadExecutor" }')


def frames() -> Iterator[flowlace.Image]:
    yield from (frame(index) for index in range(COUNT))


def test_the_function_gives_the_rows_of_the_graph() -> None:
    rows = [asdict(row) for row in flowlace.track(frames(), [place(0)], frame_rate=25)]
    expected = [{**row, "id": 0} for row in run("box_tracking")]
    assert rows == expected


def test_normalised_boxes_and_arrays_are_taken_too() -> None:
    x, y, width, height = place(0)
    box = (x / 320, y / 240, width / 320, height / 240)
    pixels = [each.pixels for each in frames()]
    rows = list(flowlace.track(pixels, [box], frame_rate=25))
    assert len(rows) == COUNT
    assert rows[0].x == pytest.approx(x, abs=0.01)


def test_reading_may_stop_early() -> None:
    rows = flowlace.track(frames(), [place(0)])
    assert next(rows).id == 0
    rows.close()


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"missing\.mp4"):
        list(flowlace.track("missing.mp4", [(1, 2, 3, 4)]))


def test_a_change_of_size_is_an_error() -> None:
    small = flowlace.Image(flowlace.ImageFormat.GRAY8, frame(0).pixels[:100])
    with pytest.raises(flowlace.FlowlaceError, match="MotionAnalysisCalculator"):
        list(flowlace.track([frame(0), small], [place(0)]))
