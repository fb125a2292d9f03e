from dataclasses import replace

import numpy as np

from flowlace.calculators.audio.first_half_slicer import FirstHalfSlicerCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_the_first_half_passes() -> None:
    found = transformed(FirstHalfSlicerCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[1], [10]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(FirstHalfSlicerCalculator, HEADER) == replace(HEADER, num_samples=1)
