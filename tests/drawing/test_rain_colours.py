import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.drawing.rain_colours import (
    DRY,
    INFLOW,
    PROBABILITY,
    RAIN,
    UNKNOWN,
    Colour,
    ColourSteps,
)

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.
SEEN_BY = {
    "all": np.eye(3),
    "protanopes": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopes": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopes": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip


def seen(colours: list[Colour], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns CIELAB as people see it whose cones the matrix stands for."""
    part = np.array(colours) / 255
    light = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ matrix.T, 0, 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    lab = cv2.cvtColor(srgb[None].astype(np.float32), cv2.COLOR_RGB2LAB)
    return np.asarray(lab[0], np.float32)


@pytest.mark.parametrize("colours", [RAIN, PROBABILITY], ids=lambda one: one.unit)
@pytest.mark.parametrize("people", SEEN_BY)
def test_any_two_colours_are_told_apart(people: str, colours: ColourSteps) -> None:
    lab = seen([*colours.colours, DRY, UNKNOWN, INFLOW], SEEN_BY[people])
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    assert distance[~np.eye(len(lab), dtype=bool)].min() >= 13


def test_a_value_equal_to_a_step_has_its_colour() -> None:
    assert RAIN.classes(np.array(RAIN.steps, np.float32)).tolist() == list(range(1, 10))
    below = np.nextafter(np.array(RAIN.steps, np.float32), np.float32(0))
    assert RAIN.classes(below).tolist() == list(range(9))


def test_there_is_a_colour_for_each_step_and_one_for_dry() -> None:
    assert RAIN.table().shape == (len(RAIN.steps) + 1, 3)
    assert PROBABILITY.table().shape == (len(PROBABILITY.steps) + 1, 3)
    assert RAIN.table()[0].tolist() == list(DRY)
