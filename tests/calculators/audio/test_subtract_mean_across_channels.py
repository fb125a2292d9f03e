import numpy as np

from flowlace.calculators.audio.subtract_mean_across_channels import (
    SubtractMeanAcrossChannelsCalculator,
)
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_all_values_lose_their_common_mean() -> None:
    found = transformed(SubtractMeanAcrossChannelsCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[-10, -9, -8], [-1, 9, 19]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(SubtractMeanAcrossChannelsCalculator, HEADER) == HEADER
