import numpy as np

from flowlace.calculators.audio.reverse_channel_order import ReverseChannelOrderCalculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_the_last_channel_comes_first() -> None:
    found = transformed(ReverseChannelOrderCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[10, 20, 30], [1, 2, 3]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(ReverseChannelOrderCalculator, HEADER) == HEADER
