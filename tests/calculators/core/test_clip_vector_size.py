"""Clipping keeps the first items."""

import pytest

from flowlace.calculators.core.clip_vector_size import (
    ClipVectorSizeCalculator,
    ClipVectorSizeOptions,
)
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.registry import find_calculator
from flowlace.testing import at, run_calculator
from tests.framework.running import run_graph


def test_keeps_the_first_items() -> None:
    run = run_calculator(
        ClipVectorSizeCalculator,
        ClipVectorSizeOptions(max_vec_size=2),
        items=[at(1, [1, 2, 3]), at(2, [4]), at(3, []), at(4, (5, 6, 7))],
    )
    assert run.payloads("clipped") == [[1, 2], [4], [], (5, 6)]


def test_keeps_one_item_by_default() -> None:
    run = run_calculator(ClipVectorSizeCalculator, items=[at(1, [1, 2])])
    assert run.payloads("clipped") == [[1]]


def test_a_side_packet_goes_before_the_option() -> None:
    run = run_calculator(
        ClipVectorSizeCalculator, items=[at(1, [1, 2, 3])], side_packets={"max_size": 2}
    )
    assert run.payloads("clipped") == [[1, 2]]


def test_the_list_is_not_changed() -> None:
    items = [1, 2, 3]
    run_calculator(ClipVectorSizeCalculator, items=[at(1, items)])
    assert items == [1, 2, 3]


def test_a_list_without_room_is_refused() -> None:
    with pytest.raises(GraphConfigError, match="max_vec_size is 0"):
        run_calculator(ClipVectorSizeCalculator, ClipVectorSizeOptions(max_vec_size=0), items=[])
    with pytest.raises(FlowlaceError, match="max_vec_size is -1"):
        run_calculator(ClipVectorSizeCalculator, items=[], side_packets={"max_size": -1})


@pytest.mark.parametrize("name", ["Detection", "NormalizedRect"])
def test_goes_by_the_names_mediapipe_has_for_each_type(name: str) -> None:
    calculator = find_calculator(f"Clip{name}VectorSizeCalculator")
    assert calculator is not None
    assert issubclass(calculator, ClipVectorSizeCalculator)


def test_takes_its_size_from_another_node() -> None:
    text = """
        input_stream: "rects"
        node {
          calculator: "ClipNormalizedRectVectorSizeCalculator"
          input_stream: "rects"
          input_side_packet: "num_faces"
          output_stream: "clipped_rects"
        }
        node {
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:num_faces"
          node_options: {
            [type.googleapis.com/mediapipe.ConstantSidePacketCalculatorOptions]: {
              packet { int_value: 2 }
            }
          }
        }
    """
    found = run_graph(text, [("rects", at(0, [1, 2, 3]))], ["clipped_rects"])
    assert found["clipped_rects"] == [at(0, [1, 2])]
