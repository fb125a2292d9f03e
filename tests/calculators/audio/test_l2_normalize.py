import numpy as np

from flowlace.calculators.audio.l2_normalize import L2NormalizeCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_a_packet_gets_a_root_mean_square_of_1() -> None:
    found = transformed(L2NormalizeCalculator, SERIES)
    np.testing.assert_allclose(found.values, SERIES / np.sqrt(np.square(SERIES).mean()), rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(L2NormalizeCalculator, HEADER) == HEADER


def test_silence_passes_unchanged() -> None:
    silence = np.full((2, 3), 1e-9, np.float32)
    np.testing.assert_array_equal(transformed(L2NormalizeCalculator, silence).values, silence)
