import numpy as np

from flowlace.calculators.audio.l2_normalize_column import L2NormalizeColumnCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_each_sample_gets_length_1() -> None:
    found = transformed(L2NormalizeColumnCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[101**-0.5] * 3, [10 * 101**-0.5] * 3], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(L2NormalizeColumnCalculator, HEADER) == HEADER


def test_zeros_stay_zeros() -> None:
    zeros = np.zeros((2, 3), np.float32)
    assert not transformed(L2NormalizeColumnCalculator, zeros).values.any()
