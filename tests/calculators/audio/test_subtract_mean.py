import numpy as np

from flowlace.calculators.audio.subtract_mean import SubtractMeanCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_each_channel_loses_its_mean() -> None:
    found = transformed(SubtractMeanCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[-1, 0, 1], [-10, 0, 10]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(SubtractMeanCalculator, HEADER) == HEADER
