from itertools import pairwise
from xml.etree import ElementTree

from flowlace.framework.validation import validate_graph
from flowlace.observe.graph_picture import draw_graph
from flowlace.observe.mermaid import to_mermaid
from flowlace.observe.svg import to_svg
from tests.framework import probes

assert probes

LOOP = """
input_stream: "frames"
output_stream: "results"
node { calculator: "FirstOfTwoCalculator" input_stream: "frames" input_stream: "LOOP:results"
       input_stream_info { tag_index: "LOOP" back_edge: true } output_stream: "limited" }
node { calculator: "PassThroughCalculator" input_stream: "limited" output_stream: "resized" }
node { calculator: "PassThroughCalculator" input_stream: "A:resized" input_stream: "B:frames"
       output_stream: "A:results" output_stream: "B:unused" }
"""


def test_every_box_lies_below_what_feeds_it() -> None:
    picture = draw_graph(validate_graph(LOOP))
    steps = [
        (picture.nodes[upper].layer, picture.nodes[lower].layer)
        for edge in picture.edges
        if edge.kind != "back"
        for upper, lower in pairwise(edge.path)
    ]
    assert steps
    assert all(lower == upper + 1 for upper, lower in steps)


def test_boxes_of_a_layer_do_not_overlap() -> None:
    picture = draw_graph(validate_graph(LOOP))
    boxes = sorted((n.layer, n.x_px, n.width_px) for n in picture.nodes.values())
    gaps = [
        right[1] - right[2] / 2 - (left[1] + left[2] / 2)
        for left, right in pairwise(boxes)
        if left[0] == right[0]
    ]
    assert gaps
    assert min(gaps) > 0


def test_the_svg_is_well_formed_and_shows_every_node_and_stream() -> None:
    text = to_svg(draw_graph(validate_graph(LOOP)))
    words = [element.text for element in ElementTree.fromstring(text).iter() if element.text]
    assert {"frames", "results", "limited", "resized", "FirstOfTwoCalculator"} <= set(words)


def test_mermaid_draws_back_edges_dotted() -> None:
    text = to_mermaid(validate_graph(LOOP))
    assert 'n2 -.->|"results"| n0' in text
    assert 'in_frames -->|"frames"| n0' in text
