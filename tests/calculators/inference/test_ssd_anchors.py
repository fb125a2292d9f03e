"""SSD and RetinaNet boxes, compared with rows of MediaPipe's published golden files."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.calculators.inference.ssd_anchors import SsdAnchorsCalculator, SsdAnchorsOptions
from flowlace.formats.anchors import Anchor, Anchors
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import run_calculator
from tests.calculators.inference.graph_text import options_in

MOBILE_SSD: dict[str, Any] = {
    "num_layers": 6,
    "min_scale": 0.2,
    "max_scale": 0.95,
    "input_size_height": 300,
    "input_size_width": 300,
    "strides": (16, 32, 64, 128, 256, 512),
    "aspect_ratios": (1.0, 2.0, 0.5, 3.0, 0.3333),
    "reduce_boxes_in_lowest_layer": True,
}
SHORT_RANGE_FACE: dict[str, Any] = {
    "num_layers": 4,
    "min_scale": 0.1484375,
    "max_scale": 0.75,
    "input_size_height": 128,
    "input_size_width": 128,
    "strides": (8, 16, 16, 16),
    "aspect_ratios": (1.0,),
    "fixed_anchor_size": True,
}
RETINA_NET: dict[str, Any] = {
    "input_size_height": 640,
    "input_size_width": 640,
    "strides": (64, 128),
    "aspect_ratios": (1.0, 2.0, 0.5),
    "multiscale_anchor_generation": True,
    "min_level": 6,
    "max_level": 7,
    "anchor_scale": 3.0,
    "scales_per_octave": 3,
}


def made(**options: Any) -> NDArray[np.float32]:
    run = run_calculator(SsdAnchorsCalculator, SsdAnchorsOptions(**options))
    anchors = run.side_packets["anchors"]
    assert isinstance(anchors, Anchors)
    return anchors.boxes


def row(x: float, y: float, w: float, h: float) -> list[float]:
    """Returns a line of a golden file in the order of our columns."""
    return [y, x, h, w]


def test_mobile_ssd_has_the_boxes_of_the_golden_file() -> None:
    boxes = made(**MOBILE_SSD)
    assert len(boxes) == 1917
    wanted = [
        row(0.0263158, 0.0263158, 0.1, 0.1),
        row(0.0263158, 0.0263158, 0.282843, 0.141421),
        row(0.0263158, 0.0263158, 0.141421, 0.282843),
        row(0.0789474, 0.0263158, 0.1, 0.1),
    ]
    assert np.abs(boxes[:4] - wanted).max() < 1e-5
    assert np.abs(boxes[19 * 3] - row(0.0263158, 0.0789474, 0.1, 0.1)).max() < 1e-5


def test_every_further_layer_of_mobile_ssd_has_six_boxes_a_cell() -> None:
    second = made(**MOBILE_SSD)[19 * 19 * 3 :][:6]
    scale, following = 0.35, 0.5
    sizes = [(scale / sqrt(r), scale * sqrt(r)) for r in (1.0, 2.0, 0.5, 3.0, 0.3333)]
    sizes.append((sqrt(scale * following),) * 2)
    assert np.abs(second[:, 2:] - sizes).max() < 1e-6
    assert np.abs(second[:, :2] - 0.05).max() < 1e-6


def test_the_last_layer_interpolates_towards_the_whole_input() -> None:
    assert np.abs(made(**MOBILE_SSD)[-1, 2:] - sqrt(0.95)).max() < 1e-6


def test_layers_of_one_stride_share_their_cells() -> None:
    boxes = made(**SHORT_RANGE_FACE)
    assert boxes.shape == (16 * 16 * 2 + 8 * 8 * 6, 4)
    assert np.array_equal(boxes[:, 2:], np.ones((896, 2)))
    assert np.array_equal(boxes[0], boxes[1])
    assert boxes[:3, 1].tolist() == [0.03125, 0.03125, 0.09375]
    assert len(np.unique(boxes[512:518], axis=0)) == 1


def test_retina_net_has_the_boxes_of_the_golden_file() -> None:
    boxes = made(**RETINA_NET)
    assert len(boxes) == (10 * 10 + 5 * 5) * 9
    wanted = [
        row(0.05, 0.05, 0.3, 0.3),
        row(0.05, 0.05, 0.377976, 0.377976),
        row(0.05, 0.05, 0.47622, 0.47622),
        row(0.05, 0.05, 0.424264, 0.212132),
        row(0.05, 0.05, 0.534539, 0.26727),
        row(0.05, 0.05, 0.673477, 0.336739),
        row(0.05, 0.05, 0.212132, 0.424264),
        row(0.05, 0.05, 0.26727, 0.534539),
        row(0.05, 0.05, 0.336739, 0.673477),
        row(0.15, 0.05, 0.3, 0.3),
    ]
    assert np.abs(boxes[:10] - wanted).max() < 1e-5
    assert np.abs(boxes[90] - row(0.05, 0.15, 0.3, 0.3)).max() < 1e-5


def test_retina_net_boxes_in_pixels() -> None:
    pixels = made(**RETINA_NET, normalize_coordinates=False)
    assert np.abs(pixels - made(**RETINA_NET) * 640).max() < 1e-3


def test_cells_that_do_not_divide_the_input_start_at_its_edge() -> None:
    boxes = made(**{**RETINA_NET, "input_size_width": 600, "input_size_height": 640})
    assert boxes[0, 0] == np.float32(32 / 640)
    assert boxes[0, 1] == 0


def test_efficientdet_lite0_has_its_19206_boxes() -> None:
    boxes = made(
        input_size_height=320,
        input_size_width=320,
        strides=(8, 16, 32, 64, 128),
        aspect_ratios=(1.0, 2.0, 0.5),
        multiscale_anchor_generation=True,
        scales_per_octave=3,
    )
    assert len(boxes) == 19206


def test_feature_maps_take_the_place_of_strides() -> None:
    maps = {"feature_map_width": (4, 2), "feature_map_height": (3, 1)}
    shared = {"num_layers": 2, "min_scale": 0.2, "max_scale": 0.8, "aspect_ratios": (1.0,)}
    boxes = made(**shared, **maps, interpolated_scale_aspect_ratio=0)
    assert len(boxes) == 4 * 3 + 2 * 1
    assert np.abs(boxes[0] - [1 / 6, 1 / 8, 0.2, 0.2]).max() < 1e-6
    assert np.abs(boxes[-1] - [1 / 2, 3 / 4, 0.8, 0.8]).max() < 1e-6


def test_one_layer_has_the_scale_between_both() -> None:
    boxes = made(
        num_layers=1,
        min_scale=0.2,
        max_scale=0.6,
        feature_map_width=(1,),
        feature_map_height=(1,),
        aspect_ratios=(1.0,),
        interpolated_scale_aspect_ratio=0,
    )
    assert np.abs(boxes - [[0.5, 0.5, 0.4, 0.4]]).max() < 1e-6


def test_boxes_sit_where_the_offset_says() -> None:
    boxes = made(**{**SHORT_RANGE_FACE, "anchor_offset_x": 0.0, "anchor_offset_y": 0.25})
    assert boxes[0, :2].tolist() == [0.25 / 16, 0.0]


def test_fixed_boxes_stand_for_themselves() -> None:
    given = (Anchor(x_center=0.1, y_center=0.2, h=0.3, w=0.4),)
    assert np.abs(made(fixed_anchors=given) - [[0.2, 0.1, 0.3, 0.4]]).max() < 1e-7


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"num_layers": 2}, "needs strides, or feature_map_width"),
        ({"num_layers": 2, "strides": (8,)}, "has 2 layers, but strides has 1 entries"),
        (
            {"num_layers": 1, "feature_map_width": (2,)},
            "feature_map_width has 1 entries, but feature_map_height has 0",
        ),
        ({"num_layers": 1, "strides": (8,)}, "needs input_size_width and input_size_height"),
        ({**MOBILE_SSD, "strides": (16, 32, 64, 128, 256, 0)}, "strides has to be 1 or more"),
        ({**MOBILE_SSD, "aspect_ratios": (0.0,)}, "aspect_ratios have to be above 0"),
        ({**RETINA_NET, "max_level": 8}, "has 3 layers, but strides has 2 entries"),
    ],
)
def test_what_does_not_fit_together_is_told_before_anything_runs(
    options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        made(**options)


def test_mediapipes_graph_text_is_understood() -> None:
    options = options_in(
        "num_layers: 1 strides: [8] aspect_ratios: 1.0 "
        "fixed_anchors { x_center: 0.5 y_center: 0.5 h: 1 w: 1 }",
        SsdAnchorsOptions,
    )
    assert options == SsdAnchorsOptions(
        num_layers=1,
        strides=(8,),
        aspect_ratios=(1.0,),
        fixed_anchors=(Anchor(x_center=0.5, y_center=0.5, h=1.0, w=1.0),),
    )
