import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "nowcasting.amounts",
        "nowcasting.decibels",
        "nowcasting.motion",
        "nowcasting.nowcast",
        "nowcasting.sprog",
        "nowcasting.tiles",
        "nowcasting.unet",
        "formats.radar_grid",
    ],
)
def test_examples_in_docstrings_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"flowlace.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
