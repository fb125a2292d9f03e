"""ClassificationsToRenderDataCalculator: labels, bars, and what is not certain yet."""

from typing import Any

import numpy as np
import pytest

from flowlace.calculators.vision.classifications_to_render_data import (
    ClassificationsToRenderDataCalculator,
    ClassificationsToRenderDataOptions,
)
from flowlace.drawing.annotations import draw_annotations
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.render_data import FilledRectangle, RenderData, Text
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import CalculatorRun, at, run_calculator

LEFT = ClassificationList(
    classification=(
        Classification(index=0, score=0.75, label="left"),
        Classification(index=1, score=0.25, label="right"),
        Classification(index=2, score=0.0, label="up"),
        Classification(index=3, score=0.0, label="down"),
    )
)


def picture(height: int = 480) -> Image:
    return Image(ImageFormat.SRGB, np.full((height, height * 4 // 3, 3), 90, np.uint8))


def drawn(*, top_k: int = 3, **inputs: Any) -> CalculatorRun:
    options = ClassificationsToRenderDataOptions(top_k=top_k)
    return run_calculator(ClassificationsToRenderDataCalculator, options, inputs=inputs)


def words(data: RenderData) -> list[str]:
    texts = [a.data.display_text for a in data.annotations if isinstance(a.data, Text)]
    return list(dict.fromkeys(texts))


def bar_lengths(data: RenderData) -> list[float]:
    bars = [a.data.rectangle for a in data.annotations if isinstance(a.data, FilledRectangle)]
    lengths = [bar.right - bar.left for bar in bars]
    return [length / lengths[0] for length in lengths[1::2]]


def test_the_best_classes_are_listed_with_bars_as_long_as_their_scores() -> None:
    run = drawn(IMAGE=[at(5, picture())], CLASSIFICATIONS=[at(5, LEFT)])
    (data,) = run.payloads("RENDER_DATA")
    assert words(data) == ["left 0.75", "right 0.25", "up 0.00"]
    assert bar_lengths(data) == pytest.approx([0.75, 0.25, 0.0])


def test_what_came_last_is_drawn_on_every_picture_after_it() -> None:
    run = drawn(
        top_k=1,
        IMAGE=[at(time, picture()) for time in (0, 10, 20)],
        CLASSIFICATIONS=[at(7, LEFT)],
    )
    assert run.timestamps("RENDER_DATA") == [0, 10, 20]
    shown = [words(data) for data in run.payloads("RENDER_DATA")]
    assert shown == [[], ["left 0.75"], ["left 0.75"]]


def test_warming_up_is_written_until_the_window_is_full() -> None:
    run = drawn(
        top_k=1,
        IMAGE=[at(5, picture()), at(6, picture())],
        CLASSIFICATIONS=[at(5, LEFT), at(6, LEFT)],
        WARMING_UP=[at(5, True), at(6, False)],
    )
    shown = [words(data) for data in run.payloads("RENDER_DATA")]
    assert shown == [["left 0.75", "warming up"], ["left 0.75"]]


def test_all_classes_are_drawn_where_no_number_is_given() -> None:
    run = drawn(top_k=0, IMAGE=[at(5, picture())], CLASSIFICATIONS=[at(5, LEFT)])
    assert len(words(run.payloads("RENDER_DATA")[0])) == 4


@pytest.mark.parametrize("height", [8, 96, 1080])
def test_pictures_of_any_size_can_be_drawn_on(height: int) -> None:
    run = drawn(IMAGE=[at(5, picture(height))], CLASSIFICATIONS=[at(5, LEFT)])
    pixels = picture(height).pixels.copy()
    draw_annotations(pixels, run.payloads("RENDER_DATA"))
    assert (pixels != 90).any()


def test_a_number_below_zero_is_refused() -> None:
    with pytest.raises(GraphConfigError, match="top_k has to be at least 0, but is -1"):
        drawn(top_k=-1, IMAGE=[at(5, picture())], CLASSIFICATIONS=[at(5, LEFT)])
