from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.mean import MeanCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_each_channel_is_averaged() -> None:
    found = transformed(MeanCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[2], [20]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(MeanCalculator, HEADER) == replace(
        HEADER, num_samples=1, sample_rate=100.0
    )
