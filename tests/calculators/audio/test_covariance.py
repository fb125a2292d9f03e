from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.covariance import CovarianceCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_covariances_are_divided_by_the_number_of_samples() -> None:
    found = transformed(CovarianceCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[2 / 3, 20 / 3], [20 / 3, 200 / 3]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(CovarianceCalculator, HEADER) == replace(HEADER, num_samples=2)
