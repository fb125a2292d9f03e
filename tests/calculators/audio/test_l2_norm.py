from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.l2_norm import L2NormCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_each_sample_has_its_length() -> None:
    found = transformed(L2NormCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[101**0.5, 2 * 101**0.5, 3 * 101**0.5]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(L2NormCalculator, HEADER) == replace(HEADER, num_channels=1)
