from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.standard_deviation import StandardDeviationCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_deviations_are_divided_by_the_number_of_samples() -> None:
    found = transformed(StandardDeviationCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[(2 / 3) ** 0.5], [(200 / 3) ** 0.5]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(StandardDeviationCalculator, HEADER) == replace(
        HEADER, num_samples=1, sample_rate=100.0
    )
