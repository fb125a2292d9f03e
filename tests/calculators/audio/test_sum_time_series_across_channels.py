from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.sum_time_series_across_channels import (
    SumTimeSeriesAcrossChannelsCalculator,
)
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_channels_are_added_up() -> None:
    found = transformed(SumTimeSeriesAcrossChannelsCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[11, 22, 33]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(SumTimeSeriesAcrossChannelsCalculator, HEADER) == replace(
        HEADER, num_channels=1
    )
