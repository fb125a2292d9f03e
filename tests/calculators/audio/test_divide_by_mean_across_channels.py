import numpy as np

from flowlace.calculators.audio.divide_by_mean_across_channels import (
    DivideByMeanAcrossChannelsCalculator,
)
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_values_are_divided_by_their_common_mean() -> None:
    found = transformed(DivideByMeanAcrossChannelsCalculator, SERIES)
    np.testing.assert_allclose(
        found.values, [[1 / 11, 2 / 11, 3 / 11], [10 / 11, 20 / 11, 30 / 11]], rtol=1e-6
    )


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(DivideByMeanAcrossChannelsCalculator, HEADER) == HEADER


def test_values_without_a_mean_become_ones() -> None:
    zeros = np.zeros((2, 3), np.float32)
    assert transformed(DivideByMeanAcrossChannelsCalculator, zeros).values.tolist() == [[1] * 3] * 2
