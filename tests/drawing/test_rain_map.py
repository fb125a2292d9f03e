import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.drawing.map_place import MapPlace
from flowlace.drawing.rain_colours import (
    DRY,
    HATCH_INFLOW,
    HATCH_UNKNOWN,
    INFLOW,
    RAIN,
    UNKNOWN,
    Colour,
)
from flowlace.drawing.rain_map import RainMap
from flowlace.formats.radar_grid import Extent

PLACE = MapPlace((400, 600), "", Extent(0, 0, 600, 400), 600)
NAN = np.float32(np.nan)


def drawn(values: NDArray[np.float32], observed: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """Returns the chart alone, without its frame."""
    picture = RainMap(PLACE, RAIN).draw(values, observed, "title", "subtitle")
    top, left = np.argwhere((picture == 30).all(axis=-1) & (np.arange(picture.shape[1]) == 44))[0]
    return picture[top + 1 : top + 399, left + 1 : left + 599]


def colours_of(pixels: NDArray[np.uint8]) -> set[Colour]:
    return {(int(r), int(g), int(b)) for r, g, b in np.unique(pixels.reshape(-1, 3), axis=0)}


def field(value: float) -> NDArray[np.float32]:
    return np.full((400, 600), value, np.float32)


def test_rain_has_the_colour_of_its_step() -> None:
    rain = field(0)
    rain[:, 300:] = 7.0
    chart = drawn(rain, None)
    assert colours_of(chart[:, :290]) == {DRY}
    assert colours_of(chart[:, 310:]) == {RAIN.colours[5]}


def test_what_no_radar_sees_and_inflow_look_different_and_not_dry() -> None:
    rain = field(np.nan)
    rain[:, :200] = 0
    observed = field(np.nan)
    observed[:, :400] = 0
    chart = drawn(rain, observed)
    assert colours_of(chart[:, :190]) == {DRY}
    assert colours_of(chart[:, 210:390]) == {INFLOW, HATCH_INFLOW}
    assert colours_of(chart[:, 410:]) == {UNKNOWN, HATCH_UNKNOWN}


def test_titles_are_written_and_long_ones_fit() -> None:
    painter = RainMap(PLACE, RAIN)
    short = painter.draw(field(0), None, "a", "b")
    long = painter.draw(field(0), None, "observed " * 12, "b")
    assert (short[:30] != 255).any()
    assert (long[:30, :-4] != 255).any(axis=(0, 2))[500:].any()
    assert (long[:30, -3:] == 255).all()


def test_a_map_has_few_enough_colours_for_a_gif() -> None:
    rain = np.linspace(0, 60, 240_000, dtype=np.float32).reshape(400, 600)
    place = MapPlace((400, 600), "+proj=longlat", Extent(-10, 40, 20, 60), 600)
    picture = RainMap(place, RAIN).draw(place.on_map(rain), None, "Rain", "observed")
    assert len(colours_of(picture)) <= 256


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3)])
def test_odd_shapes_can_be_drawn(shape: tuple[int, int]) -> None:
    place = MapPlace(shape, "+proj=laea +units=m", Extent(0, 0, shape[1], shape[0]), 640)
    picture = RainMap(place, RAIN).draw(
        place.on_map(np.zeros(shape, np.float32)), None, "title", "subtitle"
    )
    assert picture.shape[1] >= 520
