import numpy as np

from flowlace.calculators.audio.elementwise_square import ElementwiseSquareCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_values_are_squared() -> None:
    found = transformed(ElementwiseSquareCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[1, 4, 9], [100, 400, 900]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(ElementwiseSquareCalculator, HEADER) == HEADER
